import { PutCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Clock } from "../../clock.ts";
import type { Sid } from "../../ids.ts";
import { sweepExpiresAtSeconds } from "../expiry.ts";
import type { BeatRecord, Member } from "../records.ts";
import { requireInterval } from "../row-limits.ts";
import type { CloseOutcome, CloseRequest, SocketRooms, Store } from "../store.ts";
import { createAttempt } from "./attempt.ts";
import { toAuthItem } from "./auth-item.ts";
import type { Write } from "./batch.ts";
import * as beatItem from "./beat-item.ts";
import { createDynamoOutboxes } from "./dynamo-outboxes.ts";
import type { Item } from "./expressions.ts";
import { isAccepted } from "./failures.ts";
import { toHandshakeItem } from "./handshake-item.ts";
import { toJoinedItem } from "./joined-item.ts";
import {
  authKey,
  beatShards,
  joinedKey,
  NAMESPACE_SHARDS,
  namespaceMemberKey,
  roomMemberKey,
  socketKey,
} from "./keys.ts";
import * as memberItem from "./member-item.ts";
import { queryAll, queryPages } from "./page.ts";
import { deletePendingParams, savePendingParams } from "./pending-item.ts";
import * as sessionItem from "./session-item.ts";
import { toSnapshot } from "./snapshot.ts";
import { saveSocketParams, toSocketItem } from "./socket-item.ts";
import * as sweepItem from "./sweep-item.ts";
import { openTable } from "./table.ts";

export interface DynamoStoreOptions {
  /** From `createDocumentClient`. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly clock: Clock;
  /** Items a page of any list. Default: what fits into DynamoDB's 1 MB. */
  readonly pageLimit?: number;
  /** In [0, 1), for the jitter of repeated batches. */
  readonly random?: () => number;
}

/**
 * The store of the product, over one table. Rows are ordered within a batch, and batches one after the other, such
 * that a crash between them leaves no membership whose session does not know of it: what a session has `joined` is
 * written before and removed after the membership itself.
 */
