import type { DeleteCommandInput, GetCommandInput, UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { openedAtMs, type ConnectionId, type Sid } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import { HOLD_UNTIL_MS, type MoveTarget, type OutboxRecord, type ProbeRequest } from "../../outbox.ts";
import { IS_LIVE, type Item } from "../expressions.ts";
import { outboxKey, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/**
 * An outbox's row, flat, for conditions compare one attribute at a time:
 *
 *     frames bytes               what waits, and what that takes up; 0 exactly when there is nothing
 *     getId getUntilMs           the GET that is parked
 *     lastGetUntilMs
 *     probe probeUntilMs         the WebSocket that is trying to take over
 *     probeEnd                   the call that ended the last one
 *     connectionId               where the session has moved to, or `outbox`
 *     closed                     the call that closed it
 *     taken takenBy held marks*  for requests that come again: see `outbox-frames.ts`
 */
export const toOutboxItem = (sid: Sid): Item & Key => ({
  ...outboxKey(sid),
  frames: [],
  bytes: 0,
  held: 0,
  lastGetUntilMs: openedAtMs(sid),
  expiresAt: sessionExpiresAtSeconds(sid),
});

/** A hold: an outbox of the probe that it is made for. */
export const toHoldItem = (hold: Sid, target: MoveTarget): Item & Key => ({
  ...toOutboxItem(hold),
  probe: target,
  probeUntilMs: HOLD_UNTIL_MS,
});

export function fromOutboxItem(item: Item): OutboxRecord {
  const { sid } = parseKey(item as unknown as Key) as { sid: Sid };
  const { connectionId, probe, probeUntilMs, getId, getUntilMs } = item as {
    readonly connectionId?: MoveTarget;
    readonly probe?: MoveTarget;
    readonly probeUntilMs: number;
    readonly getId?: string;
    readonly getUntilMs: number;
  };
  return {
    sid,
    frames: item["frames"] as string[],
    ...(connectionId === undefined ? {} : { movedTo: connectionId }),
    ...(probe === undefined ? {} : { probe: { target: probe, untilMs: probeUntilMs } }),
    ...(getId === undefined ? {} : { get: { id: getId, untilMs: getUntilMs } }),
    lastGetUntilMs: item["lastGetUntilMs"] as number,
    closed: item["closed"] !== undefined,
  };
}

/** Nothing is appended to, and nobody takes over, what has moved or is closed. */
export const IS_OPEN = `${IS_LIVE} AND attribute_not_exists(closed) AND attribute_not_exists(connectionId)`;

export const getOutboxParams = (tableName: string, sid: Sid): GetCommandInput => ({
  TableName: tableName,
  Key: outboxKey(sid),
  ConsistentRead: true,
});

export const deleteOutboxParams = (tableName: string, sid: Sid): DeleteCommandInput => ({
  TableName: tableName,
  Key: outboxKey(sid),
});

/** The probe that is there already may start again: it is this one, by a request that came before. */
export const startProbeParams = (
  tableName: string,
  probe: ProbeRequest & { readonly nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: outboxKey(probe.sid),
  UpdateExpression: "SET probe = :connectionId, probeUntilMs = :untilMs",
  ConditionExpression: `${IS_OPEN} AND (attribute_not_exists(probe) OR probeUntilMs <= :nowMs OR probe = :connectionId)`,
  ExpressionAttributeValues: {
    ":connectionId": probe.connectionId,
    ":untilMs": probe.untilMs,
    ":nowMs": probe.nowMs,
    ":now": probe.nowSeconds,
  },
});

/** Refused when there is another probe or none, which may be because the answer to the same request was lost. */
export const endProbeParams = (
  tableName: string,
  probe: { sid: Sid; connectionId: ConnectionId; attempt: string; nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: outboxKey(probe.sid),
  UpdateExpression: "SET probeEnd = :attempt REMOVE probe, probeUntilMs",
  ConditionExpression: `${IS_LIVE} AND probe = :connectionId`,
  ExpressionAttributeValues: {
    ":connectionId": probe.connectionId,
    ":attempt": probe.attempt,
    ":now": probe.nowSeconds,
  },
});

/** Moving to where it is already changes nothing. */
export const moveOutboxParams = (
  tableName: string,
  move: { sid: Sid; target: MoveTarget; nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: outboxKey(move.sid),
  UpdateExpression:
    "SET connectionId = :connectionId, held = bytes REMOVE probe, probeUntilMs, taken, takenBy",
  ConditionExpression:
    `${IS_LIVE} AND (connectionId = :connectionId OR (attribute_not_exists(connectionId) ` +
    "AND attribute_not_exists(closed) AND bytes = :none AND probe = :connectionId))",
  ExpressionAttributeValues: { ":connectionId": move.target, ":none": 0, ":now": move.nowSeconds },
});
