import { beforeEach, expect, it } from "vitest";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import {
  collect,
  connectOf,
  createOwnedClock,
  handshakeOf,
  memberOf,
  sessionOf,
  sidOf,
} from "../fixtures.ts";

export function describeNames(makeStore: MakeStore): void {
  const sid = sidOf(1);
  let store: Store;
  beforeEach(async () => {
    store = await makeStore({ clock: createOwnedClock() });
  });

  const shared = "é".repeat(150);
  const pairs: readonly [string, string, string, string][] = [
    ["/a#b", "c", "/a", "b#c"],
    ["/a", "1:b", "/a1:b", ""],
    ["/", "a#b", "/#a", "b"],
    ["/a", "", "/a", "0:"],
    ["/1", "2:x", "/12:", "x"],
    ["/", `${shared}1`, "/", `${shared}2`],
    ["/", "\u00e9", "/", "e\u0301"],
    ["/", "#", "/", "##"],
    ["/", "0#session", "/", "~handshake"],
    ["/", "room#2:/a1:c", "/a", "c"],
    ["/", "\u0000", "/", ""],
    ["/A", "a", "/a", "A"],
  ];
  it.each(pairs)("keeps %j %j apart from %j %j", async (nsp, room, otherNsp, otherRoom) => {
    await store.createSession(sessionOf(sid), handshakeOf());
    const other = memberOf(1, { protocol: 3 });

    await store.joinRooms(nsp, memberOf(1), [room]);
    await store.joinRooms(otherNsp, other, [otherRoom]);

    expect(await collect(store.listRoomMembers(nsp, room))).toEqual([memberOf(1)]);
    expect(await collect(store.listRoomMembers(otherNsp, otherRoom))).toEqual([other]);
    expect((await store.loadSession(sid, { handshake: false }))?.joined).toHaveLength(2);

    await store.leaveRooms(nsp, sid, [room]);
    expect((await store.loadSession(sid, { handshake: false }))?.joined).toEqual([
      { nsp: otherNsp, room: otherRoom },
    ]);
  });

  it("keeps a room apart from the namespace that a client named like its key", async () => {
    await store.connectSocket(connectOf(1, "/a"));
    await store.connectSocket(connectOf(2, "nsp#2:/a0"));
    await store.joinRooms("/", memberOf(3), ["nsp#2:/a0", "sweep"]);

    const streams = await Promise.all(store.listNamespaceMembers("/a").map((stream) => collect(stream)));

    expect(streams.flat()).toEqual([memberOf(1)]);
    expect(await store.listSweeps()).toEqual([]);
  });

  it.each([
    ["ASCII", "x".repeat(1024)],
    ["two bytes a letter", "é".repeat(512)],
    ["four bytes a letter", "😀".repeat(256)],
    ["just short enough not to be hashed", "x".repeat(200)],
    ["just long enough to be hashed", "x".repeat(201)],
  ])("takes and tells a room of many bytes: %s", async (_, room) => {
    await store.createSession(sessionOf(sid), handshakeOf());
    const nsp = `/${"n".repeat(127)}`;

    await store.connectSocket(connectOf(1, nsp, [room]));

    const snapshot = await store.loadSession(sid, { handshake: true });
    expect(snapshot?.joined).toStrictEqual([{ nsp, room }]);
    expect(snapshot?.sockets[0]?.nsp).toBe(nsp);
    expect(snapshot?.auths?.[0]?.nsp).toBe(nsp);
    expect(await collect(store.listRoomMembers(nsp, room))).toStrictEqual([memberOf(1)]);
  });

  const refused: readonly [string, string, string, string][] = [
    ["a namespace of 129 bytes", `/${"n".repeat(128)}`, "a", "state.namespace_too_long"],
    ["a namespace of 65 letters of two bytes", "é".repeat(65), "a", "state.namespace_too_long"],
    ["a room of 1025 bytes", "/", "x".repeat(1025), "state.room_too_long"],
    ["a room of 342 letters of three bytes", "/", "€".repeat(342), "state.room_too_long"],
    ["half a surrogate pair in a room", "/", "a\ud83d", "state.malformed_name"],
    ["half a surrogate pair in a namespace", "/\ude00", "a", "state.malformed_name"],
  ];
  it.each(refused)("refuses %s, wherever it is named", async (_, nsp, room, code) => {
    await expect(store.joinRooms(nsp, memberOf(1), [room])).rejects.toMatchObject({ code });
    await expect(store.leaveRooms(nsp, sid, [room])).rejects.toMatchObject({ code });
    await expect(store.connectSocket(connectOf(1, nsp, [room]))).rejects.toMatchObject({ code });
    await expect(collect(store.listRoomMembers(nsp, room))).rejects.toMatchObject({ code });
    await expect(store.disconnectSocket(sid, nsp, memberOf(1).socketId, [room])).rejects.toMatchObject({
      code,
    });
    await expect(
      store.deleteMemberships(sid, [{ nsp, socketId: memberOf(1).socketId, rooms: [room] }]),
    ).rejects.toMatchObject({ code });
  });

  it("writes nothing at all when one of several names is refused", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());
    const rooms = [...Array.from({ length: 30 }, (_, index) => `room ${index}`), "x".repeat(1025)];

    await expect(store.joinRooms("/", memberOf(1), rooms)).rejects.toMatchObject({
      code: "state.room_too_long",
    });
    await expect(store.connectSocket(connectOf(1, "/", rooms))).rejects.toThrow();

    expect(await store.loadSession(sid, { handshake: false })).toMatchObject({ sockets: [], joined: [] });
  });

  it("refuses half a surrogate pair as a key of data", async () => {
    await store.connectSocket(connectOf(1));
    const malformed = { code: "state.malformed_name" };
    const socketId = memberOf(1).socketId;

    await expect(
      store.saveSocket(sid, "/", socketId, { set: { "\ud83d": "1" }, remove: [], spent: [] }),
    ).rejects.toMatchObject(malformed);
    await expect(
      store.saveSocket(sid, "/", socketId, { set: {}, remove: [], spent: ["\ud83d"] }),
    ).rejects.toMatchObject(malformed);
    await expect(
      store.connectSocket(connectOf(1, "/", [], { data: { "\ude00": "1" } })),
    ).rejects.toMatchObject(malformed);
  });
}
