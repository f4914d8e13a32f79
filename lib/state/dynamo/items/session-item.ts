import type { GetCommandInput, QueryCommandInput, UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { ConnectionId, Sid } from "../../../ids.ts";
import type { SessionRecord } from "../../records.ts";
import type { CloseRequest } from "../../store.ts";
import { IS_LIVE, partitionQuery, type Item } from "../expressions.ts";
import { HANDSHAKE_BOUNDARY, sessionKey, sessionPartition, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/**
 * A session's row: its record, and of its close the lease and `attempt`.
 *
 * `attempt` names the call that last changed the phase. The SDK repeats a request whose answer was lost:
 *
 *     beginClose ──► lease taken ──► answer lost
 *                ──► again: condition fails, "leased" by ourselves; nobody closes until the lease is over
 *
 * With the call's own mark in the row the repeated request succeeds, as the first one did.
 */
export const toSessionItem = (session: SessionRecord): Item & Key => {
  const { sid, expiresAtSeconds, ...rest } = session;
  return { ...sessionKey(sid), ...rest, expiresAt: expiresAtSeconds };
};

export function fromSessionItem(item: Item): SessionRecord {
  const { pk, sk, expiresAt, closeLeaseUntilMs: _lease, attempt: _attempt, ...rest } = item;
  const { sid } = parseKey({ pk, sk } as Key) as { sid: Sid };
  return { sid, ...rest, expiresAtSeconds: expiresAt } as SessionRecord;
}

/** One request for everything that a turn needs; what is immutable sorts last and is left out unless asked for. */
export function loadSessionParams(
  tableName: string,
  { sid, handshake, pageLimit }: { sid: Sid; handshake: boolean; pageLimit?: number | undefined },
): QueryCommandInput {
  const range = handshake ? {} : { range: { before: HANDSHAKE_BOUNDARY } };
  return partitionQuery(tableName, sessionPartition(sid), { ...range, pageLimit });
}

export const getSessionParams = (tableName: string, sid: Sid): GetCommandInput => ({
  TableName: tableName,
  Key: sessionKey(sid),
  ConsistentRead: true,
});

interface PhaseChange {
  readonly sid: Sid;
  readonly attempt: string;
  readonly nowSeconds: number;
}

export const severSessionParams = (tableName: string, change: PhaseChange): UpdateCommandInput =>
  changePhaseParams(tableName, change, "open", "severed");

export const finishCloseParams = (tableName: string, change: PhaseChange): UpdateCommandInput =>
  changePhaseParams(tableName, change, "closing", "closed");

export function beginCloseParams(
  tableName: string,
  { sid, reason, nowMs, leaseUntilMs, attempt, nowSeconds }: CloseRequest & PhaseChange,
): UpdateCommandInput {
  const isFree = "attribute_not_exists(closeLeaseUntilMs) OR closeLeaseUntilMs <= :nowMs";
  return {
    TableName: tableName,
    Key: sessionKey(sid),
    UpdateExpression:
      "SET phase = :closing, closeReason = if_not_exists(closeReason, :reason), " +
      "closedAtMs = if_not_exists(closedAtMs, :nowMs), closeLeaseUntilMs = :leaseUntilMs, attempt = :attempt",
    ConditionExpression: `${IS_LIVE} AND (attempt = :attempt OR (phase <> :closed AND (${isFree})))`,
    ExpressionAttributeValues: {
      ":closing": "closing",
      ":closed": "closed",
      ":reason": reason,
      ":nowMs": nowMs,
      ":leaseUntilMs": leaseUntilMs,
      ":attempt": attempt,
      ":now": nowSeconds,
    },
    ReturnValues: "ALL_NEW",
  };
}

/** What a close has removed by now. A condition keeps it from making a row of its own. */
export const noteRemovedParams = (
  tableName: string,
  { sid, removedUpTo, nowSeconds }: { sid: Sid; removedUpTo: string; nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: sessionKey(sid),
  UpdateExpression: "SET removedUpTo = :removedUpTo",
  ConditionExpression: IS_LIVE,
  ExpressionAttributeValues: { ":removedUpTo": removedUpTo, ":now": nowSeconds },
});

/** A polling session that has moved to a WebSocket. */
export const upgradeSessionParams = (
  tableName: string,
  { sid, connectionId, nowSeconds }: { sid: Sid; connectionId: ConnectionId; nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: sessionKey(sid),
  UpdateExpression: "SET transport = :websocket, connectionId = :connectionId",
  ConditionExpression: IS_LIVE,
  ExpressionAttributeValues: {
    ":websocket": "websocket",
    ":connectionId": connectionId,
    ":now": nowSeconds,
  },
});

function changePhaseParams(
  tableName: string,
  { sid, attempt, nowSeconds }: PhaseChange,
  from: SessionRecord["phase"],
  to: SessionRecord["phase"],
): UpdateCommandInput {
  return {
    TableName: tableName,
    Key: sessionKey(sid),
    UpdateExpression: "SET phase = :to, attempt = :attempt",
    ConditionExpression: `${IS_LIVE} AND (phase = :from OR attempt = :attempt)`,
    ExpressionAttributeValues: { ":from": from, ":to": to, ":attempt": attempt, ":now": nowSeconds },
  };
}
