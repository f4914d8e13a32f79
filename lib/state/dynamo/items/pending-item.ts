import type { DeleteCommandInput, PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Sid } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { PendingRecord } from "../../records.ts";
import { requirePendingSize } from "../../row-limits.ts";
import type { Item } from "../expressions.ts";
import { pendingKey } from "../keys.ts";

export function savePendingParams(tableName: string, sid: Sid, pending: PendingRecord): PutCommandInput {
  const { header, parts } = requirePendingSize(pending);
  return {
    TableName: tableName,
    Item: { ...pendingKey(sid), header, parts: [...parts], expiresAt: sessionExpiresAtSeconds(sid) },
  };
}

export const deletePendingParams = (tableName: string, sid: Sid): DeleteCommandInput => ({
  TableName: tableName,
  Key: pendingKey(sid),
});

export const fromPendingItem = (item: Item): PendingRecord => ({
  header: item["header"] as string,
  parts: item["parts"] as Uint8Array[],
});
