import { once } from "node:events";
import { createConnection } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { WireClient } from "../support/wire-client.ts";
import { Clients, next } from "./clients.ts";

const clients = new Clients();
const failures: unknown[] = [];
let server: TestServer;

beforeAll(async () => {
  const io = new Server({
    onError: ({ error }) => void failures.push(error),
    allowRequest: ({ query }, callback) => callback(null, query["unwanted"] === undefined),
  });
  io.on("connection", (socket) => {
    socket.on("give me", (bytes: number) => void socket.emit("given", "x".repeat(bytes)));
  });
  server = await serve(io, {
    logLevel: "silent",
    onRequest: (request, response) => {
      if (request.url === "/health") response.end("well");
      else response.writeHead(418).end();
    },
  });
});

afterEach(() => {
  clients.closeAll();
  vi.restoreAllMocks();
});
afterAll(() => server.close());

it("a binary frame ends its connection with 1003", async () => {
  const client = await WireClient.open(server.url, { connect: "40" });

  client.send(Buffer.from([1, 2, 3]));

  expect(await client.closed()).toEqual({ code: 1003 });
});

it("bytes of a client without forceBase64 end its connection", async () => {
  const client = clients.connect(server.url, { transports: ["websocket"] });
  await next(client, "connect");
  const lost = next(client, "disconnect");

  client.emit("bytes", Buffer.from([1, 2, 3]));

  expect((await lost)[0]).toBe("transport close");
});

it.each([
  [32 * 1024, "kept"],
  [32 * 1024 + 1, 1009],
] as const)("a frame of %i bytes from a client: %s", async (bytes, outcome) => {
  const client = await WireClient.open(server.url, { connect: "40" });

  client.send(`42["x","${"x".repeat(bytes - '42["x",""]'.length)}"]`);

  if (outcome === "kept") {
    client.send('42["give me",1]');
    expect(await client.frame("42")).toBe('42["given","x"]');
  } else {
    expect(await client.closed()).toEqual({ code: outcome });
  }
  client.hangUp();
});

it("a frame of 128 KB reaches a client, a longer one fails where it is sent", async () => {
  const client = await WireClient.open(server.url, { connect: "40" });
  const most = 128 * 1024;

  client.send(`42["give me",${most + 1 - '42["given",""]'.length}]`);
  client.send(`42["give me",${most - '42["given",""]'.length}]`);

  expect(await client.frame("42")).toHaveLength(most);
  expect(failures).toEqual([expect.objectContaining({ code: "protocol.payload_too_large" })]);
  client.hangUp();
});

it("a client that hangs up in the middle of a POST harms nobody", async () => {
  const opened = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  const sid = /"sid":"([^"]+)"/.exec(await opened.text())?.[1] ?? "";
  const socket = createConnection(server.port, "127.0.0.1");
  socket.write(
    `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n40`,
  );
  await once(socket, "ready");

  socket.destroy();

  const client = await WireClient.open(server.url, { connect: "40" });
  client.hangUp();
});

it("a client that is not admitted gets 403, and 403 with a message over polling", async () => {
  const refused = new WireClient(server.url, { query: { unwanted: "1" } });

  expect(await refused.closed()).toEqual({ code: 1006, status: 403 });
  const answer = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&unwanted=1`);
  expect(await answer.json()).toEqual({ code: 4, message: "Forbidden" });
});

it.each([
  ["/health", 200],
  ["/else", 418],
  ["/socket.io/socket.io.js", 404],
  ["/socket.io/socket.io.msgpack.min.js.map", 404],
  ["/socket.io/?transport=none", 400],
])("GET %s is answered %i", async (path, status) => {
  const answer = await fetch(server.url + path);
  await answer.arrayBuffer();

  expect(answer.status).toBe(status);
});

it("without serveClient the client's files are requests like any other", async () => {
  const other = await serve(new Server({ serveClient: false }));

  const answer = await fetch(`${other.url}/socket.io/socket.io.js`);

  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 400,
    body: { code: 0, message: "Transport unknown" },
  });
  await other.close();
});

it("requests outside the path are answered 404 where nobody else answers", async () => {
  const other = await serve(new Server());

  const answer = await fetch(`${other.url}/page`);

  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 404,
    body: { message: "Not Found" },
  });
  const webSocket = new WireClient(other.url, { path: "/elsewhere/" });
  expect(await webSocket.closed()).toEqual({ code: 1006, status: 404 });
  await other.close();
});

it("a handler that throws is an error on the console", async () => {
  const printed = vi.spyOn(console, "error").mockReturnValue(undefined);
  const io = new Server();
  const failure = new Error("of the handler");
  io.on("connection", (socket) => {
    socket.on("fail", () => {
      throw failure;
    });
  });
  const other = await serve(io);
  const client = clients.connect(other.url);
  await next(client, "connect");

  client.emit("fail");
  await vi.waitFor(() => expect(printed).toHaveBeenCalled());

  expect(printed).toHaveBeenCalledExactlyOnceWith(
    "nonsticky: a handler failed",
    expect.objectContaining({ code: "core.handler_failed", event: "fail", error: failure }),
  );
  await other.close();
});
