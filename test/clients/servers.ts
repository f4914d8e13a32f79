import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startOurs } from "../support/our-server.ts";
import type { RunningServer } from "../support/official-server.ts";

export type Parser = "default" | "msgpack";
export type ServerName = "official" | "nonsticky";

const official = fileURLToPath(new URL("./apps/official.ts", import.meta.url));

/** Both servers, with the same app on them. */
export async function startServers(parser: Parser): Promise<Readonly<Record<ServerName, RunningServer>>> {
  const [theirs, ours] = await Promise.all([startOfficial(parser), startNonsticky(parser)]);
  return { official: theirs, nonsticky: ours };
}

/** Two instances of each function, none of which sees a session twice in a row; lines about killed ones go nowhere. */
const startNonsticky = (parser: Parser): Promise<RunningServer> =>
  startOurs(import.meta.url, parser === "msgpack" ? "./apps/ours-msgpack.ts" : "./apps/ours.ts", {
    antiAffinity: true,
    log: () => undefined,
  });

/** Ours alone, of which every tenth invocation is killed; a crash of the official server is one for all its clients. */
export const startChaos = (): Promise<RunningServer> =>
  startOurs(import.meta.url, "./apps/ours.ts", { instances: 4, chaos: 0.1, log: () => undefined });

/** Started again on the same port whenever it dies, as a supervisor does. */
async function startOfficial(parser: Parser): Promise<RunningServer> {
  let child: ChildProcess;
  let isStopping = false;
  const start = async (port: string): Promise<string> => {
    const args = ["--import", "tsx", "--conditions=nonsticky-source", official, port, parser];
    child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    child.once("exit", () => {
      if (!isStopping) void start(new URL(url).port);
    });
    const [line] = (await once(child.stdout!, "data")) as [Buffer];
    return line.toString().trim();
  };
  let url = "";
  url = await start("0");
  return {
    url,
    async stop() {
      isStopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
