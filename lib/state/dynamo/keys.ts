import {
  isOffset,
  isPid,
  isSid,
  openedAtMs,
  shardOf,
  type Offset,
  type Pid,
  type Sid,
  type SocketId,
} from "../../ids.ts";
import { StateError } from "../errors.ts";
import type { LivePlace } from "../live/live-store.ts";
import type { LogPlace } from "../recovery-store.ts";
import {
  requireInterval,
  requireLivePlace,
  requireOffset,
  requirePid,
  requireSharedKey,
  requireSid,
} from "../row-limits.ts";
import type { OwnedRecord, SharedPlace } from "../shared-store.ts";
import {
  fromDigits,
  fromName,
  fromRoomPart,
  fromShardedPart,
  fromWhole,
  toDigits,
  toMapPart,
  toName,
  toNamespacePart,
  toRoomPart,
  toShardPart,
  type RoomPart,
} from "./key-parts.ts";

/*
 * Every key of the table is built and read here. Sort keys are in the order in which a query returns them.
 *
 *   kind             pk                        sk                         read by
 *   session          s#<sid>                   0#session                  loadSession
 *   pending          s#<sid>                   1#pending                  loadSession
 *   socket           s#<sid>                   2#socket#<nsp>             loadSession
 *   joined           s#<sid>                   3#joined#<nsp><room><shard>   loadSession
 *   owned            s#<sid>                   4#owned#<socket><map><key>   loadSession
 *   auth             s#<sid>                   ~auth#<nsp>                loadSession, handshake: true
 *   handshake        s#<sid>                   ~handshake                 loadSession, handshake: true
 *   outbox           out#<sid>                 outbox                     readOutbox
 *   room-member      room#<nsp><room><shard>   <sid>                      listRoomMembers
 *   room-shards      room#<nsp><room>          !                          listRoomMembers
 *   namespace-member nsp#<nsp><shard>          <sid>                      listNamespaceMembers
 *   beat             beat#<interval>#<shard>   <phase>#<sid>              listBeats
 *   sweep            sweep                     <interval>                 listSweeps
 *   ack              ack#<ack id>              <sid>                      listAnswers
 *   pid              pid#<pid>                 pid                        getPid
 *   log              log#<nsp><room>           <offset>                   listLog
 *   log-end          log#<nsp><room>           <offset>~                  listLog
 *   child            children#<nsp>            <nsp>                      listChildNamespaces
 *   lease            lease#<sid>               lease                      takeLease
 *   shared           shared#<map>              =<key>                     listShared
 *   room-count       count#<nsp><room>         count                      enterRoom
 *   room-note        notes#<letter>            <ms>#<number>              listRoomNotes
 *   live             live                      <name>=<key>               listLive
 *   live-whole       live                      <name>                     listLive
 *   strokes          strokes#<letter>          strokes                    countStrokes
 *   deployment       deployment                deployment                 getDeployment
 *   pollers          pollers                   <span>                     countPoller
 *   pace             pace                      pace                       reservePosts
 *
 * <nsp>, <room>, <map>, <socket> and the <name> of a live value carry their length, `5:lobby`, so that the end of one is never taken for the start of the next,
 * whatever characters a client chose. A room over 200 bytes is `#` and its SHA-256, for a sort key ends at 1024 bytes.
 * The first shard of a room is not named, which is all that a small one has; `#3` is the third of a large one's others.
 * In the log, everyone in a namespace is `*`, which no room begins with.
 * <interval> and <phase> are milliseconds, <span> is a number, in ten digits, so that they sort as numbers.
 */

