import { isOffset, isPid, isSid, type Offset, type Pid, type Sid, type SocketId } from "../../ids.ts";
import { StateError } from "../errors.ts";
import {
  fromDigits,
  fromName,
  fromRoomPart,
  fromShardedPart,
  fromWhole,
  type RoomPart,
} from "./key-parts.ts";
import {
  DEPLOYMENT_KEY,
  EVERYONE,
  LEASE_SORT_KEY,
  LIVE_PARTITION,
  LOG_END,
  OUTBOX_SORT_KEY,
  PACE_KEY,
  PID_SORT_KEY,
  POLLERS_PARTITION,
  ROOM_COUNT_SORT_KEY,
  ROOM_SHARDS_SORT_KEY,
  SHARED_KEY_MARK,
  STROKES,
  SWEEP_PARTITION,
  type Key,
} from "./keys.ts";

/** Reads any key that a builder of `keys.ts` has made. Throws `state.malformed_key` for every other one. */
export function parseKey({ pk, sk }: Key): Identity {
  const identity = parsePartition(pk, sk);
  if (identity !== undefined) return identity;
  throw new StateError("state.malformed_key", "expected a key of this table, got one of another shape", {
    kind: pk.slice(0, pk.indexOf("#") + 1),
  });
}

/** What a key says. */
export type Identity =
  | { readonly kind: "session" | "pending" | "handshake" | "outbox" | "lease"; readonly sid: Sid }
  | { readonly kind: "socket" | "auth"; readonly sid: Sid; readonly nsp: string }
  | {
      readonly kind: "joined" | "room-member";
      readonly sid: Sid;
      readonly nsp: string;
      readonly room: RoomPart;
      readonly shard: number;
    }
  | { readonly kind: "room-shards"; readonly nsp: string; readonly room: RoomPart }
  | { readonly kind: "namespace-member"; readonly sid: Sid; readonly nsp: string; readonly shard: number }
  | {
      readonly kind: "beat";
      readonly sid: Sid;
      readonly pingIntervalMs: number;
      readonly phaseMs: number;
      readonly shard: number;
    }
  | { readonly kind: "sweep"; readonly pingIntervalMs: number }
  | { readonly kind: "ack"; readonly ackId: number; readonly sid: Sid }
  | { readonly kind: "pid"; readonly pid: Pid }
  | {
      readonly kind: "log" | "log-end";
      readonly nsp: string;
      /** Undefined: everyone. */
      readonly room: RoomPart | undefined;
      readonly offset: Offset;
    }
  | { readonly kind: "child"; readonly parent: string; readonly child: string }
  | { readonly kind: "room-count"; readonly nsp: string; readonly room: RoomPart }
  | { readonly kind: "room-note"; readonly letterId: string; readonly place: string }
  | { readonly kind: "live"; readonly name: string; readonly key: string | undefined }
  | { readonly kind: "strokes"; readonly letterId: string }
  | { readonly kind: "deployment" | "pace" }
  | { readonly kind: "pollers"; readonly span: number }
  | { readonly kind: "shared"; readonly map: string; readonly key: string }
  | {
      readonly kind: "owned";
      readonly sid: Sid;
      readonly socketId: SocketId;
      readonly map: string;
      readonly key: string;
    };

