import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { Emulator } from "./emulator.ts";
import { runProgram } from "./framework.ts";

/** What of AWS the emulator does differently, by the checks of `nonsticky verify`; nobody is to be told of these. */
const known: Readonly<Record<string, string>> = {
  slash: "serves a stage's WebSockets at any path below it, where API Gateway answers 403",
  "binary-frame": "takes binary frames for text, and knows no close code of its own",
  "over-32-kb": "has no limit of a frame's length",
  "dual-stack": "listens on IPv4 alone, whatever IpAddressType says",
};

/** Those that measure time: a busy machine is slow, and no emulator is to blame. */
const timed: readonly string[] = ["pace", "echo", "ramp", "timers", "cut"];

/** `nonsticky verify` against what has these outputs: what it finds different and this file does not know, in words. */
export async function runVerify(
  emulator: Emulator,
  root: string,
  outputs: ReadonlyMap<string, string>,
  token: string,
): Promise<readonly string[]> {
  const report = path.join(root, ".serverless/verify.json");
  const command = [
    "--import",
    import.meta.resolve("tsx"),
    "--conditions=nonsticky-source",
    "bin/nonsticky.ts",
  ];
  const urls = [
    "--url",
    outputs.get("WebsocketUrl") ?? "",
    "--poll-url",
    `${outputs.get("HttpApiUrl")}/socket.io`,
  ];
  const env = { ...emulator.env, NONSTICKY_VERIFY_TOKEN: token };
  const args = [...command, "verify", ...urls, "--json", report, "--waiters", "8", "--frames", "200"];
  rmSync(report, { force: true });
  await runProgram(env, root, process.execPath, args, true);
  const { findings } = JSON.parse(readFileSync(report, "utf8")) as { readonly findings: readonly Finding[] };
  for (const { id, verdict } of findings)
    console.log(`  ${verdict.padEnd(11)}  ${id}${known[id] ? `: ${known[id]}` : ""}`);
  return findings
    .filter(({ id, verdict }) => verdict === "DIFFERENT" && known[id] === undefined && !timed.includes(id))
    .map(({ id, came }) => `expected verify to find ${id} as assumed, got ${came}`);
}

interface Finding {
  readonly id: string;
  readonly verdict: string;
  readonly came?: string;
}
