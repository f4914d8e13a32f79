import { beforeEach, expect, it } from "vitest";
import type { Pid } from "../../../lib/ids.ts";
import type { SocketChanges, Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import {
  collect,
  connectOf,
  createOwnedClock,
  handshakeOf,
  memberOf,
  sessionOf,
  sidOf,
  socketIdOf,
} from "../fixtures.ts";

export function describeSockets(makeStore: MakeStore): void {
  const sid = sidOf(1);
  const socketId = socketIdOf(1);
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
    await store.createSession(sessionOf(sid), handshakeOf());
  });

  const load = async () => {
    const snapshot = await store.loadSession(sid, { handshake: true });
    if (snapshot === undefined) throw new Error("expected the session to be there");
    return snapshot;
  };
  const save = (changes: Partial<SocketChanges>) =>
    store.saveSocket(sid, "/", socketId, { set: {}, remove: [], spent: [], ...changes });
  const everyone = async (nsp: string) =>
    (await Promise.all(store.listNamespaceMembers(nsp).map((stream) => collect(stream)))).flat();

  it("connects a socket into its namespace, its own room and its rooms", async () => {
    const pid = "p".repeat(20) as Pid;
    const connect = connectOf(1, "/chat", ["lobby", "red"], {
      pid,
      data: { name: '"ann"' },
      spent: ["hello"],
    });

    await store.connectSocket(connect);

    const { sockets, joined, auths } = await load();
    expect(sockets).toStrictEqual([connect.socket]);
    expect(auths).toStrictEqual([connect.auth]);
    expect(joined.toSorted((a, b) => a.room.localeCompare(b.room))).toStrictEqual([
      { nsp: "/chat", room: "lobby" },
      { nsp: "/chat", room: "red" },
    ]);
    for (const room of ["lobby", "red", connect.socket.socketId])
      expect(await collect(store.listRoomMembers("/chat", room))).toStrictEqual([connect.member]);
    expect(await everyone("/chat")).toStrictEqual([connect.member]);
    expect(await everyone("/")).toEqual([]);
  });

  it("connects a socket into more rooms than a batch takes, named twice or like itself", async () => {
    const rooms = Array.from({ length: 40 }, (_, index) => `room ${index}`);

    await store.connectSocket(connectOf(1, "/", [...rooms, "room 7", socketId]));

    expect((await load()).joined.map(({ room }) => room).toSorted()).toEqual(rooms.toSorted());
    for (const room of [...rooms, socketId])
      expect(await collect(store.listRoomMembers("/", room))).toEqual([memberOf(1)]);
  });

  it("removes every trace of a socket, and nothing of the session's other one", async () => {
    const other = connectOf(1, "/other", ["lobby"]);
    await store.connectSocket(connectOf(1, "/", ["lobby", "red"]));
    await store.connectSocket(other);

    await store.disconnectSocket(sid, "/", socketId, ["lobby", "red"]);
    await store.disconnectSocket(sid, "/", socketId, ["lobby", "red"]);

    const { sockets, joined, auths } = await load();
    expect({ sockets, joined, auths }).toStrictEqual({
      sockets: [other.socket],
      joined: [{ nsp: "/other", room: "lobby" }],
      auths: [other.auth],
    });
    for (const room of ["lobby", "red", socketId])
      expect(await collect(store.listRoomMembers("/", room))).toEqual([]);
    expect(await everyone("/")).toEqual([]);
    expect(await collect(store.listRoomMembers("/other", "lobby"))).toEqual([other.member]);
    expect(await everyone("/other")).toEqual([other.member]);
  });

  it("connects a namespace anew with another socket", async () => {
    await store.connectSocket(connectOf(1, "/", [], { data: { a: "1" }, spent: ["x"] }));
    const again = connectOf(1, "/", [], { socketId: socketIdOf(2) });

    await store.connectSocket(again);

    expect((await load()).sockets).toStrictEqual([again.socket]);
  });

  it("sets and removes keys of data one by one", async () => {
    await store.connectSocket(connectOf(1, "/", [], { data: { keep: "1", drop: "2", change: "3" } }));

    const saved = await save({ set: { change: "4", add: "[]" }, remove: ["drop", "never there"] });

    expect(saved).toBe(true);
    expect((await load()).sockets[0]?.data).toStrictEqual({ keep: "1", change: "4", add: "[]" });
  });

  it("lets concurrent writers of different keys all have their way", async () => {
    await store.connectSocket(connectOf(1));

    const saved = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        save({ set: { [`key ${index}`]: `${index}` }, spent: [`${index}`] }),
      ),
    );

    expect(saved).toEqual(Array(8).fill(true));
    const socket = (await load()).sockets[0];
    expect(Object.keys(socket?.data ?? {})).toHaveLength(8);
    expect(socket?.spent.toSorted()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  });

  it.each(["", "__proto__", "constructor", "a.b", "#data", ":v", "[0]", "é😀", "x".repeat(300)])(
    "takes %j as a key of data and as a spent one",
    async (key) => {
      await store.connectSocket(
        connectOf(1, "/", [], { data: Object.fromEntries([[key, "1"]]), spent: [key] }),
      );
      expect(Object.entries((await load()).sockets[0]?.data ?? {})).toEqual([[key, "1"]]);
      expect((await load()).sockets[0]?.spent).toEqual([key]);

      await save({ set: Object.fromEntries([[key, "2"]]), spent: [key, `${key}!`] });
      expect(Object.entries((await load()).sockets[0]?.data ?? {})).toEqual([[key, "2"]]);
      expect((await load()).sockets[0]?.spent.toSorted()).toEqual([key, `${key}!`].toSorted());

      await save({ remove: [key] });
      expect(Object.entries((await load()).sockets[0]?.data ?? {})).toEqual([]);
    },
  );

  it("sets a key that the same changes remove", async () => {
    await store.connectSocket(connectOf(1));

    await save({ set: { a: "1" }, remove: ["a", "a"] });

    expect((await load()).sockets[0]?.data).toEqual({ a: "1" });
  });

  it("saves more keys than one update takes", async () => {
    await store.connectSocket(connectOf(1));
    const set = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`key ${index}`, `${index}`]));

    expect(await save({ set, spent: ["a"] })).toBe(true);

    expect((await load()).sockets[0]).toMatchObject({ data: set, spent: ["a"] });
  });

  it("says whether the socket is there when nothing changed", async () => {
    expect(await save({})).toBe(false);
    await store.connectSocket(connectOf(1));
    expect(await save({})).toBe(true);
    expect((await load()).sockets).toStrictEqual([connectOf(1).socket]);
  });

  it("saves nothing for a socket that is gone, replaced or expired", async () => {
    const set = { a: "1" };
    expect(await save({ set })).toBe(false);
    expect((await load()).sockets).toEqual([]);

    await store.connectSocket(connectOf(1, "/", [], { socketId: socketIdOf(2) }));
    expect(await save({ set })).toBe(false);
    expect((await load()).sockets[0]?.data).toEqual({});

    clock.set(sessionOf(sid).expiresAtSeconds * 1000);
    expect(await store.saveSocket(sid, "/", socketIdOf(2), { set, remove: [], spent: [] })).toBe(false);
  });

  it("removes the memberships of all sockets at a close and leaves the session as it was", async () => {
    const rooms = Array.from({ length: 30 }, (_, index) => `room ${index}`);
    await store.connectSocket(connectOf(1, "/", rooms));
    await store.connectSocket(connectOf(1, "/other", ["lobby"]));
    await store.connectSocket(connectOf(2, "/", ["room 3"]));
    const before = await load();

    const sockets = [
      { nsp: "/", socketId, rooms },
      { nsp: "/other", socketId, rooms: ["lobby"] },
    ];
    await store.deleteMemberships(sid, sockets);
    await store.deleteMemberships(sid, sockets);

    expect(await load()).toStrictEqual(before);
    for (const room of [...rooms.filter((name) => name !== "room 3"), socketId])
      expect(await collect(store.listRoomMembers("/", room))).toEqual([]);
    expect(await collect(store.listRoomMembers("/", "room 3"))).toEqual([memberOf(2)]);
    expect(await everyone("/")).toEqual([memberOf(2)]);
    expect(await everyone("/other")).toEqual([]);
  });

  it("loads a session of many rooms, long names included, over as many pages as it takes", async () => {
    const rooms = Array.from({ length: 60 }, (_, index) => `${index} `.padEnd(1000, "x"));
    const small = await makeStore({ clock, pageLimit: 7 });
    await small.createSession(sessionOf(sid), handshakeOf());
    await small.connectSocket(connectOf(1, "/", rooms));

    const snapshot = await small.loadSession(sid, { handshake: true });

    expect(snapshot?.joined.map(({ room }) => room).toSorted()).toEqual(rooms.toSorted());
    expect(snapshot?.handshake).toEqual(handshakeOf());
    expect(snapshot?.auths).toHaveLength(1);
  });
}
