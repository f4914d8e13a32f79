import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createOffset,
  toSid,
  toSocketId,
  type Offset,
  type Pid,
  type Sid,
  type SocketId,
} from "../../../lib/ids.ts";
import { isHashed } from "../../../lib/state/dynamo/key-parts.ts";
import {
  ackKey,
  authKey,
  beatKey,
  beatRange,
  beatShards,
  childKey,
  DEPLOYMENT_KEY,
  handshakeKey,
  joinedKey,
  leaseKey,
  logEndKey,
  logKey,
  namespaceMemberKey,
  outboxKey,
  ownedKey,
  PACE_KEY,
  pendingKey,
  pidKey,
  pollersKey,
  ROOM_SHARDS,
  roomMemberKey,
  roomShardsKey,
  sessionKey,
  sharedKey,
  socketKey,
  sweepKey,
  type Key,
} from "../../../lib/state/dynamo/keys.ts";
import { parseKey, type Identity } from "../../../lib/state/dynamo/parse-key.ts";
import {
  MAX_INTERVAL_MS,
  MAX_MAP_BYTES,
  MAX_NAMESPACE_BYTES,
  MAX_ROOM_BYTES,
  MAX_SHARED_KEY_BYTES,
} from "../../../lib/state/row-limits.ts";
import { sidOf, socketIdOf } from "../fixtures.ts";

type Row =
  | { kind: "session" | "pending" | "handshake" | "outbox" | "lease"; sid: Sid }
  | { kind: "socket" | "auth" | "namespace-member"; sid: Sid; nsp: string }
  | { kind: "joined" | "room-member"; sid: Sid; nsp: string; room: string; shard: number }
  | { kind: "room-shards"; nsp: string; room: string }
  | { kind: "beat"; sid: Sid; pingIntervalMs: number }
  | { kind: "sweep"; pingIntervalMs: number }
  | { kind: "ack"; ackId: number; sid: Sid }
  | { kind: "pid"; pid: Pid }
  | { kind: "log" | "log-end"; nsp: string; room: string | undefined; offset: Offset }
  | { kind: "child"; parent: string; child: string }
  | { kind: "deployment" | "pace" }
  | { kind: "pollers"; span: number }
  | { kind: "shared"; map: string; key: string }
  | { kind: "owned"; sid: Sid; socketId: SocketId; map: string; key: string };

function build(row: Row): Key {
  switch (row.kind) {
    case "session":
      return sessionKey(row.sid);
    case "pending":
      return pendingKey(row.sid);
    case "handshake":
      return handshakeKey(row.sid);
    case "outbox":
      return outboxKey(row.sid);
    case "socket":
      return socketKey(row.sid, row.nsp);
    case "auth":
      return authKey(row.sid, row.nsp);
    case "joined":
      return joinedKey(row.sid, row.nsp, row.room, row.shard);
    case "room-member":
      return roomMemberKey(row.nsp, row.room, row.sid, row.shard);
    case "room-shards":
      return roomShardsKey(row.nsp, row.room);
    case "namespace-member":
      return namespaceMemberKey(row.nsp, row.sid);
    case "beat":
      return beatKey(row.sid, row.pingIntervalMs);
    case "sweep":
      return sweepKey(row.pingIntervalMs);
    case "lease":
      return leaseKey(row.sid);
    case "ack":
      return ackKey(row.ackId, row.sid);
    case "pid":
      return pidKey(row.pid);
    case "log":
      return logKey(row);
    case "log-end":
      return logEndKey(row);
    case "child":
      return childKey(row.parent, row.child);
    case "shared":
      return sharedKey(row);
    case "owned":
      return ownedKey(row.sid, row);
    case "deployment":
      return DEPLOYMENT_KEY;
    case "pace":
      return PACE_KEY;
    case "pollers":
      return pollersKey(row.span);
  }
}

/** What a parsed key says of the row, in the row's own words. */
const toRow = (identity: Identity): object => {
  const { shard, phaseMs: _phaseMs, ...others } = { shard: 0, phaseMs: 0, ...identity };
  // That of a namespace or a beat follows from the session; a room has to say.
  const isSaid = identity.kind === "joined" || identity.kind === "room-member";
  const rest = { ...others, ...(isSaid ? { shard } : {}) };
  return "room" in rest && rest.room !== undefined && "name" in rest.room
    ? { ...rest, room: rest.room.name }
    : rest;
};

/** Few characters, and those that keys are made of, so that names come close to each other. */
const nameOf = (maxBytes: number) =>
  fc
    .oneof(
      fc.string({ unit: fc.constantFrom("/", "a", "#", ":", "0", "1", "2", "~", "é"), maxLength: 8 }),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ unit: fc.constantFrom("a", "é", "😀"), minLength: 40, maxLength: 300 }),
    )
    .filter((name) => Buffer.byteLength(name) <= maxBytes);
