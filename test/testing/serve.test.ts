import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createEngine, Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { WireClient } from "../support/wire-client.ts";
import { Clients, next } from "./clients.ts";

const clients = new Clients();
let server: TestServer;

const io = new Server();
io.on("connection", (socket) => {
  socket.on("echo", (...args) => {
    const ack = args.pop() as (...values: unknown[]) => void;
    ack(...args);
  });
  socket.on("enter", async (room: string, ack: () => void) => {
    await socket.join(room);
    ack();
  });
  socket.on("say", (room: string, words: unknown) => io.to(room).emit("said", words));
  socket.on("whoami", (ack) => ack(socket.handshake.address, socket.handshake.headers["x-forwarded-for"]));
});

beforeAll(async () => {
  server = await serve(io);
});

afterEach(() => clients.closeAll());
afterAll(() => server.close());

const arrivals = [
  { title: "default options", options: {} },
  { title: "a WebSocket alone", options: { transports: ["websocket"] } },
  { title: "polling alone", options: { transports: ["polling"] } },
];

describe.each(arrivals)("a stock client with $title", ({ options }) => {
  it("is answered", async () => {
    const client = clients.connect(server.url, options);

    const answer: unknown = await client.emitWithAck("echo", { deep: ["žluťoučký", null] });

    expect(answer).toEqual({ deep: ["žluťoučký", null] });
  });

  it("hears what is said in the rooms it is in", async () => {
    const [ada, bob] = [clients.connect(server.url, options), clients.connect(server.url, options)];
    await Promise.all([ada.emitWithAck("enter", "room"), bob.emitWithAck("enter", "side")]);
    const heard = next(ada, "said");

    bob.emit("say", "room", "hello");

    expect(await heard).toEqual(["hello"]);
  });

  it("sends and gets bytes with forceBase64", async () => {
    const client = clients.connect(server.url, { ...options, forceBase64: true });

    const answer: unknown = await client.emitWithAck("echo", Buffer.from([0, 1, 255]));

    expect(answer).toEqual(Buffer.from([0, 1, 255]));
  });

  it("tells where it comes from, as behind API Gateway", async () => {
    const client = clients.connect(server.url, options);

    const [address, forwardedFor] = await new Promise<unknown[]>((resolve) =>
      client.emit("whoami", (...answer: unknown[]) => resolve(answer)),
    );

    expect({ address, forwardedFor }).toEqual({ address: "127.0.0.1", forwardedFor: "127.0.0.1" });
  });
});

it("a client with default options begins with polling and goes on over a WebSocket", async () => {
  const client = clients.connect(server.url);
  const upgraded = next(client.io.engine, "upgrade");
  expect(client.io.engine.transport.name).toBe("polling");

  await upgraded;

  expect(client.io.engine.transport.name).toBe("websocket");
  expect(await client.emitWithAck("echo", "still here")).toBe("still here");
});

it("an emit from the test reaches the clients of a room", async () => {
  const client = clients.connect(server.url);
  await client.emitWithAck("enter", "outside");
  const heard = next(client, "said");

  io.to("outside").emit("said", "from the test");
  const tally = await io.flush();

  expect(await heard).toEqual(["from the test"]);
  expect(tally.gone + tally.dropped).toBe(0);
});

it("settled waits for what handlers have begun", async () => {
  const written: string[] = [];
  const slow = new Server();
  slow.on("connection", (socket) => {
    socket.on("write", async (ack: () => void) => {
      ack();
      for (let steps = 0; steps < 50; steps += 1) await new Promise((resolve) => setImmediate(resolve));
      written.push("row");
    });
  });
  const other = await serve(slow);
  const client = clients.connect(other.url);
  await client.emitWithAck("write");

  await other.settled();

  expect(written).toEqual(["row"]);
  await other.close();
});

it("a client that answers no ping is closed", async () => {
  const reasons: string[] = [];
  const impatient = new Server({ pingInterval: 50, pingTimeout: 200 });
  impatient.on("connection", (socket) => {
    socket.on("disconnect", (reason) => void reasons.push(reason));
    socket.emit("in");
  });
  const other = await serve(impatient);
  const deaf = await WireClient.open(other.url, { connect: "40", answerPings: false });
  await deaf.frame("42");

  const { code } = await deaf.closed();
  await other.settled();

  expect({ code, reasons }).toEqual({ code: 1000, reasons: ["ping timeout"] });
  await other.close();
});

it("a stock client is pinged again and again", async () => {
  const other = await serve(new Server({ pingInterval: 50, pingTimeout: 10_000 }));
  const client = clients.connect(other.url);

  for (let pings = 0; pings < 4; pings += 1) await next(client.io, "ping");

  expect(client.connected).toBe(true);
  await other.close();
});

it("serves an engine app, and a module that exports one", async () => {
  const engine = createEngine({
    path: "/engine",
    onMessage: (session, data) => session.send(`${data.toString()}!`),
  });
  for (const subject of [engine, { engine }]) {
    const other = await serve(subject);
    const client = await WireClient.open(other.url, { path: "/engine/" });

    client.send("4hello");

    expect(await client.frame("4")).toBe("4hello!");
    client.hangUp();
    await other.close();
  }
});