export function createDynamoStore(options: DynamoStoreOptions): Store {
  const { client, tableName, clock, pageLimit, random = Math.random } = options;

  const table = openTable({ client, tableName, clock, random });
  const { get, write, nowSeconds } = table;
  const getBeat = async (sid: Sid, pingIntervalMs: number): Promise<BeatRecord | undefined> => {
    const item = await get(beatItem.getBeatParams(tableName, sid, pingIntervalMs));
    return item && beatItem.fromBeatItem(item);
  };

  return {
    ...createDynamoOutboxes(table),

    async createSession(session, handshake) {
      await write([
        { put: sessionItem.toSessionItem(session) },
        { put: toHandshakeItem(session.sid, handshake, session.expiresAtSeconds) },
      ]);
    },

    async loadSession(sid, { handshake }) {
      const params = sessionItem.loadSessionParams(tableName, { sid, handshake, pageLimit });
      return toSnapshot(await queryAll(client, params, clock), { handshake });
    },

    async severSession(sid) {
      const params = sessionItem.severSessionParams(tableName, {
        sid,
        attempt: createAttempt(),
        nowSeconds: nowSeconds(),
      });
      return (await table.update(params)) !== undefined;
    },

    async beginClose(close: CloseRequest): Promise<CloseOutcome> {
      const params = sessionItem.beginCloseParams(tableName, {
        ...close,
        attempt: createAttempt(),
        nowSeconds: nowSeconds(),
      });
      const begun = await table.update(params);
      if (begun?.Attributes !== undefined) {
        const { closeReason } = sessionItem.fromSessionItem(begun.Attributes);
        return { outcome: "begun", reason: closeReason ?? close.reason };
      }
      // Refused for one of two reasons. Whatever has happened since, a session that is still there was leased then.
      const item = await get(sessionItem.getSessionParams(tableName, close.sid));
      const isOver = item === undefined || sessionItem.fromSessionItem(item).phase === "closed";
      return { outcome: isOver ? "over" : "leased" };
    },

    async finishClose(sid) {
      const params = sessionItem.finishCloseParams(tableName, {
        sid,
        attempt: createAttempt(),
        nowSeconds: nowSeconds(),
      });
      return (await table.update(params)) !== undefined;
    },

    async savePending(sid, pending) {
      await client.send(new PutCommand(savePendingParams(tableName, sid, pending)));
    },
    async deletePending(sid) {
      await table.remove(deletePendingParams(tableName, sid));
    },

    async connectSocket({ sid, socket, auth, member, rooms }) {
      await write([
        { put: toSocketItem(sid, socket) },
        { put: toAuthItem(sid, auth) },
        { put: memberItem.toNamespaceMemberItem(socket.nsp, member) },
        ...toJoin(socket.nsp, member, [...rooms, socket.socketId]),
      ]);
    },

    async disconnectSocket(sid, nsp, socketId, rooms) {
      await write([
        ...toRemoveMember(sid, { nsp, socketId, rooms }),
        ...rooms.map((room) => ({ remove: joinedKey(sid, nsp, room) })),
        { remove: authKey(sid, nsp) },
        { remove: socketKey(sid, nsp) },
      ]);
    },

    async joinRooms(nsp, member, rooms) {
      await write(toJoin(nsp, member, rooms));
    },
    async leaveRooms(nsp, sid, rooms) {
      await write([
        ...rooms.map((room) => ({ remove: roomMemberKey(nsp, room, sid) })),
        ...rooms.map((room) => ({ remove: joinedKey(sid, nsp, room) })),
      ]);
    },

    async deleteMemberships(sid, sockets) {
      await write(sockets.flatMap((socket) => toRemoveMember(sid, socket)));
    },

    async deleteMemberIfRoute(nsp, room, sid, route) {
      const row = { nsp, room, sid, route, nowSeconds: nowSeconds() };
      return table.remove(memberItem.deleteMemberIfRouteParams(tableName, row));
    },

    async saveSocket(sid, nsp, socketId, changes) {
      const save = { sid, nsp, socketId, changes, nowSeconds: nowSeconds() };
      for (const params of saveSocketParams(tableName, save))
        if ((await table.update(params)) === undefined) return false;
      return true;
    },

    async *listRoomMembers(nsp, room) {
      yield* toMembers(
        queryPages(client, memberItem.listRoomMembersParams(tableName, { nsp, room, pageLimit }), clock),
      );
    },

    listNamespaceMembers(nsp) {
      return Array.from({ length: NAMESPACE_SHARDS }, async function* (_, shard) {
        const params = memberItem.listNamespaceMembersParams(tableName, { nsp, shard, pageLimit });
        yield* toMembers(queryPages(client, params, clock));
      });
    },

    async openBeat(beat) {
      await table.update(beatItem.openBeatParams(tableName, beat));
    },

    async recordPong(sid, pingIntervalMs, atMs) {
      const params = beatItem.recordPongParams(tableName, {
        sid,
        pingIntervalMs,
        atMs,
        nowSeconds: nowSeconds(),
      });
      if ((await table.update(params)) !== undefined) return true;
      // Gone, or an old pong delivered again: both rare, and only here worth a read to tell them apart.
      return (await getBeat(sid, pingIntervalMs)) !== undefined;
    },

    getBeat,
    async deleteBeat(sid, pingIntervalMs) {
      await table.remove(beatItem.deleteBeatParams(tableName, sid, pingIntervalMs));
    },

    async *listBeats(pingIntervalMs, fromPhaseMs, toPhaseMs) {
      requireInterval(pingIntervalMs);
      if (fromPhaseMs >= toPhaseMs) return;
      for (let shard = 0; shard < beatShards(pingIntervalMs); shard++) {
        const walk = { pingIntervalMs, shard, fromPhaseMs, toPhaseMs, pageLimit };
        for await (const page of queryPages(client, beatItem.listBeatsParams(tableName, walk), clock))
          yield page.map(beatItem.fromBeatItem);
      }
    },

    async listSweeps() {
      const items = await queryAll(client, sweepItem.listSweepsParams(tableName), clock);
      return items.map(sweepItem.fromSweepItem);
    },
    async saveSweep(sweep, previousPingedUntilMs) {
      const params = sweepItem.saveSweepParams(tableName, {
        sweep,
        previousPingedUntilMs,
        attempt: createAttempt(),
        expiresAtSeconds: sweepExpiresAtSeconds(clock),
        nowSeconds: nowSeconds(),
      });
      return isAccepted(client.send(new PutCommand(params)));
    },
    async deleteSweep(pingIntervalMs) {
      await table.remove(sweepItem.deleteSweepParams(tableName, pingIntervalMs));
    },
  };
}

/** The own room has no `joined`: it goes with its socket. */
const toJoin = (nsp: string, member: Member, rooms: readonly string[]): Write[] => [
  ...rooms
    .filter((room) => room !== member.socketId)
    .map((room) => ({ put: toJoinedItem(member.sid, { nsp, room }) })),
  ...rooms.map((room) => ({ put: memberItem.toRoomMemberItem(nsp, room, member) })),
];

const toRemoveMember = (sid: Sid, { nsp, socketId, rooms }: SocketRooms): Write[] => [
  ...[...rooms, socketId].map((room) => ({ remove: roomMemberKey(nsp, room, sid) })),
  { remove: namespaceMemberKey(nsp, sid) },
];

async function* toMembers(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Member[]> {
  for await (const page of pages) yield page.map(memberItem.fromMemberItem);
}
