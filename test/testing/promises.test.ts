import { createHook } from "node:async_hooks";
import { afterEach, expect, it } from "vitest";
import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { Clients } from "./clients.ts";

const EVENTS = 100;
const MEMBERS = 20;

const clients = new Clients();
let server: TestServer;

afterEach(async () => {
  clients.closeAll();
  await server.close();
});

/** CPU is no measure on a machine that others use; every promise costs about the same anywhere. */
it("an event with an acknowledgement makes at most 60 promises, its client's included", async () => {
  const io = new Server();
  io.on("connection", (socket) => {
    socket.on("echo", (value: number, ack: (value: number) => void) => ack(value));
  });
  server = await serve(io);
  const client = clients.connect(server.url, { transports: ["websocket"] });
  await client.emitWithAck("echo", 0);

  const promises = await countPromises(async () => {
    for (let value = 0; value < EVENTS; value += 1) await client.emitWithAck("echo", value);
  });

  expect(promises / EVENTS).toBeLessThanOrEqual(60);
});

it("a broadcast makes at most 12 promises for each who gets it", async () => {
  const io = new Server();
  io.on("connection", (socket) => {
    void socket.join("lobby");
    socket.on("tell", (count: number, ack: () => void) => {
      for (let told = 0; told < count; told += 1) io.to("lobby").emit("told", told);
      ack();
    });
  });
  server = await serve(io);
  const members = Array.from({ length: MEMBERS }, () =>
    clients.connect(server.url, { transports: ["websocket"] }),
  );
  const [speaker] = members;
  await Promise.all(members.map((member) => member.emitWithAck("tell", 0)));
  const of = async (count: number) =>
    countPromises(async () => {
      await speaker?.emitWithAck("tell", count);
      await server.settled();
    });

  const [one, five] = [await of(1), await of(5)];

  expect((five - one) / 4 / MEMBERS).toBeLessThanOrEqual(12);
});

async function countPromises(work: () => Promise<void>): Promise<number> {
  let promises = 0;
  const hook = createHook({ init: (_, type) => void (promises += type === "PROMISE" ? 1 : 0) }).enable();
  await work();
  hook.disable();
  return promises;
}
