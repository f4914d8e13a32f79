import type { Clock } from "../../clock.ts";
import type { Sid } from "../../ids.ts";
import type { AwsClient } from "../../requests/aws-client.ts";
import { countExpiresAtSeconds, sweepExpiresAtSeconds } from "../expiry.ts";
import type { BeatRecord } from "../records.ts";
import { requireInterval } from "../row-limits.ts";
import type { CloseOutcome, CloseRequest, Store } from "../store.ts";
import { createAttempt } from "./attempt.ts";
import { PutCommand } from "./commands.ts";
import * as beatItem from "./items/beat-item.ts";
import { fromDeploymentItem, getDeploymentParams, saveDeploymentParams } from "./items/deployment-item.ts";
import { createDynamoAcks } from "./dynamo-acks.ts";
import { createDynamoLeases } from "./dynamo-leases.ts";
import { createDynamoLive } from "./dynamo-live.ts";
import { createDynamoMembers } from "./dynamo-members.ts";
import { createDynamoOutboxes } from "./dynamo-outboxes.ts";
import { createDynamoPace } from "./dynamo-pace.ts";
import { createDynamoRecovery } from "./dynamo-recovery.ts";
import { createDynamoRooms } from "./dynamo-rooms.ts";
import { createDynamoShared } from "./dynamo-shared.ts";
import { isAccepted } from "./failures.ts";
import { toHandshakeItem } from "./items/handshake-item.ts";
import { beatShards } from "./keys.ts";
import { deletePendingParams, savePendingParams } from "./items/pending-item.ts";
import { countPollerParams, fromPollersItem, getPollersParams } from "./items/pollers-item.ts";
import * as sessionItem from "./items/session-item.ts";
import { toSnapshot } from "./snapshot.ts";
import { RoomShards, type RoomShardsOptions } from "./room-shards.ts";
import * as sweepItem from "./items/sweep-item.ts";
import { openTable } from "./table.ts";

export interface DynamoStoreOptions {
  /** From `createTableClient`. */
  readonly client: AwsClient;
  readonly tableName: string;
  readonly clock: Clock;
  /** Items a page of any list. Default: what fits into DynamoDB's 1 MB. */
  readonly pageLimit?: number;
  /** In [0, 1), for the jitter of repeated batches. */
  readonly random?: () => number;
  /** From when on rooms are spread over several partitions. */
  readonly roomShards?: RoomShardsOptions;
}

/** The store of the product, over one table. */
export function createDynamoStore(options: DynamoStoreOptions): Store {
  const { client, tableName, clock, pageLimit, random = Math.random } = options;

  const table = openTable({ client, tableName, clock, pageLimit, random });
  const { get, write, nowSeconds } = table;
  const shards = new RoomShards(table, options.roomShards);
  const getBeat = async (sid: Sid, pingIntervalMs: number): Promise<BeatRecord | undefined> => {
    const item = await get(beatItem.getBeatParams(tableName, sid, pingIntervalMs));
    return item && beatItem.fromBeatItem(item);
  };

  return {
    ...createDynamoMembers(table, shards),
    ...createDynamoOutboxes(table, shards),
    ...createDynamoAcks(table),
    ...createDynamoRecovery(table),
    ...createDynamoLeases(table),
    ...createDynamoRooms(table, shards),
    ...createDynamoShared(table),
    ...createDynamoLive(table),
    ...createDynamoPace(table),

    async createSession(session, handshake) {
      await write([
        { put: sessionItem.toSessionItem(session) },
        { put: toHandshakeItem(session.sid, handshake, session.expiresAtSeconds) },
      ]);
    },

    async loadSession(sid, { handshake }) {
      const params = sessionItem.loadSessionParams(tableName, { sid, handshake, pageLimit });
      const items = await table.query(params);
      shards.noteSession(sid, items);
      return toSnapshot(items, { handshake });
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

    async noteRemoved(sid, removedUpTo) {
      const note = { sid, removedUpTo, nowSeconds: nowSeconds() };
      await table.update(sessionItem.noteRemovedParams(tableName, note));
    },

    async savePending(sid, pending) {
      await client.send(new PutCommand(savePendingParams(tableName, sid, pending)));
    },
    async deletePending(sid) {
      await table.remove(deletePendingParams(tableName, sid));
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
        for await (const page of table.pages(beatItem.listBeatsParams(tableName, walk)))
          yield page.map(beatItem.fromBeatItem);
      }
    },

    async hasBeats(pingIntervalMs) {
      for (let shard = 0; shard < beatShards(requireInterval(pingIntervalMs)); shard++) {
        const params = beatItem.hasBeatsParams(tableName, pingIntervalMs, shard);
        for await (const page of table.pages(params)) if (page.length > 0) return true;
      }
      return false;
    },

    async listSweeps() {
      const items = await table.query(sweepItem.listSweepsParams(tableName));
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

    async saveDeployment(deployment) {
      const expiresAtSeconds = sweepExpiresAtSeconds(clock);
      await client.send(new PutCommand(saveDeploymentParams(tableName, deployment, expiresAtSeconds)));
    },
    async getDeployment() {
      const item = await get(getDeploymentParams(tableName));
      return item && fromDeploymentItem(item);
    },
    async countPoller(span) {
      const expiresAtSeconds = countExpiresAtSeconds(clock);
      const [counted, before] = await Promise.all([
        table.update(countPollerParams(tableName, { span, expiresAtSeconds })),
        get(getPollersParams(tableName, span - 1)),
      ]);
      const counts = [counted?.Attributes, before].filter((item) => item !== undefined);
      return Math.max(...counts.map(fromPollersItem));
    },
  };
}
