import { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import { afterEach, expect, it } from "vitest";
import { Clients, next } from "./clients.ts";

const clients = new Clients();
afterEach(() => clients.closeAll());

function createIo(): Server {
  const io = new Server();
  const later = io.timer<string>("later", (text, key) => io.emit("later", key, text));
  io.on("connection", (socket) => {
    // In the synchronous part of its handler, in which a setTimeout would be cleared with the turn.
    socket.on("set", (key: string, text: string) => later.set(key, { in: 1_000 }, text));
    socket.on("cancel", async (key: string, ack: (was: boolean) => void) => ack(await later.cancel(key)));
  });
  io.every("tick", 1_000, () => io.emit("tick"), { while: "connected" });
  return io;
}

it.each([1, 3])("timers ring in a server for tests, of %i instances", async (instances) => {
  const server = await serve(instances === 1 ? createIo() : createIo, { instances });
  const client = clients.connect(server.url);
  const [heard, ticked] = [next(client, "later"), next(client, "tick")];
  const sentAtMs = Date.now();

  client.emit("set", "gone", "no");
  expect(await client.emitWithAck("cancel", "gone")).toBe(true);
  client.emit("set", "k", "one");
  client.emit("set", "k", "two");

  expect(await heard).toEqual(["k", "two"]);
  expect(Date.now() - sentAtMs).toBeGreaterThanOrEqual(1_000);
  await ticked;
  await server.close();
});

it("what is set is no work that a test waits for, and goes with its server", async () => {
  const server = await serve(createIo());
  const client = clients.connect(server.url);
  await client.emitWithAck("cancel", "none");
  client.emit("set", "k", "one");
  const beganAtMs = Date.now();

  await server.settled();
  await server.close();

  expect(Date.now() - beganAtMs).toBeLessThan(10_000);
});
