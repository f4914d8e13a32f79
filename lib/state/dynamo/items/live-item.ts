import type { GetCommandInput, QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { NEVER_SECONDS } from "../../expiry.ts";
import {
  toLiveAmount,
  type LiveEntry,
  type LivePlace,
  type LiveRecord,
  type LiveSocket,
  type LiveStrokes,
  type LiveWrite,
} from "../../live/live-store.ts";
import { requireLiveEntry } from "../../row-limits.ts";
import { partitionQuery, type Item } from "../expressions.ts";
import { LIVE_PARTITION, liveKey, strokesKey, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";
import type { TransactWrite } from "../transact.ts";
import { saveSocketParams } from "./socket-item.ts";

/** A safe integer has an attribute of its own, which the table can add to. */
export function toLiveItem(place: LivePlace, entry: LiveEntry, version: string): Item & Key {
  const { text, rank } = requireLiveEntry(entry);
  const amount = toLiveAmount(text);
  return {
    ...liveKey(place),
    ...(amount !== undefined ? { amount } : text === undefined ? {} : { json: text }),
    rank,
    version,
    expiresAt: NEVER_SECONDS,
  };
}

export function fromLiveItem(item: Item): LiveRecord {
  const { name, key } = parseKey(item as unknown as Key) as LivePlace & { readonly kind: "live" };
  const amount = item["amount"] as number | undefined;
  return {
    name,
    key,
    text: amount === undefined ? (item["json"] as string | undefined) : String(amount),
    rank: item["rank"] as number,
    version: item["version"] as string,
  };
}

export const listLiveParams = (tableName: string, pageLimit: number | undefined): QueryCommandInput =>
  partitionQuery(tableName, LIVE_PARTITION, { pageLimit });

export function liveWrite(tableName: string, write: LiveWrite, version: string): TransactWrite {
  switch (write.kind) {
    case "put":
      return {
        Put: {
          TableName: tableName,
          Item: toLiveItem(write, write.entry, version),
          ...toUnchanged(write.previous),
        },
      };
    case "remove":
      return { Delete: { TableName: tableName, Key: liveKey(write), ...toUnchanged(write.previous) } };
    case "add":
      return {
        Update: {
          TableName: tableName,
          Key: liveKey(write),
          UpdateExpression: "SET amount = amount + :by, version = :version",
          ConditionExpression: "amount BETWEEN :least AND :most",
          ExpressionAttributeValues: {
            ":by": write.by,
            ":version": version,
            ":least": Number.MIN_SAFE_INTEGER - Math.min(write.by, 0),
            ":most": Number.MAX_SAFE_INTEGER - Math.max(write.by, 0),
          },
        },
      };
  }
}

export const strokesWrite = (
  tableName: string,
  { letterId, count }: LiveStrokes,
  expiresAtSeconds: number,
): TransactWrite => ({
  Update: {
    TableName: tableName,
    Key: strokesKey(letterId),
    UpdateExpression: "SET strokes = :count, expiresAt = :expiresAt",
    ConditionExpression: "attribute_not_exists(pk) OR strokes < :count",
    ExpressionAttributeValues: { ":count": count, ":expiresAt": expiresAtSeconds },
  },
});

export const countStrokesParams = (tableName: string, letterId: string): GetCommandInput => ({
  TableName: tableName,
  Key: strokesKey(letterId),
  ConsistentRead: true,
});

/** What is kept with a socket; callers give as many keys as one update takes. */
export function liveSocketWrite(
  tableName: string,
  { sid, nsp, socketId, changes }: LiveSocket,
  nowSeconds: number,
): TransactWrite {
  const [params] = saveSocketParams(tableName, { sid, nsp, socketId, changes, nowSeconds });
  return { Update: params as Required<TransactWrite>["Update"] };
}

const toUnchanged = (previous: string | undefined) =>
  previous === undefined
    ? { ConditionExpression: "attribute_not_exists(pk)" }
    : { ConditionExpression: "version = :previous", ExpressionAttributeValues: { ":previous": previous } };
