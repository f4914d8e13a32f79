/**
 * One instance of the functions of a source tree, in a process of its own, so that its CPU time is nobody else's.
 * Forked by `bench/payload.ts`, with the tree as its argument.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";

/** What the parent asks for: one invocation. */
export interface Ask {
  readonly id: number;
  readonly name: "poll" | "inbox" | "connect" | "heartbeat";
  readonly event: unknown;
}

/** What it was answered with, and the CPU time it took here. */
export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly cpuMs: number;
}

interface Io {
  on(event: "connection", listener: (socket: AppSocket) => void): void;
}

interface AppSocket {
  on(event: string, listener: (...args: never[]) => unknown): void;
}

type Invoke = (event: unknown, context: unknown) => Promise<unknown>;

const [, , tree = "."] = process.argv;
const load = (file: string): Promise<Record<string, unknown>> =>
  import(pathToFileURL(path.resolve(tree, file)).href) as Promise<Record<string, unknown>>;

const { Server } = (await load("lib/index.ts")) as unknown as { Server: new () => Io };
const { createHandlers } = (await load("lib/lambda.ts")) as unknown as {
  createHandlers: (module: unknown) => Record<Ask["name"], Invoke>;
};

const io = new Server();
io.on("connection", (socket) => {
  socket.on("echo", (value: number, ack: (value: number) => void) => ack(value));
  socket.on("later", async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
});
const handlers = createHandlers({ io });
const context = { awsRequestId: "bench", functionName: "bench", getRemainingTimeInMillis: () => 600_000 };

process.on("disconnect", () => process.exit(0));
process.on("message", ({ id, name, event }: Ask) => {
  const before = process.cpuUsage();
  const answer = (outcome: Pick<Answer, "result" | "error">) => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ id, ...outcome, cpuMs: (user + system) / 1_000 } satisfies Answer);
  };
  handlers[name](event, context).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ error: String(error) }),
  );
});
process.send?.("ready");
