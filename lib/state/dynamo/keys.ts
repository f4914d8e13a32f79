import { openedAtMs, shardOf, type Pid, type Sid } from "../../ids.ts";
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
import { toDigits, toMapPart, toName, toNamespacePart, toRoomPart, toShardPart } from "./key-parts.ts";

/*
 * Every key of the table is built here, and read in `parse-key.ts`. Sort keys are in the order in which a query returns them.
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

export const POLLERS_PARTITION = "pollers";
export const OUTBOX_SORT_KEY = "outbox";
export const PID_SORT_KEY = "pid";
export const LEASE_SORT_KEY = "lease";
export const EVERYONE = "*";
/** Sorts behind every character of an offset, so that the end of a packet comes right behind it. */
export const LOG_END = "~";

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
export const SHARED_KEY_MARK = "=";
export const toSharedSortKey = (key: string): string => `${SHARED_KEY_MARK}${requireSharedKey(key)}`;
export const sharedKey = ({ map, key }: SharedPlace): Key => ({
  pk: sharedPartition(map),
  sk: toSharedSortKey(key),
});
export const ownedKey = (sid: Sid, { socketId, map, key }: OwnedRecord): Key => ({
  pk: sessionPartition(sid),
  sk: `4#owned#${toName(socketId)}${toMapPart(map)}${toSharedSortKey(key)}`,
});

export const ROOM_COUNT_SORT_KEY = "count";
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

export const STROKES = "strokes";
export const strokesKey = (letterId: string): Key => ({ pk: `${STROKES}#${letterId}`, sk: STROKES });

/** A partition of its own, as for the outbox: whoever sends writes here, and no turn reads it. */
export const leaseKey = (sid: Sid): Key => ({ pk: `lease#${requireSid(sid)}`, sk: LEASE_SORT_KEY });
