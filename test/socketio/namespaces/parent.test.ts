import { describe, expect, it } from "vitest";
import { ParentNamespace } from "../../../lib/socketio/server.ts";
import { Rig, type Client } from "../../support/rig.ts";

/** Children `/dynamic-1` and `/dynamic-2` with a socket each, the first in `room`; a namespace that is none. */
async function gather(
  act: (parent: ParentNamespace) => unknown,
): Promise<{ readonly heard: string[][]; readonly rig: Rig }> {
  const rig = new Rig(
    (io) => {
      const parent = io.of(/^\/dynamic-\d+$/);
      parent.on("connection", (socket) =>
        socket.nsp.name === "/dynamic-1" ? socket.join("room") : undefined,
      );
      io.of("/other");
      io.of("/act").on("connection", () => act(parent));
    },
    { instances: 2 },
  );
  const clients: Client[] = [];
  for (const name of ["/dynamic-1", "/dynamic-2", "/other"]) clients.push(await rig.connect(name));
  await rig.connect("/act");
  return { heard: clients.map((client) => client.received), rig };
}

describe("a parent namespace", () => {
  it("is numbered in the order of registration, and is a namespace", () => {
    const { io } = new Rig(() => undefined);

    const parents = [io.of(/a/), io.of((_name, _auth, next) => next(null, false)), io.of(/b/)];

    expect(parents.map((parent) => parent.name)).toEqual(["/_0", "/_1", "/_2"]);
    expect(parents.every((parent) => parent instanceof ParentNamespace)).toBe(true);
  });

  it.each<[string, (parent: ParentNamespace) => unknown, string[][]]>([
    ["emit", (parent) => parent.emit("hi", 1), [['42/dynamic-1,["hi",1]'], ['42/dynamic-2,["hi",1]'], []]],
    [
      "send",
      (parent) => parent.send("hi"),
      [['42/dynamic-1,["message","hi"]'], ['42/dynamic-2,["message","hi"]'], []],
    ],
    [
      "write",
      (parent) => parent.write("hi"),
      [['42/dynamic-1,["message","hi"]'], ['42/dynamic-2,["message","hi"]'], []],
    ],
    ["to(room).emit", (parent) => parent.to("room").emit("hi"), [['42/dynamic-1,["hi"]'], [], []]],
    ["in(room).emit", (parent) => parent.in("room").emit("hi"), [['42/dynamic-1,["hi"]'], [], []]],
    ["except(room).emit", (parent) => parent.except("room").emit("hi"), [[], ['42/dynamic-2,["hi"]'], []]],
    [
      "volatile, compress and local",
      (parent) => parent.volatile.compress(true).local.emit("hi"),
      [['42/dynamic-1,["hi"]'], ['42/dynamic-2,["hi"]'], []],
    ],
    [
      "an emit with bytes",
      (parent) => parent.emit("hi", Buffer.from([1, 2])),
      [
        ['451-/dynamic-1,["hi",{"_placeholder":true,"num":0}]', "bAQI="],
        ['451-/dynamic-2,["hi",{"_placeholder":true,"num":0}]', "bAQI="],
        [],
      ],
    ],
  ])("reaches the sockets of its children by %s", async (_how, act, expected) => {
    const { heard } = await gather(act);

    expect(heard).toEqual(expected);
  });

  it("sends what it was given, whatever becomes of that afterwards, and in order", async () => {
    const { heard } = await gather((parent) => {
      const changing = { number: 1 };
      parent.emit("hi", changing);
      changing.number = 2;
      parent.server.of("/dynamic-1").emit("after");
      parent.emit("hi", changing);
    });

    expect(heard[0]).toEqual([
      '42/dynamic-1,["hi",{"number":1}]',
      '42/dynamic-1,["after"]',
      '42/dynamic-1,["hi",{"number":2}]',
    ]);
  });

  it("refuses at the call what would be too large for the child with the longest name", async () => {
    const thrown: unknown[] = [];
    const { heard } = await gather((parent) => {
      try {
        parent.emit("hi", "x".repeat(131_000));
      } catch (error) {
        thrown.push(error);
      }
    });

    expect(thrown).toMatchObject([{ code: "protocol.payload_too_large" }]);
    expect(heard.flat()).toEqual([]);
  });

  it("reaches no child whose last socket has left, and goes on", async () => {
    const rig = new Rig((io) => {
      const parent = io.of(/^\/dynamic-\d+$/);
      io.of("/act").on("connection", () => parent.emit("hi"));
    });
    const gone = await rig.connect("/dynamic-1");
    const stays = await rig.connect("/dynamic-2");
    await gone.leave();
    const seen = rig.transport.framesTo(gone.connectionId).length;

    await rig.connect("/act");

    expect(stays.received).toEqual(['42/dynamic-2,["hi"]']);
    expect(rig.transport.framesTo(gone.connectionId)).toHaveLength(seen);
  });

  it("does not list sockets", () => {
    const parent = new Rig(() => undefined).io.of(/x/);

    expect(() => void parent.fetchSockets()).toThrow("fetchSockets() is not supported on parent namespaces");
  });

  it("has no sockets itself to list, move or disconnect", async () => {
    const found: unknown[] = [];
    const { heard, rig } = await gather(async (parent) => {
      parent.socketsJoin("other room");
      parent.socketsLeave("room");
      parent.disconnectSockets(true);
      found.push(await parent.allSockets(), await parent.to("room").fetchSockets());
    });

    expect(found).toEqual([new Set(), []]);
    expect(heard).toEqual([[], [], []]);
    expect(rig.store.countRows()).toMatchObject({ sockets: 4 });
  });

  it("is no namespace that clients can join", async () => {
    const rig = new Rig((io) => void io.of(/^\/dynamic-\d+$/));
    const client = await rig.open();
    void client.received;

    await client.send("40/_0,");

    expect(client.received).toEqual(['44/_0,{"message":"Invalid namespace"}']);
  });
});
