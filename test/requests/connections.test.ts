import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConnections, type Connections } from "../../lib/requests/connections.ts";

const answer = (body: string, header = "") =>
  `HTTP/1.1 200 OK\r\n${header}content-length: ${body.length}\r\n\r\n${body}`;

let server: Server;
let sockets: Socket[];
let received: string[];
let onRequest: (socket: Socket, index: number) => void;
let connections: Connections | undefined;

beforeEach(async () => {
  sockets = [];
  received = [];
  onRequest = (socket) => socket.write(answer("ok"));
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      received.push(bytes.toString());
      onRequest(socket, received.length);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  connections?.destroy();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const open = (overrides: { maxSockets?: number; requestTimeoutMs?: number } = {}): Connections =>
  (connections = createConnections({
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    maxSockets: 4,
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 5_000,
    ...overrides,
  }));

const ask = async (text = "hi"): Promise<string> => {
  const { body } = await connections!.exchange(`POST / HTTP/1.1\r\nhost: x`, text);
  return body.toString();
};

const failureOf = (promise: Promise<unknown>): Promise<Error & { code?: string; wasStale?: boolean }> =>
  promise.then(
    () => Promise.reject(new Error("expected a failure, got an answer")),
    (error: Error) => error,
  );

describe("an exchange", () => {
  it("writes head and body, and takes the connection of the one before it", async () => {
    open();

    expect([await ask("hé"), await ask("2")]).toEqual(["ok", "ok"]);

    expect(received).toEqual(["POST / HTTP/1.1\r\nhost: x\r\n\r\nhé", "POST / HTTP/1.1\r\nhost: x\r\n\r\n2"]);
    expect(sockets).toHaveLength(1);
  });

  it("has a connection of its own beside others, up to so many", async () => {
    open({ maxSockets: 2 });

    await Promise.all(Array.from({ length: 8 }, () => ask()));

    expect(sockets).toHaveLength(2);
    expect(received).toHaveLength(8);
  });

  it("takes a new one behind an answer that says it is the last", async () => {
    onRequest = (socket) => socket.end(answer("ok", "connection: close\r\n"));
    open({ maxSockets: 1 });

    expect(await Promise.all([ask(), ask()])).toEqual(["ok", "ok"]);

    expect(sockets).toHaveLength(2);
  });

  it("takes a new one when the other side keeps the old one for no longer", async () => {
    onRequest = (socket) => socket.write(answer("ok", "keep-alive: timeout=1\r\n"));
    open();

    await ask();
    await ask();

    expect(sockets).toHaveLength(2);
  });

  it("takes a new one when the old one has ended meanwhile", async () => {
    open();
    await ask();
    sockets[0]!.end();
    await once(sockets[0]!, "close");

    expect(await ask()).toBe("ok");
  });

  it("is stale where a kept connection ends without a word, and only there", async () => {
    open();
    await ask();
    onRequest = (socket) => socket.destroy();

    const kept = await failureOf(ask());
    const fresh = await failureOf(ask());

    expect([kept.wasStale, fresh.wasStale]).toEqual([true, false]);
    expect([kept.code, fresh.code]).toEqual(["ECONNRESET", "ECONNRESET"]);
  });

  it("is not stale where an answer had begun", async () => {
    open();
    await ask();
    onRequest = (socket) => socket.end("HTTP/1.1 200");

    expect(await failureOf(ask())).toMatchObject({ wasStale: false, code: "ECONNRESET" });
  });

  it("ends in time without an answer, waiting for a connection too", async () => {
    onRequest = () => undefined;
    open({ maxSockets: 1, requestTimeoutMs: 50 });

    const errors = await Promise.all([failureOf(ask()), failureOf(ask())]);

    expect(errors.map(({ name, code }) => [name, code])).toEqual([
      ["TimeoutError", "ETIMEDOUT"],
      ["TimeoutError", "ETIMEDOUT"],
    ]);
  });

  it("fails where nobody listens, and where there is no such host", async () => {
    const refused = createConnections({ ...limits, origin: "http://127.0.0.1:1" });
    const unknown = createConnections({ ...limits, origin: "http://table.invalid" });

    expect(await failureOf(refused.exchange("GET / HTTP/1.1", ""))).toMatchObject({ code: "ECONNREFUSED" });
    expect((await failureOf(unknown.exchange("GET / HTTP/1.1", ""))).code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
  });

  it("fails on what is no answer, and the next one has another connection", async () => {
    onRequest = (socket, index) => socket.write(index === 1 ? "what?\r\n\r\n" : answer("ok"));
    open();

    expect(await failureOf(ask())).toMatchObject({ code: "ECONNRESET" });
    expect(await ask()).toBe("ok");
  });

  it("fails when all are closed", async () => {
    onRequest = () => undefined;
    open();
    const failed = failureOf(ask());

    connections!.destroy();

    expect((await failed).message).toBe("the connections were closed");
  });

  it("leaves each caller in its own context", async () => {
    const context = new AsyncLocalStorage<number>();
    open({ maxSockets: 1 });

    const seen = await Promise.all(
      [1, 2, 3].map((turn) => context.run(turn, async () => [turn, await ask(), context.getStore()])),
    );

    expect(seen).toEqual([1, 2, 3].map((turn) => [turn, "ok", turn]));
  });
});

const limits = { maxSockets: 1, connectionTimeoutMs: 5_000, requestTimeoutMs: 5_000 };
