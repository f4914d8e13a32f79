import { connect as dial } from "node:net";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOurs } from "../support/our-server.ts";

const BYSTANDERS = 8;
const EVENTS = 6_000;
const PATIENCE_MS = 120_000;

const lines: string[] = [];
const sockets: Socket[] = [];
let runtime: LocalRuntime;

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/bare-api.ts", { log: (line) => lines.push(line) });
}, PATIENCE_MS);

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await runtime.stop();
});

const connect = (transports: readonly string[]): Socket => {
  const socket = io(runtime.url, { transports: [...transports], forceNew: true });
  sockets.push(socket);
  return socket;
};

/** A client that does what no stock client does: requests by hand. */
async function openRaw(): Promise<(body: string) => Promise<number>> {
  const url = `${runtime.url}/socket.io/?EIO=4&transport=polling`;
  const opened = await (await fetch(url)).text();
  const sid = /"sid":"([^"]+)"/.exec(opened)?.[1] ?? "";
  const post = async (body: string) =>
    (await fetch(`${url}&sid=${sid}`, { method: "POST", body, headers: { "content-type": "text/plain" } }))
      .status;
  await post("40");
  await (await fetch(`${url}&sid=${sid}`)).text();
  return post;
}

describe("beside a client that floods", () => {
  it(
    "nobody is disconnected, and everybody is answered",
    async () => {
      const bystanders = Array.from({ length: BYSTANDERS }, () => connect(["websocket"]));
      const ask = (socket: Socket, text: string) => socket.timeout(PATIENCE_MS).emitWithAck("echo", text);
      await Promise.all(bystanders.map((socket) => ask(socket, "before")));
      const lost: string[] = [];
      for (const socket of bystanders) socket.on("disconnect", (reason) => lost.push(reason));
      const post = await openRaw();
      const flood = Array.from({ length: EVENTS }, () => '42["x"]').join("\x1e");

      const statuses = [await post(flood), await post(flood), await post(flood)];
      const answers = await Promise.all(bystanders.map((socket) => ask(socket, "beside")));

      expect(statuses).toEqual([200, 200, 200]);
      expect(answers).toEqual(bystanders.map(() => "beside"));
      expect(lost).toEqual([]);
      expect(lines.filter((line) => /core\.redelivered_frame|timed out/.test(line))).toEqual([]);
    },
    3 * PATIENCE_MS,
  );
});

describe("a stock client that emits before it is connected", () => {
  it(
    "has all it said heard over polling, three thousand times",
    async () => {
      const socket = connect(["polling"]);

      const answers = await Promise.all(
        Array.from({ length: 3_000 }, (_, n) => socket.timeout(PATIENCE_MS).emitWithAck("echo", `${n}`)),
      );

      expect(answers).toEqual(Array.from({ length: 3_000 }, (_, n) => `${n}`));
    },
    2 * PATIENCE_MS,
  );
});

describe("beside a client that breaks off in the middle of a POST", () => {
  it("the server goes on", async () => {
    const bystander = connect(["websocket"]);
    const ask = (text: string) => bystander.timeout(PATIENCE_MS).emitWithAck("echo", text);
    await ask("before");
    const { hostname, port } = new URL(runtime.url);
    const socket = dial(Number(port), hostname);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const head = `POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: ${hostname}:${port}`;
    socket.write(`${head}\r\nContent-Length: 1000\r\n\r\nthe beginning`);
    // By the time it is answered, what came before it on another connection is being read.
    await ask("during");
    socket.destroy();
    await closed;

    expect(await ask("after")).toBe("after");
  });
});
