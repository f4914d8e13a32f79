import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toSid, type Sid } from "../../../lib/ids.ts";
import {
  authKey,
  beatKey,
  beatRange,
  beatShards,
  handshakeKey,
  isHashed,
  joinedKey,
  namespaceMemberKey,
  outboxKey,
  parseKey,
  pendingKey,
  roomMemberKey,
  sessionKey,
  socketKey,
  sweepKey,
  type Identity,
  type Key,
} from "../../../lib/state/dynamo/keys.ts";
import { MAX_INTERVAL_MS, MAX_NAMESPACE_BYTES, MAX_ROOM_BYTES } from "../../../lib/state/row-limits.ts";
import { sidOf } from "../fixtures.ts";

type Row =
  | { kind: "session" | "pending" | "handshake" | "outbox"; sid: Sid }
  | { kind: "socket" | "auth" | "namespace-member"; sid: Sid; nsp: string }
  | { kind: "joined" | "room-member"; sid: Sid; nsp: string; room: string }
  | { kind: "beat"; sid: Sid; pingIntervalMs: number }
  | { kind: "sweep"; pingIntervalMs: number };

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
      return joinedKey(row.sid, row.nsp, row.room);
    case "room-member":
      return roomMemberKey(row.nsp, row.room, row.sid);
    case "namespace-member":
      return namespaceMemberKey(row.nsp, row.sid);
    case "beat":
      return beatKey(row.sid, row.pingIntervalMs);
    case "sweep":
      return sweepKey(row.pingIntervalMs);
  }
}

/** What a parsed key says of the row, in the row's own words. */
const toRow = (identity: Identity): object => {
  const { shard: _shard, phaseMs: _phaseMs, ...rest } = { shard: 0, phaseMs: 0, ...identity };
  return "room" in rest && "name" in rest.room ? { ...rest, room: rest.room.name } : rest;
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
const pingIntervalMs = fc.oneof(
  fc.constantFrom(1000, 25_000, 240_000),
  fc.integer({ min: 1, max: MAX_INTERVAL_MS }),
);
const row: fc.Arbitrary<Row> = fc.oneof(
  fc.record({ kind: fc.constantFrom("session", "pending", "handshake", "outbox"), sid }),
  fc.record({ kind: fc.constantFrom("socket", "auth", "namespace-member"), sid, nsp }),
  fc.record({ kind: fc.constantFrom("joined", "room-member"), sid, nsp, room }),
  fc.record({ kind: fc.constant("beat"), sid, pingIntervalMs }),
  fc.record({ kind: fc.constant("sweep"), pingIntervalMs }),
);
const options = { seed: 20260314, numRuns: 2000 };

describe("keys", () => {
  it("are parsed back to what they were built from", () => {
    fc.assert(
      fc.property(row, (each) => {
        const parsed = toRow(parseKey(build(each)));
        const { room: name, ...rest } = { room: "", ...each };
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
        const isMadeUp = "shard" in identity || ("room" in identity && "digest" in identity.room);
        if (!isMadeUp) expect(build(toRow(identity) as Row)).toEqual(key);
      }),
      options,
    );
  });

  it.each<[string, Key]>([
    ["a name that ends early", { pk: `s#${sidOf(1)}`, sk: "2#socket#5:/cha" }],
    ["a name that goes on", { pk: `s#${sidOf(1)}`, sk: "2#socket#5:/chats" }],
    ["a room with no length", { pk: `s#${sidOf(1)}`, sk: "3#joined#5:/chatlobby" }],
    ["an outbox of no session", { pk: "out#somebody", sk: "outbox" }],
    ["something else of an outbox", { pk: `out#${sidOf(1)}`, sk: "later" }],
    ["an unknown kind", { pk: `s#${sidOf(1)}`, sk: "4#later" }],
    ["a member that is no session", { pk: "room#1:/1:a", sk: "somebody" }],
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
