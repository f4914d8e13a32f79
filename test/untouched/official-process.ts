import { spawn } from "node:child_process";
import { once } from "node:events";
import { eventually } from "../support/waiting.ts";

/** An app of socket.io, as Node runs it, on a free port that it says itself. */
export async function startOfficially(file: string): Promise<{ url: string; close(): Promise<void> }> {
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await eventually(
    () => /listening on \d+/.test(output),
    () => `got ${JSON.stringify(output)}`,
    15_000,
  );
  const [, port] = /listening on (\d+)/.exec(output) ?? [];
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}
