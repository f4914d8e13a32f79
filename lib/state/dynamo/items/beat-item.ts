import type {
  DeleteCommandInput,
  GetCommandInput,
  QueryCommandInput,
  UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import type { Sid } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { BeatRecord } from "../../records.ts";
import { IS_LIVE, partitionQuery, type Item } from "../expressions.ts";
import { beatKey, beatPartition, beatRange, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";
import { fromRouteText, toRouteText } from "./member-item.ts";

export function fromBeatItem(item: Item): BeatRecord {
  const { sid, pingIntervalMs } = parseKey(item as unknown as Key) as { sid: Sid; pingIntervalMs: number };
  const route = fromRouteText(item["route"] as string);
  const openedLateAtMs = item["openedLateAtMs"] as number | undefined;
  return {
    sid,
    pingIntervalMs,
    route,
    lastPongAtMs: item["lastPongAtMs"] as number,
    ...(openedLateAtMs === undefined ? {} : { openedLateAtMs }),
  };
}

/** The beat of a session that is new: there can be no pong yet. */
export const toBeatItem = ({ sid, pingIntervalMs, route, lastPongAtMs }: BeatRecord): Item & Key => ({
  ...beatKey(sid, pingIntervalMs),
  route: toRouteText(route),
  lastPongAtMs,
  expiresAt: sessionExpiresAtSeconds(sid),
});

/** OPEN may be handled twice; a pong may have come in between. */
export const openBeatParams = (tableName: string, beat: BeatRecord): UpdateCommandInput => ({
  TableName: tableName,
  Key: beatKey(beat.sid, beat.pingIntervalMs),
  UpdateExpression:
    "SET route = :route, expiresAt = :expiresAt, lastPongAtMs = if_not_exists(lastPongAtMs, :lastPongAtMs)" +
    (beat.openedLateAtMs === undefined ? "" : ", openedLateAtMs = :openedLateAtMs"),
  ExpressionAttributeValues: {
    ":route": toRouteText(beat.route),
    ":expiresAt": sessionExpiresAtSeconds(beat.sid),
    ":lastPongAtMs": beat.lastPongAtMs,
    ...(beat.openedLateAtMs === undefined ? {} : { ":openedLateAtMs": beat.openedLateAtMs }),
  },
});

/** Refused when there is no such beat, and when it knows of a later pong: see `recordPong` of the store. */
export const recordPongParams = (
  tableName: string,
  pong: { sid: Sid; pingIntervalMs: number; atMs: number; nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: beatKey(pong.sid, pong.pingIntervalMs),
  UpdateExpression: "SET lastPongAtMs = :atMs",
  ConditionExpression: `${IS_LIVE} AND lastPongAtMs <= :atMs`,
  ExpressionAttributeValues: { ":atMs": pong.atMs, ":now": pong.nowSeconds },
});

export const getBeatParams = (tableName: string, sid: Sid, pingIntervalMs: number): GetCommandInput => ({
  TableName: tableName,
  Key: beatKey(sid, pingIntervalMs),
  ConsistentRead: true,
});

export const deleteBeatParams = (
  tableName: string,
  sid: Sid,
  pingIntervalMs: number,
): DeleteCommandInput => ({
  TableName: tableName,
  Key: beatKey(sid, pingIntervalMs),
});

/** Few at a time: any will do, and some of the first may have expired. */
const ANY_BEATS = 20;

export const hasBeatsParams = (tableName: string, pingIntervalMs: number, shard: number): QueryCommandInput =>
  partitionQuery(tableName, beatPartition(pingIntervalMs, shard), { pageLimit: ANY_BEATS });

/** Of one shard, the beats with phases in `[fromPhaseMs, toPhaseMs)`. */
export const listBeatsParams = (
  tableName: string,
  walk: {
    pingIntervalMs: number;
    shard: number;
    fromPhaseMs: number;
    toPhaseMs: number;
    pageLimit?: number | undefined;
  },
): QueryCommandInput =>
  partitionQuery(tableName, beatPartition(walk.pingIntervalMs, walk.shard), {
    range: beatRange(walk.fromPhaseMs, walk.toPhaseMs),
    pageLimit: walk.pageLimit,
  });
