import { beforeEach, expect, it } from "vitest";
import type { Route } from "../../../lib/state/records.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import {
  collect,
  connectionRoute,
  connectOf,
  createOwnedClock,
  handshakeOf,
  memberOf,
  sessionOf,
  sidOf,
  START_MS,
} from "../fixtures.ts";

export function describeMembers(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
  });

  const membersOf = (room: string) => collect(store.listRoomMembers("/", room));
  const joinedOf = async (index: number) =>
    ((await store.loadSession(sidOf(index), { handshake: false }))?.joined ?? [])
      .map(({ room }) => room)
      .toSorted();

  it("joins and leaves rooms, each of them as often as it likes", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());

    await store.joinRooms("/", memberOf(1), ["a", "b", "c", "a"]);
    await store.joinRooms("/", memberOf(1), ["a", "b"]);
    await store.leaveRooms("/", sidOf(1), ["b"]);
    await store.leaveRooms("/", sidOf(1), ["b", "never joined", "b"]);

    expect(await joinedOf(1)).toEqual(["a", "c"]);
    expect(await membersOf("a")).toStrictEqual([memberOf(1)]);
    expect(await membersOf("b")).toEqual([]);
    expect(await membersOf("c")).toStrictEqual([memberOf(1)]);
  });

  it("does nothing for no rooms", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());

    await store.joinRooms("/", memberOf(1), []);
    await store.leaveRooms("/", sidOf(1), []);
    await store.deleteMemberships(sidOf(1), []);

    expect(await joinedOf(1)).toEqual([]);
  });

  it("tells when a room was joined, if that was said, the last time counting", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    await store.joinRooms("/", memberOf(1), ["a", "b"], START_MS);
    await store.joinRooms("/", memberOf(1), ["c"]);
    await store.joinRooms("/", memberOf(1), ["b"], START_MS + 1);
    const joinedAtMs = new Map([["d", START_MS + 2]]);
    await store.connectSocket({ ...connectOf(1, "/other", ["d", "e"]), joinedAtMs });

    const { joined } = (await store.loadSession(sidOf(1), { handshake: false }))!;
    expect(joined.toSorted((a, b) => (a.room < b.room ? -1 : 1))).toStrictEqual([
      { nsp: "/", room: "a", joinedAtMs: START_MS },
      { nsp: "/", room: "b", joinedAtMs: START_MS + 1 },
      { nsp: "/", room: "c" },
      { nsp: "/other", room: "d", joinedAtMs: START_MS + 2 },
      { nsp: "/other", room: "e" },
    ]);
  });

  it("tells of a socket's own room that it was left, and when it was joined anew", async () => {
    const { socketId } = memberOf(1);
    const ownRow = async () => (await store.loadSession(sidOf(1), { handshake: false }))?.joined;
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    await store.connectSocket(connectOf(1, "/", []));
    expect(await ownRow()).toEqual([]);

    await store.leaveRooms("/", sidOf(1), [socketId], socketId);
    expect(await ownRow()).toStrictEqual([{ nsp: "/", room: socketId, left: true }]);
    expect(await membersOf(socketId)).toEqual([]);

    await store.joinRooms("/", memberOf(1), [socketId], START_MS);
    expect(await ownRow()).toStrictEqual([{ nsp: "/", room: socketId, joinedAtMs: START_MS }]);
    expect(await membersOf(socketId)).toStrictEqual([memberOf(1)]);

    await store.leaveRooms("/", sidOf(1), [socketId]);
    expect(await ownRow()).toEqual([]);
  });

  it("tells the order within a millisecond, room by room from the rank of the first", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    await store.joinRooms("/", memberOf(1), ["c", "b", "a"], START_MS);
    await store.joinRooms("/", memberOf(1), ["e", "d"], START_MS, 3);
    const joinedAtMs = new Map(["g", "f"].map((room) => [room, START_MS]));
    await store.connectSocket({ ...connectOf(1, "/other", ["g", "f"]), joinedAtMs, firstRank: -2 });

    const { joined } = (await store.loadSession(sidOf(1), { handshake: false }))!;
    expect(joined.toSorted((a, b) => (a.room < b.room ? -1 : 1))).toStrictEqual([
      { nsp: "/", room: "a", joinedAtMs: START_MS, rank: 2 },
      { nsp: "/", room: "b", joinedAtMs: START_MS, rank: 1 },
      { nsp: "/", room: "c", joinedAtMs: START_MS },
      { nsp: "/", room: "d", joinedAtMs: START_MS, rank: 4 },
      { nsp: "/", room: "e", joinedAtMs: START_MS, rank: 3 },
      { nsp: "/other", room: "f", joinedAtMs: START_MS, rank: -1 },
      { nsp: "/other", room: "g", joinedAtMs: START_MS, rank: -2 },
    ]);
  });

  it("knows of its own room when it was joined, of a socket that connects in it anew", async () => {
    const { socketId } = memberOf(1);
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    const joinedAtMs = new Map(["a", socketId, "b"].map((room) => [room, START_MS]));

    await store.connectSocket({ ...connectOf(1, "/", [...joinedAtMs.keys()]), joinedAtMs });

    const { joined } = (await store.loadSession(sidOf(1), { handshake: false }))!;
    expect(joined.toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))).toStrictEqual([
      { nsp: "/", room: "a", joinedAtMs: START_MS },
      { nsp: "/", room: socketId, joinedAtMs: START_MS, rank: 1 },
      { nsp: "/", room: "b", joinedAtMs: START_MS, rank: 2 },
    ]);
    expect(await membersOf(socketId)).toStrictEqual([memberOf(1)]);
  });

  it("does not count a socket's own room among those it joined", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());

    await store.joinRooms("/", memberOf(1), [memberOf(1).socketId, memberOf(2).socketId]);

    expect(await joinedOf(1)).toEqual([memberOf(2).socketId]);
    expect(await membersOf(memberOf(1).socketId)).toEqual([memberOf(1)]);
  });

  it("replaces the member when it joins again by another route", async () => {
    const moved = memberOf(1, { route: connectionRoute("other="), protocol: 3 });

    await store.joinRooms("/", memberOf(1, { route: { kind: "out" } }), ["a"]);
    await store.joinRooms("/", moved, ["a"]);

    expect(await membersOf("a")).toStrictEqual([moved]);
  });

  it("lists a room in ascending order of sid, page by page", async () => {
    const members = Array.from({ length: 23 }, (_, index) => memberOf(index));
    store = await makeStore({ clock, pageLimit: 5 });
    for (const member of members) await store.joinRooms("/", member, ["a", `only ${member.sid}`]);

    const pages: number[] = [];
    const sids: string[] = [];
    for await (const page of store.listRoomMembers("/", "a")) {
      pages.push(page.length);
      sids.push(...page.map(({ sid }) => sid));
    }

    expect(sids).toEqual(members.map(({ sid }) => sid).toSorted());
    expect(pages).toEqual([5, 5, 5, 5, 3]);
  });

  it("lists a part of a room, or of a namespace, both ends included", async () => {
    const members = Array.from({ length: 23 }, (_, index) => memberOf(index));
    store = await makeStore({ clock, pageLimit: 5 });
    for (const [index, member] of members.entries()) {
      await store.connectSocket(connectOf(index));
      await store.joinRooms("/", member, ["a"]);
    }
    const sids = members.map(({ sid }) => sid).toSorted();
    const [first, last] = [sids[3]!, sids[17]!];
    const listPart = async (range: { from: string; upTo: string }, pageSize?: number) => {
      const part = { range, ...(pageSize === undefined ? {} : { pageSize }) };
      const everyone = await Promise.all(store.listNamespaceMembers("/", part).map(collect));
      const pages: string[][] = [];
      for await (const page of store.listRoomMembers("/", "a", part)) pages.push(page.map(({ sid }) => sid));
      expect(
        everyone
          .flat()
          .map(({ sid }) => sid)
          .toSorted(),
      ).toEqual(pages.flat());
      return pages;
    };

    expect((await listPart({ from: first, upTo: last })).flat()).toEqual(sids.slice(3, 18));
    expect((await listPart({ from: `${first}!`, upTo: "~" })).flat()).toEqual(sids.slice(4));
    expect(await listPart({ from: first, upTo: first })).toEqual([[first]]);
    expect((await listPart({ from: "!", upTo: "~" }, 3)).map(({ length }) => length)).toEqual([
      3, 3, 3, 3, 3, 3, 3, 2,
    ]);
    expect(await listPart({ from: "~", upTo: "~" })).toEqual([]);
  });

  it("lists more than fits into a megabyte", async () => {
    const route = connectionRoute("x".repeat(60_000));
    const members = Array.from({ length: 24 }, (_, index) => memberOf(index, { route }));
    await Promise.all(members.map((member) => store.joinRooms("/", member, ["a"])));

    const sids = (await membersOf("a")).map(({ sid }) => sid);

    expect(sids).toEqual(members.map(({ sid }) => sid).toSorted());
  });

  it("lists everyone in streams that share nobody, each in ascending order of sid", async () => {
    store = await makeStore({ clock, pageLimit: 4 });
    const indexes = Array.from({ length: 40 }, (_, index) => index);
    await Promise.all(indexes.map((index) => store.connectSocket(connectOf(index))));
    await store.connectSocket(connectOf(99, "/other"));

    const streams = await Promise.all(store.listNamespaceMembers("/").map((stream) => collect(stream)));

    for (const stream of streams)
      expect(stream.map(({ sid }) => sid)).toEqual(stream.map(({ sid }) => sid).toSorted());
    expect(
      streams
        .flat()
        .map(({ sid }) => sid)
        .toSorted(),
    ).toEqual(indexes.map((index) => sidOf(index)).toSorted());
  });

  it("reads on when a walk is left and taken up by another", async () => {
    store = await makeStore({ clock, pageLimit: 2 });
    for (let index = 0; index < 6; index++) await store.joinRooms("/", memberOf(index), ["a"]);

    for await (const page of store.listRoomMembers("/", "a")) {
      expect(page).toHaveLength(2);
      break;
    }

    expect(await membersOf("a")).toHaveLength(6);
  });

  it("forgets members that have expired, also when they fill whole pages", async () => {
    store = await makeStore({ clock, pageLimit: 2 });
    const young = sidOf(50, START_MS + 60_000);
    for (let index = 0; index < 9; index++) await store.connectSocket(connectOf(index, "/", ["a"]));
    await store.connectSocket({
      ...connectOf(50, "/", ["a"]),
      sid: young,
      member: memberOf(50, { sid: young }),
    });

    clock.set(sessionOf(sidOf(0)).expiresAtSeconds * 1000);

    expect((await membersOf("a")).map(({ sid }) => sid)).toEqual([young]);
    const streams = await Promise.all(store.listNamespaceMembers("/").map((stream) => collect(stream)));
    expect(streams.flat().map(({ sid }) => sid)).toEqual([young]);
    expect(await store.deleteMemberIfRoute("/", "a", sidOf(0), connectionRoute())).toBe(false);
  });

  const routes: readonly [string, Route, Route, boolean][] = [
    ["the connection that failed", connectionRoute("A="), connectionRoute("A="), true],
    ["another connection", connectionRoute("B="), connectionRoute("A="), false],
    ["its outbox by now", { kind: "out" }, connectionRoute("A="), false],
    ["a connection by now", connectionRoute("A="), { kind: "out" }, false],
    ["the outbox that failed", { kind: "out" }, { kind: "out" }, true],
    ["a connection named like an outbox", connectionRoute("o"), { kind: "out" }, false],
  ];
  it.each(routes)(
    "deletes a member whose route is %s: %j after %j, %s",
    async (_, route, failed, deleted) => {
      const connect = connectOf(1, "/", ["a"]);
      await store.createSession(sessionOf(sidOf(1)), handshakeOf());
      await store.connectSocket({ ...connect, member: { ...connect.member, route } });

      expect(await store.deleteMemberIfRoute("/", "a", sidOf(1), failed)).toBe(deleted);
      expect(await store.deleteMemberIfRoute("/", undefined, sidOf(1), failed)).toBe(deleted);

      const everyone = await Promise.all(store.listNamespaceMembers("/").map((stream) => collect(stream)));
      expect(await membersOf("a")).toHaveLength(deleted ? 0 : 1);
      expect(everyone.flat()).toHaveLength(deleted ? 0 : 1);
      expect(await membersOf(memberOf(1).socketId)).toHaveLength(1);
      expect(await joinedOf(1)).toEqual(["a"]);
    },
  );

  it("deletes no member that is not there", async () => {
    expect(await store.deleteMemberIfRoute("/", "a", sidOf(1), connectionRoute())).toBe(false);
    expect(await store.deleteMemberIfRoute("/", undefined, sidOf(1), connectionRoute())).toBe(false);
  });
}