const sid = fc.oneof(
  fc.constantFrom(sidOf(1), sidOf(2)),
  fc.string({ unit: fc.constantFrom(..."AZaz09-_"), minLength: 20, maxLength: 20 }).map(toSid),
);
const nsp = nameOf(MAX_NAMESPACE_BYTES);
const room = nameOf(MAX_ROOM_BYTES);
const socketId = fc.constantFrom(socketIdOf(1), toSocketId("/admin#szCOXzHB0f5jTgjMgg2V"));
const map = nameOf(MAX_MAP_BYTES);
const key = nameOf(MAX_SHARED_KEY_BYTES);
const pingIntervalMs = fc.oneof(
  fc.constantFrom(1000, 25_000, 240_000),
  fc.integer({ min: 1, max: MAX_INTERVAL_MS }),
);
const offset = fc.nat().map((atMs) => createOffset(atMs));
const row: fc.Arbitrary<Row> = fc.oneof(
  fc.record({ kind: fc.constantFrom("session", "pending", "handshake", "outbox", "lease"), sid }),
  fc.record({ kind: fc.constantFrom("socket", "auth", "namespace-member"), sid, nsp }),
  fc.record({
    kind: fc.constantFrom("joined", "room-member"),
    sid,
    nsp,
    room,
    shard: fc.nat(ROOM_SHARDS),
  }),
  fc.record({ kind: fc.constant("room-shards"), nsp, room }),
  fc.record({ kind: fc.constant("beat"), sid, pingIntervalMs }),
  fc.record({ kind: fc.constant("sweep"), pingIntervalMs }),
  fc.record({ kind: fc.constant("ack"), ackId: fc.maxSafeNat(), sid }),
  fc.record({ kind: fc.constant("pid"), pid: sid.map((text) => text as string as Pid) }),
  fc.record({
    kind: fc.constantFrom("log", "log-end"),
    nsp,
    room: fc.option(room, { nil: undefined }),
    offset,
  }),
  fc.record({ kind: fc.constant("child"), parent: nsp, child: nsp }),
  fc.record({ kind: fc.constant("shared"), map, key }),
  fc.record({ kind: fc.constant("owned"), sid, socketId, map, key }),
  fc.record({ kind: fc.constantFrom("deployment", "pace") }),
  fc.record({ kind: fc.constant("pollers"), span: fc.nat(MAX_INTERVAL_MS) }),
);
const options = { seed: 20260314, numRuns: 2000 };

