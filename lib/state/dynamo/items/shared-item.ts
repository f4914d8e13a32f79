import type {
  DeleteCommandInput,
  GetCommandInput,
  PutCommandInput,
  QueryCommandInput,
  UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import type { Sid } from "../../../ids.ts";
import { NEVER_SECONDS, sessionExpiresAtSeconds } from "../../expiry.ts";
import { requireSharedSize } from "../../row-limits.ts";
import { MAX_MARKS, toAddMark, toPutMark } from "../../shared-marks.ts";
import type {
  OwnedRecord,
  SharedEntry,
  SharedListing,
  SharedOwner,
  SharedPlace,
  SharedRange,
  SharedRecord,
  SharedValue,
} from "../../shared-store.ts";
import { IS_LIVE, partitionQuery, type Item, type SortRange } from "../expressions.ts";
import { ownedKey, sharedKey, sharedPartition, toSharedSortKey, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/** How many of the oldest marks go at once, when there are too many. */
const MARKS_TO_DROP = MAX_MARKS / 2;
const UNLESS_LIVE = "(attribute_not_exists(pk) OR expiresAt <= :now)";
const UNLESS_DONE = "(attribute_not_exists(marks) OR NOT contains(marks, :mark))";

interface Call {
  readonly attempt: string;
  readonly nowSeconds: number;
}

/** A number has an attribute of its own, which the table can add to. */
const toValueAttributes = (value: SharedValue): Item => {
  switch (value.kind) {
    case "json":
      return { json: value.text };
    case "number":
      return { amount: value.number };
    case "bytes":
      return { octets: value.bytes };
  }
};

export function fromSharedValue(item: Item): SharedValue {
  if (item["amount"] !== undefined) return { kind: "number", number: item["amount"] as number };
  if (item["octets"] !== undefined) return { kind: "bytes", bytes: item["octets"] as Uint8Array };
  return { kind: "json", text: item["json"] as string };
}

export function fromSharedItem(item: Item): SharedRecord {
  const ownerSid = item["ownerSid"] as Sid | undefined;
  return {
    value: fromSharedValue(item),
    expiresAtSeconds: item["expiresAt"] as number,
    version: item["version"] as string,
    marks: (item["marks"] as readonly string[] | undefined) ?? [],
    ...(ownerSid === undefined
      ? {}
      : { owner: { sid: ownerSid, socketId: item["ownerSocketId"] as SharedOwner["socketId"] } }),
  };
}

export const fromSharedListing = (item: Item): SharedListing => ({
  key: (parseKey(item as unknown as Key) as { readonly key: string }).key,
  value: fromSharedValue(item),
});

/** The key of an entry at which a page ended, whose row may have expired. */
export const toCursor = (lastKey: Item): string =>
  (parseKey(lastKey as unknown as Key) as { readonly key: string }).key;

const toSharedItem = (
  place: SharedPlace,
  entry: SharedEntry,
  attempt: string,
  marks: readonly string[],
): Item & Key => ({
  ...sharedKey(place),
  ...toValueAttributes(requireSharedSize(entry.value)),
  version: attempt,
  marks: marks.slice(-MAX_MARKS),
  expiresAt: entry.expiresAtSeconds,
  ...(entry.owner === undefined ? {} : { ownerSid: entry.owner.sid, ownerSocketId: entry.owner.socketId }),
});

export const getSharedParams = (tableName: string, place: SharedPlace): GetCommandInput => ({
  TableName: tableName,
  Key: sharedKey(place),
  ConsistentRead: true,
});

/**
 * Refused only when it was done already, and somebody has changed the entry since: without the condition the repetition
 * of a lost put would undo that.
 */
export const putSharedParams = (
  tableName: string,
  place: SharedPlace,
  entry: SharedEntry,
  attempt: string,
): PutCommandInput => ({
  TableName: tableName,
  Item: toSharedItem(place, entry, attempt, [attempt]),
  ConditionExpression: UNLESS_DONE,
  ExpressionAttributeValues: { ":mark": attempt },
});

export function replaceSharedParams(
  tableName: string,
  place: SharedPlace,
  previous: SharedRecord | undefined,
  next: SharedEntry,
  { attempt, nowSeconds }: Call,
): PutCommandInput {
  const number = previous?.value.kind === "number" ? previous.value.number : undefined;
  return {
    TableName: tableName,
    Item: toSharedItem(place, next, attempt, [...(previous?.marks ?? []), toPutMark(attempt, number)]),
    ...toUnchanged(previous, nowSeconds),
  };
}

export const removeSharedParams = (
  tableName: string,
  place: SharedPlace,
  previous: SharedRecord,
  nowSeconds: number,
): DeleteCommandInput => ({
  TableName: tableName,
  Key: sharedKey(place),
  ...toUnchanged(previous, nowSeconds),
});

const toUnchanged = (previous: SharedRecord | undefined, nowSeconds: number) =>
  previous === undefined
    ? { ConditionExpression: UNLESS_LIVE, ExpressionAttributeValues: { ":now": nowSeconds } }
    : {
        ConditionExpression: `${IS_LIVE} AND version = :version`,
        ExpressionAttributeValues: { ":now": nowSeconds, ":version": previous.version },
      };

/** To a number that is there, or where there is no row at all: one that has expired must not be added to. */
export function addSharedParams(
  tableName: string,
  place: SharedPlace,
  by: number,
  { attempt, nowSeconds }: Call,
): UpdateCommandInput {
  const mark = toAddMark(attempt, by);
  return {
    TableName: tableName,
    Key: sharedKey(place),
    UpdateExpression:
      "SET amount = if_not_exists(amount, :zero) + :by, version = :attempt, " +
      "marks = list_append(if_not_exists(marks, :none), :marks), expiresAt = if_not_exists(expiresAt, :never)",
    ConditionExpression: `attribute_not_exists(pk) OR (${IS_LIVE} AND amount BETWEEN :least AND :most AND ${UNLESS_DONE})`,
    ExpressionAttributeValues: {
      ":zero": 0,
      ":by": by,
      ":least": Number.MIN_SAFE_INTEGER - Math.min(by, 0),
      ":most": Number.MAX_SAFE_INTEGER - Math.max(by, 0),
      ":attempt": attempt,
      ":none": [],
      ":marks": [mark],
      ":mark": mark,
      ":never": NEVER_SECONDS,
      ":now": nowSeconds,
    },
    ReturnValues: "UPDATED_NEW",
  };
}

/** Additions only ever append, so now and then the oldest half goes. Undefined while there are few. */
export const dropMarksParams = (
  tableName: string,
  place: SharedPlace,
  marks: readonly string[],
): UpdateCommandInput | undefined =>
  marks.length < MAX_MARKS
    ? undefined
    : {
        TableName: tableName,
        Key: sharedKey(place),
        UpdateExpression: `REMOVE ${Array.from({ length: MARKS_TO_DROP }, (_, n) => `marks[${n}]`).join(", ")}`,
        ConditionExpression: "marks[0] = :first",
        ExpressionAttributeValues: { ":first": marks[0] },
      };

export const deleteSharedParams = (
  tableName: string,
  place: SharedPlace,
  nowSeconds: number,
): DeleteCommandInput => ({
  TableName: tableName,
  Key: sharedKey(place),
  ConditionExpression: IS_LIVE,
  ExpressionAttributeValues: { ":now": nowSeconds },
});

export function listSharedParams(
  tableName: string,
  map: string,
  { prefix = "", from, to }: SharedRange,
  { pageLimit, after }: { readonly pageLimit: number | undefined; readonly after?: string | undefined },
): QueryCommandInput {
  const since = toSharedSortKey(from ?? prefix);
  const range: SortRange =
    to !== undefined
      ? { from: since, to: toSharedSortKey(to) }
      : from !== undefined
        ? { since }
        : { prefix: since };
  const params = partitionQuery(tableName, sharedPartition(map), { range, pageLimit });
  return after === undefined ? params : { ...params, ExclusiveStartKey: sharedKey({ map, key: after }) };
}

/** No entry is sent, and those that have expired are not counted. */
export function countSharedParams(
  tableName: string,
  map: string,
  range: SharedRange,
  { pageLimit, nowSeconds }: { pageLimit: number | undefined; nowSeconds: number },
): QueryCommandInput {
  const params = listSharedParams(tableName, map, range, { pageLimit });
  return {
    ...params,
    Select: "COUNT",
    FilterExpression: IS_LIVE,
    ExpressionAttributeValues: { ...params.ExpressionAttributeValues, ":now": nowSeconds },
  };
}

export const toOwnedItem = (sid: Sid, owned: OwnedRecord): Item & Key => ({
  ...ownedKey(sid, owned),
  expiresAt: sessionExpiresAtSeconds(sid),
});

export function fromOwnedItem(item: Item): OwnedRecord {
  const { socketId, map, key } = parseKey(item as unknown as Key) as OwnedRecord & { readonly kind: "owned" };
  return { socketId, map, key };
}

export const deleteIfOwnedParams = (
  tableName: string,
  place: SharedPlace,
  { sid, socketId }: SharedOwner,
): DeleteCommandInput => ({
  TableName: tableName,
  Key: sharedKey(place),
  ConditionExpression: "ownerSid = :sid AND ownerSocketId = :socketId",
  ExpressionAttributeValues: { ":sid": sid, ":socketId": socketId },
});
