import { createHash } from "node:crypto";
import { isSid, openedAtMs, shardOf, type Sid } from "../../ids.ts";
import { StateError } from "../errors.ts";
import { requireInterval, requireNamespace, requireRoom, requireSid } from "../row-limits.ts";

/*
 * Every key of the table is built and read here. Sort keys are in the order in which a query returns them.
 *
 *   kind             pk                        sk                         read by
 *   session          s#<sid>                   0#session                  loadSession
 *   pending          s#<sid>                   1#pending                  loadSession
 *   socket           s#<sid>                   2#socket#<nsp>             loadSession
 *   joined           s#<sid>                   3#joined#<nsp><room>       loadSession
 *   auth             s#<sid>                   ~auth#<nsp>                loadSession, handshake: true
 *   handshake        s#<sid>                   ~handshake                 loadSession, handshake: true
 *   outbox           out#<sid>                 outbox                     readOutbox
 *   room-member      room#<nsp><room>          <sid>                      listRoomMembers
 *   namespace-member nsp#<nsp><shard>          <sid>                      listNamespaceMembers
 *   beat             beat#<interval>#<shard>   <phase>#<sid>              listBeats
 *   sweep            sweep                     <interval>                 listSweeps
 *
 * <nsp> and <room> carry their length, `5:lobby`, so that the end of one is never taken for the start of the next,
 * whatever characters a client chose. A room over 200 bytes is `#` and its SHA-256, for a sort key ends at 1024 bytes.
 * <interval> and <phase> are milliseconds in ten digits, so that they sort as numbers.
 */

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** A room as its key tells it: the name, or the digest of a long one, whose row then has the name as an attribute. */
export type RoomPart = { readonly name: string } | { readonly digest: string };

/** What a key says. */
export type Identity =
  | { readonly kind: "session" | "pending" | "handshake" | "outbox"; readonly sid: Sid }
  | { readonly kind: "socket" | "auth"; readonly sid: Sid; readonly nsp: string }
  | {
      readonly kind: "joined" | "room-member";
      readonly sid: Sid;
      readonly nsp: string;
      readonly room: RoomPart;
    }
  | { readonly kind: "namespace-member"; readonly sid: Sid; readonly nsp: string; readonly shard: number }
  | {
      readonly kind: "beat";
      readonly sid: Sid;
      readonly pingIntervalMs: number;
      readonly phaseMs: number;
      readonly shard: number;
    }
  | { readonly kind: "sweep"; readonly pingIntervalMs: number };

/** A namespace takes a write for each connect and is read whole: few shards, so that reading it stays few queries. */
export const NAMESPACE_SHARDS = 4;
/** Sorts behind whatever a turn reads each time, and before what a warm instance remembers. */
export const HANDSHAKE_BOUNDARY = "~";
export const SWEEP_PARTITION = "sweep";

const OUTBOX_SORT_KEY = "outbox";
const MAX_PLAIN_BYTES = 200;
const MS_DIGITS = 10;

/** A partition of DynamoDB takes 1000 writes a second, one a pong. Short intervals are for the local runtime. */
export const beatShards = (pingIntervalMs: number): number => (pingIntervalMs >= 25_000 ? 8 : 1);

export const sessionPartition = (sid: Sid): string => `s#${requireSid(sid)}`;
export const sessionKey = (sid: Sid): Key => ({ pk: sessionPartition(sid), sk: "0#session" });
export const pendingKey = (sid: Sid): Key => ({ pk: sessionPartition(sid), sk: "1#pending" });
export const socketKey = (sid: Sid, nsp: string): Key => ({
  pk: sessionPartition(sid),
  sk: `2#socket#${toNamespacePart(nsp)}`,
});
export const joinedKey = (sid: Sid, nsp: string, room: string): Key => ({
  pk: sessionPartition(sid),
  sk: `3#joined#${toNamespacePart(nsp)}${toRoomPart(room)}`,
});
export const authKey = (sid: Sid, nsp: string): Key => ({
  pk: sessionPartition(sid),
  sk: `~auth#${toNamespacePart(nsp)}`,
});
export const handshakeKey = (sid: Sid): Key => ({ pk: sessionPartition(sid), sk: "~handshake" });

/** A partition of its own: every recipient's message writes here, and no turn reads it. */
export const outboxKey = (sid: Sid): Key => ({ pk: `out#${requireSid(sid)}`, sk: OUTBOX_SORT_KEY });

export const roomPartition = (nsp: string, room: string): string =>
  `room#${toNamespacePart(nsp)}${toRoomPart(room)}`;
export const roomMemberKey = (nsp: string, room: string, sid: Sid): Key => ({
  pk: roomPartition(nsp, room),
  sk: requireSid(sid),
});

export const namespacePartition = (nsp: string, shard: number): string =>
  `nsp#${toNamespacePart(nsp)}${shard}`;
export const namespaceMemberKey = (nsp: string, sid: Sid): Key => ({
  pk: namespacePartition(nsp, shardOf(requireSid(sid), NAMESPACE_SHARDS)),
  sk: sid,
});

export const beatPartition = (pingIntervalMs: number, shard: number): string =>
  `beat#${toDigits(requireInterval(pingIntervalMs))}#${shard}`;
