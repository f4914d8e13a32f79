import { io, type Socket } from "socket.io-client";
import * as parser from "socket.io-msgpack-parser";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOurs } from "../support/our-server.ts";
import { eventually } from "../support/waiting.ts";

const lines: string[] = [];
const sockets: Socket[] = [];
let runtime: LocalRuntime;

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/msgpack.ts", { log: (line) => lines.push(line) });
});

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await runtime.stop();
});

function connect(options: { readonly forceBase64: boolean }): Socket {
  const socket = io(runtime.url, { parser, transports: ["websocket"], reconnection: false, ...options });
  sockets.push(socket);
  return socket;
}

/** Through the deployed template: the answer has a group of its own, or it would wait for the question's batch. */
it("a client with socket.io-msgpack-parser answers the handler that waits for it", async () => {
  const socket = connect({ forceBase64: true });
  socket.on("question", ({ value }: { value: Buffer }, answer: (value: unknown) => void) => {
    answer({ back: value });
  });

  const answer: unknown = await socket.timeout(15_000).emitWithAck("ask me", Buffer.from([1, 2]));

  expect(answer).toEqual({ back: Buffer.from([1, 2]) });
});

it("one that was not told to send base64 is closed by the gateway, and the log says what to do", async () => {
  const socket = connect({ forceBase64: false });

  const reason = await new Promise((resolve) => socket.io.once("close", resolve));

  expect(reason).toBe("transport close");
  const isWarning = (line: string) => line.includes("core.raw_binary");
  await eventually(
    () => lines.some(isWarning),
    () => `expected a warning, got ${lines.slice(-5).join("\n")}`,
  );
  expect(lines.filter(isWarning)).toEqual([expect.stringContaining("forceBase64: true")]);
});