describe("keys", () => {
  it("are parsed back to what they were built from", () => {
    fc.assert(
      fc.property(row, (each) => {
        const parsed = toRow(parseKey(build(each)));
        const { room: name = "", ...rest } = { room: "", ...each };
        if (isHashed(name)) expect(parsed).toMatchObject({ ...rest, room: { digest: expect.any(String) } });
        else expect(parsed).toEqual(each);
      }),
      options,
    );
  });

  it("of different rows differ", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(row, { selector: (each) => JSON.stringify(each), maxLength: 20 }),
        (rows) => {
          const keys = rows.map((each) => JSON.stringify(build(each)));
          const identities = rows.map((each) => JSON.stringify(Object.entries(each).toSorted()));
          expect(new Set(keys).size).toBe(new Set(identities).size);
        },
      ),
      { ...options, numRuns: 500 },
    );
  });

  it("fit into what DynamoDB takes", () => {
    fc.assert(
      fc.property(row, (each) => {
        const { pk, sk } = build(each);
        expect(Buffer.byteLength(pk)).toBeLessThanOrEqual(2048);
        expect(Buffer.byteLength(sk)).toBeLessThanOrEqual(1024);
        expect(sk).not.toBe("");
      }),
      options,
    );
  });

  it("are read by one row's parser or refused with a code", () => {
    const part = fc.oneof(
      row.map((each) => build(each).pk),
      row.map((each) => build(each).sk),
      fc.string({ unit: fc.constantFrom("s", "#", ":", "0", "1", "2", "9", "~", "a"), maxLength: 12 }),
    );
    fc.assert(
      fc.property(part, part, fc.nat(40), (pk, sk, cut) => {
        const key = { pk, sk: sk.slice(0, cut) };
        let identity: Identity;
        try {
          identity = parseKey(key);
        } catch (error) {
          expect(error).toMatchObject({ name: "StateError", code: "state.malformed_key" });
          return;
        }
        // Shards and phases follow from the sid and digests from the name: a made-up pair need not agree on them.
        const isMadeUp =
          "shard" in identity ||
          ("room" in identity && identity.room !== undefined && "digest" in identity.room);
        if (!isMadeUp) expect(build(toRow(identity) as Row)).toEqual(key);
      }),
      options,
    );
  });

  it.each<[string, Key]>([
    ["a name that ends early", { pk: `s#${sidOf(1)}`, sk: "2#socket#5:/cha" }],
    ["a name that goes on", { pk: `s#${sidOf(1)}`, sk: "2#socket#5:/chats" }],
    ["a room with no length", { pk: `s#${sidOf(1)}`, sk: "3#joined#5:/chatlobby" }],
    ["an answer of no id", { pk: "ack#", sk: sidOf(1) }],
    ["an answer of an id with a zero in front", { pk: "ack#07", sk: sidOf(1) }],
    ["an answer of an id beyond all numbers", { pk: "ack#9007199254740992", sk: sidOf(1) }],
    ["an answer of nobody", { pk: "ack#7", sk: "somebody" }],
    ["a private id that is none", { pk: "pid#somebody", sk: "pid" }],
    ["something else of a private id", { pk: `pid#${sidOf(1)}`, sk: "later" }],
    ["a lease of no session", { pk: "lease#somebody", sk: "lease" }],
    ["a log of no room", { pk: "log#1:/", sk: "0mmq4g51x-0000-00000000" }],
    ["a log of everyone and more", { pk: "log#1:/*a", sk: "0mmq4g51x-0000-00000000" }],
    ["a packet at no offset", { pk: "log#1:/*", sk: "0mmq4g51x-" }],
    ["a packet that ends twice", { pk: "log#1:/*", sk: "0mmq4g51x-0000-00000000~~" }],
    ["a child of no parent", { pk: "children#/", sk: "1:/" }],
    ["a child that goes on", { pk: "children#1:/", sk: "1:/a" }],
    ["pollers of no span", { pk: "pollers", sk: "now" }],
    ["another pace", { pk: "pace", sk: "later" }],
    ["another deployment", { pk: "deployment", sk: "later" }],
    ["an outbox of no session", { pk: "out#somebody", sk: "outbox" }],
    ["something else of an outbox", { pk: `out#${sidOf(1)}`, sk: "later" }],
    ["an unknown kind", { pk: `s#${sidOf(1)}`, sk: "4#later" }],
    ["a member that is no session", { pk: "room#1:/1:a", sk: "somebody" }],
    ["a member of a tenth shard", { pk: "room#1:/1:a#10", sk: sidOf(1) }],
    ["a mark that is not in a first shard", { pk: "room#1:/1:a#1", sk: "!" }],
    ["a phase of nine digits", { pk: "beat#0000001000#0", sk: `000000589#${sidOf(1)}` }],
    ["an interval that is none", { pk: "sweep", sk: "daily" }],
    ["nothing", { pk: "", sk: "" }],
  ])("with %s are refused", (_, key) => {
    expect(() => parseKey(key)).toThrow(expect.objectContaining({ code: "state.malformed_key" }));
  });

  it("sort a session's rows: itself, pending, sockets, joined, and what is immutable last", () => {
    const keys = [
      sessionKey(sidOf(1)),
      pendingKey(sidOf(1)),
      socketKey(sidOf(1), "/~"),
      joinedKey(sidOf(1), "/~", "~"),
    ].map(({ sk }) => sk);
    const immutable = [authKey(sidOf(1), "/"), handshakeKey(sidOf(1))].map(({ sk }) => sk);

    expect([...keys, ...immutable].toSorted()).toEqual([...keys, ...immutable]);
    expect(keys.every((sk) => sk < "~")).toBe(true);
    expect(immutable.every((sk) => sk > "~")).toBe(true);
  });

  it("of packets sort by offset, each with its end right behind it, from wherever a list begins", () => {
    const place = { nsp: "/", room: undefined };
    const offsets = [1, 1, 2, 1_773_480_413_589].map((atMs) => createOffset(atMs));
    const keys = offsets.flatMap((each) => [
      logKey({ ...place, offset: each }).sk,
      logEndKey({ ...place, offset: each }).sk,
    ]);

    expect(keys.toSorted()).toEqual(keys);
    for (const [index, each] of offsets.entries())
      expect(keys.filter((sk) => sk >= each)).toEqual(keys.slice(2 * index));
  });

  it("of beats lie in the range of their phase and in no other", () => {
    fc.assert(
      fc.property(sid, pingIntervalMs, fc.nat(), fc.nat(), (each, intervalMs, a, b) => {
        const [from = 0, to = 0] = [a % (intervalMs + 1), b % (intervalMs + 1)].toSorted((x, y) => x - y);
        const key = beatKey(each, intervalMs);
        const identity = parseKey(key);
        const phaseMs = identity.kind === "beat" ? identity.phaseMs : -1;
        const range = beatRange(from, to);
        expect(range.from <= key.sk && key.sk <= range.to).toBe(from <= phaseMs && phaseMs < to);
        expect(identity).toMatchObject({
          shard: expect.toSatisfy((shard: number) => shard < beatShards(intervalMs)),
        });
      }),
      options,
    );
  });
});
