import { beforeEach, expect, it } from "vitest";
import { SESSION_LIFETIME_SECONDS } from "../../../lib/state/expiry.ts";
import type { Member } from "../../../lib/state/records.ts";
import type { RoomEntry, RoomExit } from "../../../lib/state/room-store.ts";
import type { Store } from "../../../lib/state/store.ts";
import {
  collect,
  connectOf,
  createOwnedClock,
  handshakeOf,
  memberOf,
  sessionOf,
  sidOf,
  socketIdOf,
  START_MS,
} from "../fixtures.ts";
import type { MakeStore } from "./make-store.ts";

export function describeRooms(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock, pageLimit: 2 });
  });

  const counted = (index: number): Member => ({ ...memberOf(index), counted: true });
  const enter = (index: number, room: string, more: Partial<RoomEntry> = {}) =>
    store.enterRoom({ nsp: "/", member: counted(index), room, ...more });
  const exit = (index: number, room: string, more: Partial<RoomExit> = {}) =>
    store.exitRoom({ nsp: "/", sid: sidOf(index), socketId: memberOf(index).socketId, room, ...more });
  const joinedOf = async (index: number) =>
    (await store.loadSession(sidOf(index), { handshake: false }))?.joined;

  it("tells who has made a room and who has emptied it, each of them once", async () => {
    expect(await enter(1, "a")).toBe("created");
    expect(await enter(2, "a")).toBe("joined");
    expect(await enter(2, "a")).toBe("present");
    expect(await exit(1, "a")).toBe("left");
    expect(await exit(1, "a")).toBe("absent");
    expect(await exit(2, "a")).toBe("deleted");
    expect(await exit(2, "a")).toBe("absent");
    expect(await enter(1, "a")).toBe("created");
  });

  it("tells of a socket's own room that it was left, and when it was joined anew", async () => {
    const { socketId } = memberOf(1);
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    await enter(1, socketId);
    expect(await joinedOf(1)).toEqual([]);

    expect(await exit(1, socketId, { isOwnLeft: true })).toBe("deleted");
    expect(await joinedOf(1)).toStrictEqual([{ nsp: "/", room: socketId, left: true }]);

    expect(await enter(1, socketId, { joinedAtMs: START_MS })).toBe("created");
    expect(await joinedOf(1)).toStrictEqual([{ nsp: "/", room: socketId, joinedAtMs: START_MS }]);

    expect(await exit(1, socketId)).toBe("deleted");
    expect(await joinedOf(1)).toEqual([]);
  });

  it("lets one of many make a room, and one of them empty it", async () => {
    const indices = Array.from({ length: 12 }, (_, index) => index);

    const entered = await Promise.all(indices.map((index) => enter(index, "a")));
    const members = await collect(store.listRoomMembers("/", "a"));
    const left = await Promise.all(indices.map((index) => exit(index, "a")));

    expect(entered.filter((change) => change === "created")).toHaveLength(1);
    expect(entered.filter((change) => change === "joined")).toHaveLength(11);
    expect(members).toHaveLength(12);
    expect(left.filter((change) => change === "deleted")).toHaveLength(1);
    expect(left.filter((change) => change === "left")).toHaveLength(11);
    expect(await collect(store.listRoomMembers("/", "a"))).toEqual([]);
  });

  it("writes and removes a membership with the room in the rows of its session", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    await enter(1, "a", { joinedAtMs: START_MS, rank: 3 });
    const long = "r".repeat(900);
    await enter(1, long);

    expect(await collect(store.listRoomMembers("/", "a"))).toStrictEqual([counted(1)]);
    expect((await joinedOf(1))?.toSorted((a, b) => a.room.length - b.room.length)).toStrictEqual([
      { nsp: "/", room: "a", joinedAtMs: START_MS, rank: 3 },
      { nsp: "/", room: long },
    ]);

    await exit(1, "a");
    await exit(1, long);
    expect(await joinedOf(1)).toEqual([]);
  });

  it("leaves what a session has joined to it when it is closed", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    await enter(1, "a", { joinedAtMs: START_MS });

    expect(await exit(1, "a", { byClose: true })).toBe("deleted");
    expect(await exit(1, "a", { byClose: true })).toBe("absent");
    expect(await collect(store.listRoomMembers("/", "a"))).toEqual([]);
    expect(await joinedOf(1)).toStrictEqual([{ nsp: "/", room: "a", joinedAtMs: START_MS }]);
  });

  it("keeps a socket's own room out of the rows of its session, and counts others in it", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    const own = socketIdOf(1);

    expect(await enter(1, own)).toBe("created");
    expect(await enter(2, own)).toBe("joined");
    expect(await joinedOf(1)).toEqual([]);
    expect(await exit(1, own)).toBe("left");
    expect(await exit(2, own)).toBe("deleted");
  });

  it("connects a counted socket into no room, not even its own", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    const connect = connectOf(1, "/", ["a"]);
    const socket = { ...connect.socket, counted: true };
    await store.connectSocket({ ...connect, socket, member: counted(1) });

    const snapshot = (await store.loadSession(sidOf(1), { handshake: false }))!;
    expect(snapshot.sockets).toStrictEqual([socket]);
    expect(snapshot.joined).toEqual([]);
    expect(await collect(store.listRoomMembers("/", "a"))).toEqual([]);
    expect(await collect(store.listRoomMembers("/", socket.socketId))).toEqual([]);
    const everyone = await Promise.all(store.listNamespaceMembers("/").map((pages) => collect(pages)));
    expect(everyone.flat()).toStrictEqual([counted(1)]);
  });

  it("does not tell rooms of one namespace from those of another by their names", async () => {
    expect(await enter(1, "a")).toBe("created");
    expect(await enter(1, "a", { nsp: "/b" })).toBe("created");
  });

  it("notes changes for the letter that made them, in order, until all sessions of then have ended", async () => {
    await enter(1, "a", { letterId: "one" });
    await enter(2, "a", { letterId: "two", parent: "/_0" });
    await enter(1, "b", { letterId: "one" });
    await exit(1, "a", { letterId: "one" });
    await exit(1, "b", { letterId: "one" });
    await exit(1, "b", { letterId: "one" });

    const of1 = { nsp: "/", socketId: socketIdOf(1) };
    expect(await store.listRoomNotes("one")).toStrictEqual([
      { ...of1, room: "a", change: "created" },
      { ...of1, room: "b", change: "created" },
      { ...of1, room: "a", change: "left" },
      { ...of1, room: "b", change: "deleted" },
    ]);
    expect(await store.listRoomNotes("two")).toStrictEqual([
      { nsp: "/", parent: "/_0", room: "a", socketId: socketIdOf(2), change: "joined" },
    ]);
    expect(await store.listRoomNotes("three")).toEqual([]);
    clock.set(START_MS + SESSION_LIFETIME_SECONDS * 1000 + 1000);
    expect(await store.listRoomNotes("one")).toEqual([]);
  });

  it("takes a room for empty whose members have all expired", async () => {
    await enter(1, "a");
    clock.set(START_MS + SESSION_LIFETIME_SECONDS * 1000 + 1000);
    const late = sidOf(2, clock.nowMs());

    expect(await exit(1, "a")).toBe("absent");
    expect(await enter(2, "a", { member: { ...counted(2), sid: late } })).toBe("created");
  });

  it("counts the members of a room, and of a namespace, on however many pages", async () => {
    for (let index = 1; index <= 5; index++) await store.connectSocket(connectOf(index, "/", ["a"]));
    await enter(6, "a");

    expect(await store.countMembers("/", "a")).toBe(6);
    expect(await store.countMembers("/", undefined)).toBe(5);
    expect(await store.countMembers("/", "none")).toBe(0);
    expect(await store.countMembers("/none", undefined)).toBe(0);
    clock.set(START_MS + SESSION_LIFETIME_SECONDS * 1000 + 1000);
    expect(await store.countMembers("/", "a")).toBe(0);
  });
}