export const beatKey = (sid: Sid, pingIntervalMs: number): Key => ({
  pk: beatPartition(pingIntervalMs, shardOf(requireSid(sid), beatShards(pingIntervalMs))),
  sk: `${toDigits(openedAtMs(sid) % pingIntervalMs)}#${sid}`,
});
/**
 * The ends of a range of phases for BETWEEN, which includes both: `to` itself is shorter than any key of that phase,
 * sorts before them all, and so leaves them out.
 */
export const beatRange = (fromPhaseMs: number, toPhaseMs: number) => ({
  from: toDigits(fromPhaseMs),
  to: toDigits(toPhaseMs),
});

export const sweepKey = (pingIntervalMs: number): Key => ({
  pk: SWEEP_PARTITION,
  sk: toDigits(requireInterval(pingIntervalMs)),
});

/** True when the key of a room does not hold its name, so that its row must. */
export const isHashed = (room: string): boolean => Buffer.byteLength(room) > MAX_PLAIN_BYTES;

/** Reads any key that a builder above has made. Throws `state.malformed_key` for every other one. */
export function parseKey({ pk, sk }: Key): Identity {
  const identity = parsePartition(pk, sk);
  if (identity !== undefined) return identity;
  throw new StateError("state.malformed_key", "expected a key of this table, got one of another shape", {
    kind: pk.slice(0, pk.indexOf("#") + 1),
  });
}

function parsePartition(pk: string, sk: string): Identity | undefined {
  if (pk.startsWith("s#")) return parseSessionRow(pk.slice(2), sk);
  if (pk === SWEEP_PARTITION) {
    const pingIntervalMs = fromDigits(sk);
    return pingIntervalMs === undefined ? undefined : { kind: "sweep", pingIntervalMs };
  }
  if (pk.startsWith("out#")) {
    const sid = pk.slice(4);
    return isSid(sid) && sk === OUTBOX_SORT_KEY ? { kind: "outbox", sid } : undefined;
  }
  if (pk.startsWith("beat#")) return parseBeat(pk, sk);
  if (!isSid(sk)) return undefined;
  if (pk.startsWith("room#")) return parseRoom("room-member", sk, pk.slice(5));
  const nsp = pk.startsWith("nsp#") ? fromName(pk.slice(4)) : undefined;
  if (nsp === undefined || !/^[0-9]$/.test(nsp.rest)) return undefined;
  return { kind: "namespace-member", sid: sk, nsp: nsp.name, shard: Number(nsp.rest) };
}

function parseSessionRow(sid: string, sk: string): Identity | undefined {
  if (!isSid(sid)) return undefined;
  if (sk === "0#session") return { kind: "session", sid };
  if (sk === "1#pending") return { kind: "pending", sid };
  if (sk === "~handshake") return { kind: "handshake", sid };
  if (sk.startsWith("3#joined#")) return parseRoom("joined", sid, sk.slice(9));
  const kind = sk.startsWith("2#socket#") ? "socket" : sk.startsWith("~auth#") ? "auth" : undefined;
  const nsp = kind && fromName(sk.slice(sk.lastIndexOf("#", kind === "socket" ? 8 : 5) + 1));
  return kind && nsp && nsp.rest === "" ? { kind, sid, nsp: nsp.name } : undefined;
}

function parseRoom(kind: "joined" | "room-member", sid: Sid, parts: string): Identity | undefined {
  const nsp = fromName(parts);
  if (nsp === undefined) return undefined;
  if (/^#[A-Za-z0-9_-]{43}$/.test(nsp.rest))
    return { kind, sid, nsp: nsp.name, room: { digest: nsp.rest.slice(1) } };
  const room = fromName(nsp.rest);
  return room?.rest === "" ? { kind, sid, nsp: nsp.name, room: { name: room.name } } : undefined;
}

function parseBeat(pk: string, sk: string): Identity | undefined {
  const [, interval, shard] = /^beat#(\d+)#(\d)$/.exec(pk) ?? [];
  const [, phase, sid] = /^(\d+)#(.*)$/s.exec(sk) ?? [];
  const pingIntervalMs = fromDigits(interval);
  const phaseMs = fromDigits(phase);
  if (pingIntervalMs === undefined || phaseMs === undefined || !isSid(sid)) return undefined;
  return { kind: "beat", sid, pingIntervalMs, phaseMs, shard: Number(shard) };
}

const toNamespacePart = (nsp: string): string => toName(requireNamespace(nsp));
const toRoomPart = (room: string): string =>
  isHashed(requireRoom(room)) ? `#${createHash("sha256").update(room).digest("base64url")}` : toName(room);

const toName = (name: string): string => `${name.length}:${name}`;

function fromName(text: string): { name: string; rest: string } | undefined {
  const [prefix, digits] = /^(0|[1-9]\d{0,2}):/.exec(text) ?? [];
  if (prefix === undefined) return undefined;
  const end = prefix.length + Number(digits);
  return end > text.length ? undefined : { name: text.slice(prefix.length, end), rest: text.slice(end) };
}

const toDigits = (ms: number): string => String(ms).padStart(MS_DIGITS, "0");
const fromDigits = (digits: string | undefined): number | undefined =>
  digits !== undefined && /^\d{10}$/.test(digits) ? Number(digits) : undefined;
