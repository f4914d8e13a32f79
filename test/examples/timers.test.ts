import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { install } from "../../examples/timers/app.ts";
import { eventually } from "../support/waiting.ts";
import { Clients, next } from "../testing/clients.ts";

const GRACE_MS = 1_500;
const times = { graceMs: GRACE_MS, turnMs: 1_000, stepMs: 1_000 };
const clients = new Clients();
let server: TestServer;

beforeEach(async () => {
  const create = () => {
    const io = new Server();
    install(io, times);
    return io;
  };
  server = await serve(create, { instances: 3 });
});

afterEach(async () => {
  clients.closeAll();
  await server.close();
});

/** Somebody's tab, which writes down what it hears. */
async function open(user: string) {
  const socket = clients.connect(server.url, { auth: { user, room: "hall" }, transports: ["websocket"] });
  const heard: unknown[][] = [];
  for (const event of ["came", "left", "count", "go", "turn", "too slow"])
    socket.on(event, (...args: unknown[]) => heard.push([event, ...args, Date.now()]));
  await next(socket, "ready");
  /** Without the times. */
  const said = () => heard.map((event) => event.slice(0, -1));
  return { socket, heard, said };
}

describe("somebody who goes away", () => {
  it("has left when they do not come back, and no sooner", async () => {
    const ada = await open("ada");
    const bob = await open("bob");
    const wentAtMs = Date.now();
    bob.socket.close();

    await eventually(
      () => ada.said().some(([event]) => event === "left"),
      () => `expected bob to have left, got ${JSON.stringify(ada.heard)}`,
    );

    expect(ada.said()).toEqual([
      ["came", "bob"],
      ["left", "bob"],
    ]);
    expect(Number(ada.heard.at(-1)?.at(-1)) - wentAtMs).toBeGreaterThanOrEqual(GRACE_MS);
  });

  it("has never been away when they come back in time", async () => {
    const ada = await open("ada");
    const bob = await open("bob");
    bob.socket.close();
    await server.settled();

    await open("bob");
    const eve = await open("eve");
    eve.socket.close();
    // What is set later rings later: bob's time is up long before.
    await eventually(
      () => ada.said().some(([event, user]) => event === "left" && user === "eve"),
      () => `expected eve to have left, got ${JSON.stringify(ada.heard)}`,
    );

    expect(ada.said()).toEqual([
      ["came", "bob"],
      ["came", "eve"],
      ["left", "eve"],
    ]);
  });
});

it("a countdown leads to turns, in which those who are too slow are passed over", async () => {
  const ada = await open("ada");
  const came = next(ada.socket, "came");
  await open("bob");
  await came;
  ada.heard.splice(0);

  ada.socket.emit("start");
  await eventually(
    () => ada.said().some(([event]) => event === "too slow"),
    () => `expected somebody to be too slow, got ${JSON.stringify(ada.heard)}`,
    20_000,
  );
  await eventually(
    () => ada.said().length >= 7,
    () => `expected the next turn, got ${JSON.stringify(ada.heard)}`,
  );
  await ada.socket.emitWithAck("stop");

  expect(ada.said().slice(0, 7)).toEqual([
    ["count", 3],
    ["count", 2],
    ["count", 1],
    ["go"],
    ["turn", "ada", 0],
    ["too slow", "ada"],
    ["turn", "bob", 1],
  ]);
  const apart = ada.heard
    .slice(1, 4)
    .map((event, index) => Number(event.at(-1)) - Number(ada.heard[index]?.at(-1)));
  for (const ms of apart) expect(ms).toBeGreaterThanOrEqual(900);
}, 30_000);