function parsePartition(pk: string, sk: string): Identity | undefined {
  if (pk.startsWith("s#")) return parseSessionRow(pk.slice(2), sk);
  if (pk === SWEEP_PARTITION) {
    const pingIntervalMs = fromDigits(sk);
    return pingIntervalMs === undefined ? undefined : { kind: "sweep", pingIntervalMs };
  }
  if (pk === POLLERS_PARTITION) {
    const span = fromDigits(sk);
    return span === undefined ? undefined : { kind: "pollers", span };
  }
  if (pk === LIVE_PARTITION) return parseLive(sk);
  if (pk.startsWith(`${STROKES}#`) && sk === STROKES) return { kind: "strokes", letterId: pk.slice(8) };
  if (pk === PACE_KEY.pk) return sk === PACE_KEY.sk ? { kind: "pace" } : undefined;
  if (pk === DEPLOYMENT_KEY.pk) return sk === DEPLOYMENT_KEY.sk ? { kind: "deployment" } : undefined;
  if (pk.startsWith("out#") && sk === OUTBOX_SORT_KEY) return parseSingle("outbox", pk.slice(4));
  if (pk.startsWith("lease#") && sk === LEASE_SORT_KEY) return parseSingle("lease", pk.slice(6));
  if (pk.startsWith("pid#") && sk === PID_SORT_KEY) {
    const pid = pk.slice(4);
    return isPid(pid) ? { kind: "pid", pid } : undefined;
  }
  if (pk.startsWith("beat#")) return parseBeat(pk, sk);
  if (pk.startsWith("log#")) return parseLog(pk.slice(4), sk);
  if (pk.startsWith("children#")) {
    const [parent, child] = [fromName(pk.slice(9)), fromName(sk)];
    return parent?.rest === "" && child?.rest === ""
      ? { kind: "child", parent: parent.name, child: child.name }
      : undefined;
  }
  if (pk.startsWith("count#") && sk === ROOM_COUNT_SORT_KEY) {
    const nsp = fromName(pk.slice(6));
    const room = nsp && fromRoomPart(nsp.rest);
    return nsp && room && { kind: "room-count", nsp: nsp.name, room };
  }
  if (pk.startsWith("notes#") && /^\d{15}#\d{9}$/.test(sk))
    return { kind: "room-note", letterId: pk.slice(6), place: sk };
  if (pk.startsWith("shared#")) {
    const map = fromName(pk.slice(7));
    return map?.rest === "" && sk.startsWith(SHARED_KEY_MARK)
      ? { kind: "shared", map: map.name, key: sk.slice(1) }
      : undefined;
  }
  if (pk.startsWith("room#") && sk === ROOM_SHARDS_SORT_KEY) {
    const nsp = fromName(pk.slice(5));
    const room = nsp && fromRoomPart(nsp.rest);
    return nsp && room && { kind: "room-shards", nsp: nsp.name, room };
  }
  if (!isSid(sk)) return undefined;
  if (pk.startsWith("room#")) return parseRoom("room-member", sk, pk.slice(5));
  if (pk.startsWith("ack#")) {
    const ackId = fromWhole(pk.slice(4));
    return ackId === undefined ? undefined : { kind: "ack", ackId, sid: sk };
  }
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
  if (sk.startsWith("4#owned#")) return parseOwned(sid, sk.slice(8));
  const kind = sk.startsWith("2#socket#") ? "socket" : sk.startsWith("~auth#") ? "auth" : undefined;
  const nsp = kind && fromName(sk.slice(sk.lastIndexOf("#", kind === "socket" ? 8 : 5) + 1));
  return kind && nsp && nsp.rest === "" ? { kind, sid, nsp: nsp.name } : undefined;
}

const parseSingle = (kind: "outbox" | "lease", sid: string): Identity | undefined =>
  isSid(sid) ? { kind, sid } : undefined;

function parseRoom(kind: "joined" | "room-member", sid: Sid, parts: string): Identity | undefined {
  const nsp = fromName(parts);
  const part = nsp && fromShardedPart(nsp.rest);
  return nsp && part && { kind, sid, nsp: nsp.name, ...part };
}

function parseOwned(sid: Sid, parts: string): Identity | undefined {
  const owner = fromName(parts);
  const map = owner && fromName(owner.rest);
  if (owner === undefined || !map?.rest.startsWith(SHARED_KEY_MARK)) return undefined;
  return { kind: "owned", sid, socketId: owner.name as SocketId, map: map.name, key: map.rest.slice(1) };
}

function parseLive(sk: string): Identity | undefined {
  const value = fromName(sk);
  if (value === undefined) return undefined;
  const { name, rest } = value;
  if (rest === "") return { kind: "live", name, key: undefined };
  return rest.startsWith(SHARED_KEY_MARK) ? { kind: "live", name, key: rest.slice(1) } : undefined;
}

function parseLog(parts: string, sk: string): Identity | undefined {
  const nsp = fromName(parts);
  if (nsp === undefined) return undefined;
  const isEnd = sk.endsWith(LOG_END);
  const offset = isEnd ? sk.slice(0, -LOG_END.length) : sk;
  const room = nsp.rest === EVERYONE ? undefined : fromRoomPart(nsp.rest);
  if (!isOffset(offset) || (room === undefined && nsp.rest !== EVERYONE)) return undefined;
  return { kind: isEnd ? "log-end" : "log", nsp: nsp.name, room, offset };
}

function parseBeat(pk: string, sk: string): Identity | undefined {
  const [, interval, shard] = /^beat#(\d+)#(\d)$/.exec(pk) ?? [];
  const [, phase, sid] = /^(\d+)#(.*)$/s.exec(sk) ?? [];
  const pingIntervalMs = fromDigits(interval);
  const phaseMs = fromDigits(phase);
  if (pingIntervalMs === undefined || phaseMs === undefined || !isSid(sid)) return undefined;
  return { kind: "beat", sid, pingIntervalMs, phaseMs, shard: Number(shard) };
}