export interface Key {
  readonly pk: string;
  readonly sk: string;
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

/** A namespace takes a write for each connect and is read whole: few shards, so that reading it stays few queries. */
export const NAMESPACE_SHARDS = 4;
/**
 * Partitions that a room gets beside its first when it has grown large. With these it takes nine thousand writes a second,
 * and is read by nine queries.
 */
export const ROOM_SHARDS = 8;
/** Sorts before every session id, and is where the ranges of `listRoomMembers` begin: read with the first members. */
export const ROOM_SHARDS_SORT_KEY = "!";
/** Sorts behind whatever a turn reads each time, and before what a warm instance remembers. */
export const HANDSHAKE_BOUNDARY = "~";
export const SWEEP_PARTITION = "sweep";

export const DEPLOYMENT_KEY: Key = { pk: "deployment", sk: "deployment" };
export const PACE_KEY: Key = { pk: "pace", sk: "pace" };

const POLLERS_PARTITION = "pollers";
const OUTBOX_SORT_KEY = "outbox";
const PID_SORT_KEY = "pid";
const LEASE_SORT_KEY = "lease";
const EVERYONE = "*";
/** Sorts behind every character of an offset, so that the end of a packet comes right behind it. */
const LOG_END = "~";

/** A partition of DynamoDB takes 1000 writes a second, one a pong. Short intervals are for the local runtime. */
export const beatShards = (pingIntervalMs: number): number => (pingIntervalMs >= 25_000 ? 8 : 1);

export const sessionPartition = (sid: Sid): string => `s#${requireSid(sid)}`;
export const sessionKey = (sid: Sid): Key => ({ pk: sessionPartition(sid), sk: "0#session" });
export const pendingKey = (sid: Sid): Key => ({ pk: sessionPartition(sid), sk: "1#pending" });
export const socketKey = (sid: Sid, nsp: string): Key => ({
  pk: sessionPartition(sid),
  sk: `2#socket#${toNamespacePart(nsp)}`,
});
/** One for each row that the socket has in the room. */
export const joinedKey = (sid: Sid, nsp: string, room: string, shard = 0): Key => ({
  pk: sessionPartition(sid),
  sk: `3#joined#${toNamespacePart(nsp)}${toRoomPart(room)}${toShardPart(shard)}`,
});
export const authKey = (sid: Sid, nsp: string): Key => ({
  pk: sessionPartition(sid),
  sk: `~auth#${toNamespacePart(nsp)}`,
});
export const handshakeKey = (sid: Sid): Key => ({ pk: sessionPartition(sid), sk: "~handshake" });

/** A partition of its own: every recipient's message writes here, and no turn reads it. */
export const outboxKey = (sid: Sid): Key => ({ pk: `out#${requireSid(sid)}`, sk: OUTBOX_SORT_KEY });

export const roomPartition = (nsp: string, room: string, shard = 0): string =>
  `room#${toNamespacePart(nsp)}${toRoomPart(room)}${toShardPart(shard)}`;
export const roomMemberKey = (nsp: string, room: string, sid: Sid, shard = 0): Key => ({
  pk: roomPartition(nsp, room, shard),
  sk: requireSid(sid),
});
/** In the first shard: whoever reads that is told whether there are others. */
export const roomShardsKey = (nsp: string, room: string): Key => ({
  pk: roomPartition(nsp, room),
  sk: ROOM_SHARDS_SORT_KEY,
});
/** In which of a large room's other shards a session is put. */
export const roomShardOf = (sid: Sid): number => 1 + shardOf(requireSid(sid), ROOM_SHARDS);

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

export const ackPartition = (ackId: number): string => `ack#${ackId}`;
export const ackKey = (ackId: number, sid: Sid): Key => ({ pk: ackPartition(ackId), sk: requireSid(sid) });

export const pidKey = (pid: Pid): Key => ({ pk: `pid#${requirePid(pid)}`, sk: PID_SORT_KEY });

export const logPartition = (nsp: string, room: string | undefined): string =>
  `log#${toNamespacePart(nsp)}${room === undefined ? EVERYONE : toRoomPart(room)}`;
export const logKey = ({ nsp, room, offset }: LogPlace): Key => ({
  pk: logPartition(nsp, room),
  sk: requireOffset(offset),
});
export const logEndKey = (place: LogPlace): Key => ({
  ...logKey(place),
  sk: `${requireOffset(place.offset)}${LOG_END}`,
});

export const childrenPartition = (parent: string): string => `children#${toNamespacePart(parent)}`;
export const childKey = (parent: string, child: string): Key => ({
  pk: childrenPartition(parent),
  sk: toNamespacePart(child),
});

export const pollersKey = (span: number): Key => ({ pk: POLLERS_PARTITION, sk: toDigits(span) });
export const sharedPartition = (map: string): string => `shared#${toMapPart(map)}`;
/** In front of a key, for a sort key must not be empty, and a key may. */
const SHARED_KEY_MARK = "=";
export const toSharedSortKey = (key: string): string => `${SHARED_KEY_MARK}${requireSharedKey(key)}`;
export const sharedKey = ({ map, key }: SharedPlace): Key => ({
  pk: sharedPartition(map),
  sk: toSharedSortKey(key),
});
export const ownedKey = (sid: Sid, { socketId, map, key }: OwnedRecord): Key => ({
  pk: sessionPartition(sid),
  sk: `4#owned#${toName(socketId)}${toMapPart(map)}${toSharedSortKey(key)}`,
});

const ROOM_COUNT_SORT_KEY = "count";
/** A partition of its own: whoever reads the members of a room has no use for it. */
export const roomCountKey = (nsp: string, room: string): Key => ({
  pk: `count#${toNamespacePart(nsp)}${toRoomPart(room)}`,
  sk: ROOM_COUNT_SORT_KEY,
});

export const roomNotePartition = (letterId: string): string => `notes#${letterId}`;
export const roomNoteKey = (letterId: string, place: string): Key => ({
  pk: roomNotePartition(letterId),
  sk: place,
});

/** One for all of them: they are read together. */
export const LIVE_PARTITION = "live";
export const liveKey = (place: LivePlace): Key => {
  requireLivePlace(place);
  const { name, key } = place;
  return {
    pk: LIVE_PARTITION,
    sk: `${toName(name)}${key === undefined ? "" : `${SHARED_KEY_MARK}${key}`}`,
  };
};

const STROKES = "strokes";
export const strokesKey = (letterId: string): Key => ({ pk: `${STROKES}#${letterId}`, sk: STROKES });

/** A partition of its own, as for the outbox: whoever sends writes here, and no turn reads it. */
export const leaseKey = (sid: Sid): Key => ({ pk: `lease#${requireSid(sid)}`, sk: LEASE_SORT_KEY });

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
