import type { GetCommandInput, UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Pid, Sid, SocketId } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { PidRecord } from "../../recovery-store.ts";
import { IS_LIVE, type Item } from "../expressions.ts";
import { pidKey, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/** Whose state a private id stands for. It lives as long as the session that has it now. */
export const toPidItem = ({ pid, ...rest }: PidRecord): Item & Key => ({
  ...pidKey(pid),
  ...rest,
  expiresAt: sessionExpiresAtSeconds(rest.sid),
});

export function fromPidItem(item: Item): PidRecord {
  const { pid } = parseKey(item as unknown as Key) as { pid: Pid };
  const previousSid = item["previousSid"] as Sid | undefined;
  return {
    pid,
    nsp: item["nsp"] as string,
    socketId: item["socketId"] as SocketId,
    sid: item["sid"] as Sid,
    ...(previousSid === undefined ? {} : { previousSid }),
  };
}

export const getPidParams = (tableName: string, pid: Pid): GetCommandInput => ({
  TableName: tableName,
  Key: pidKey(pid),
  ConsistentRead: true,
});

/** A state that went over the same way before passes as well: it may be the repetition of a request that was done. */
export const movePidParams = (
  tableName: string,
  move: { pid: Pid; from: Sid; to: Sid; nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: pidKey(move.pid),
  UpdateExpression: "SET sid = :to, previousSid = :from, expiresAt = :expiresAt",
  ConditionExpression: `${IS_LIVE} AND (sid = :from OR (sid = :to AND previousSid = :from))`,
  ExpressionAttributeValues: {
    ":from": move.from,
    ":to": move.to,
    ":expiresAt": sessionExpiresAtSeconds(move.to),
    ":now": move.nowSeconds,
  },
});
