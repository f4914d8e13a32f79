import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import type { Server as OfficialServer } from "socket.io";
import type { Socket } from "socket.io-client";
import type { RunningServer } from "../support/official-server.ts";
import type { Clients } from "../testing/clients.ts";
import type { Step } from "./apps.ts";

/** The answers of the steps, in order; for one that fails, that it did. `between` is awaited behind each, an answer for `patienceMs`. */
export async function play(
  url: string,
  steps: readonly Step[],
  clients: Clients,
  {
    between = async () => {},
    patienceMs = 3_000,
  }: { between?: () => Promise<void>; patienceMs?: number } = {},
): Promise<readonly unknown[]> {
  const connect = (name: string) => clients.connect(url, { auth: { name }, transports: ["websocket"] });
  const [ada, bob] = [connect("ada"), connect("bob")];
  await Promise.all([ada, bob].map(connected));
  const answers: unknown[] = [];
  for (const [client, event, ...args] of steps) {
    const socket = client === "ada" ? ada : bob;
    const given = args.map((arg) => (arg === "<bob>" ? bob.id : arg));
    answers.push(
      await socket
        .timeout(patienceMs)
        .emitWithAck(event, ...given)
        .catch(() => "no answer"),
    );
    await between();
  }
  clients.closeAll();
  return answers;
}

const connected = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });

/** As it is, in this process: it listens where it likes. */
export async function startOfficially(file: string): Promise<RunningServer> {
  const module = file.endsWith(".mjs")
    ? ((await import(/* @vite-ignore */ pathToFileURL(file).href)) as { io: OfficialServer })
    : (createRequire(file)(file) as { io: OfficialServer });
  const { httpServer } = module.io;
  if (!httpServer.listening) await once(httpServer, "listening");
  const { port } = httpServer.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => module.io.close() };
}
