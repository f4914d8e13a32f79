import type { UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Sid } from "../../ids.ts";
import type { GetRequest, OutboxAppend } from "../outbox.ts";
import { MAX_GET_FRAMES, MAX_OUTBOX_BYTES, toFramesBytes } from "../row-limits.ts";
import { IS_LIVE, type Item } from "./expressions.ts";
import { outboxKey } from "./keys.ts";
import { IS_OPEN } from "./items/outbox-item.ts";

/*
 * How frames go in and out exactly once, although the SDK repeats a request whose answer was lost.
 *
 * In. One mark for the last append is not enough: another's may come in between.
 *
 *     a: append 42["x"] ──► done ──► answer lost ────────────────► again
 *     b:                                    append 42["y"] ──► done
 *
 * So the row keeps the mark of every append for a while, in one of three sets that take turns every 30 seconds. An
 * append adds to the set of its time and drops the one before last, so that a mark stays for 30 seconds at least and
 * for 90 at most; the last of six attempts of 3 seconds each is begun within 26. A repeated append finds its mark in
 * the very set it names, is refused, and the read that follows a refusal finds the mark, too: it was appended.
 *
 * Out. The old item is the only copy of what was taken, and it was in the answer:
 *
 *     GET g1: end ──► frames removed ──► answer lost ──► again: not parked any more; the frames are gone
 *
 * So taking moves the frames aside, under the attempt of who took them. The repetition is refused, reads, finds its
 * own attempt and has the frames. They are let go by the next GET, whose coming shows that the last was answered, or
 * replaced by what is taken next. Large ones are in the way of what is appended meanwhile, so above `MAX_KEPT_BYTES`
 * they are let go as soon as the answer has arrived.
 *
 *     GET g1: end ──► frames → taken, takenBy Qm ──► answer lost ──► again: refused ──► read: takenBy Qm ──► frames
 *     GET g2:                                                                       open ──► taken removed
 */

/** How much of what was taken may stay in the row until the next GET. */
export const MAX_KEPT_BYTES = 8 * 1024;

const MARKS_SETS = 3;
const MARKS_TURN_MS = 30_000;

interface Call {
  readonly attempt: string;
  readonly nowSeconds: number;
}

/** `markedAtMs` is the time of the call by its own clock, and chooses the set that its mark is kept in. */
export function appendOutboxParams(
  tableName: string,
  append: OutboxAppend & Call & { readonly markedAtMs: number },
): UpdateCommandInput {
  const bytes = toFramesBytes(append.frames);
  const { marks, oldMarks } = toMarks(append.markedAtMs);
  const conditions = [
    IS_OPEN,
    "bytes < :most AND held <= :mostHeld",
    `NOT contains(${marks}, :attempt)`,
    ...(append.onlyIfParked ? ["getUntilMs > :nowMs"] : []),
  ];
  return {
    TableName: tableName,
    Key: outboxKey(append.sid),
    UpdateExpression:
      "SET frames = list_append(frames, :frames), bytes = bytes + :bytes, held = held + :bytes" +
      `${append.closes ? ", closed = :attempt" : ""} REMOVE ${oldMarks} ADD ${marks} :marks`,
    ConditionExpression: conditions.join(" AND "),
    ExpressionAttributeValues: {
      ":frames": append.frames,
      ":bytes": bytes,
      ":most": Math.min(append.capBytes, toLeftBytes(append.frames) + 1),
      ":mostHeld": toLeftBytes(append.frames) + MAX_KEPT_BYTES,
      ":attempt": append.attempt,
      ":marks": new Set([append.attempt]),
      ":now": append.nowSeconds,
      ...(append.onlyIfParked ? { ":nowMs": append.nowMs } : {}),
    },
    // For one number, `lastGetUntilMs`; but only an attribute that was written can be had by itself.
    ReturnValues: "ALL_NEW",
  };
}

/** Whether an append of this name, at that time, is in the row, or was and has been taken since. */
export const hasAppended = (item: Item, attempt: string, markedAtMs: number): boolean =>
  (item[toMarks(markedAtMs).marks] as Set<string> | undefined)?.has(attempt) ?? false;

/** Whether frames are more than what is left for them, by the cap or by the row. */
export const isFull = (item: Item, { frames, capBytes }: OutboxAppend): boolean =>
  (item["bytes"] as number) >= capBytes || (item["bytes"] as number) > toLeftBytes(frames);

/** Refused once it is closed, also by an earlier request of the same call: `closed` is then its attempt. */
export const closeOutboxParams = (
  tableName: string,
  close: Call & { sid: Sid; frames: readonly string[] },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: outboxKey(close.sid),
  UpdateExpression:
    "SET frames = list_append(frames, :frames), bytes = bytes + :bytes, held = held + :bytes, closed = :attempt",
  ConditionExpression: IS_OPEN,
  ExpressionAttributeValues: {
    ":frames": close.frames,
    ":bytes": toFramesBytes(close.frames),
    ":attempt": close.attempt,
    ":now": close.nowSeconds,
  },
});

/** A GET may find itself parked, by an earlier request. */
export const openGetParams = (
  tableName: string,
  get: GetRequest & { readonly nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: outboxKey(get.sid),
  UpdateExpression:
    "SET getId = :id, getUntilMs = :untilMs, lastGetUntilMs = :untilMs, held = bytes REMOVE taken, takenBy",
  ConditionExpression:
    `${IS_LIVE} AND attribute_not_exists(connectionId) ` +
    "AND (attribute_not_exists(getId) OR getUntilMs <= :nowMs OR getId = :id)" +
    (get.aliveSinceMs === undefined ? "" : " AND lastGetUntilMs >= :aliveSinceMs"),
  ExpressionAttributeValues: {
    ":id": get.id,
    ":untilMs": get.untilMs,
    ":nowMs": get.nowMs,
    ":now": get.nowSeconds,
    ...(get.aliveSinceMs === undefined ? {} : { ":aliveSinceMs": get.aliveSinceMs }),
  },
  ReturnValues: "ALL_NEW",
});

const TAKE = "SET taken = frames, takenBy = :taker, held = bytes, frames = :empty, bytes = :none";
const takeValues = { ":empty": [], ":none": 0 };

export const endGetParams = (
  tableName: string,
  get: Call & { sid: Sid; id: string; nowMs: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: outboxKey(get.sid),
  UpdateExpression: `${TAKE}, lastGetUntilMs = :nowMs REMOVE getId, getUntilMs`,
  ConditionExpression: `${IS_LIVE} AND getId = :id AND size(frames) <= :most`,
  ExpressionAttributeValues: {
    ...takeValues,
    ":most": MAX_GET_FRAMES,
    ":taker": get.attempt,
    ":id": get.id,
    ":nowMs": get.nowMs,
    ":now": get.nowSeconds,
  },
  ReturnValues: "ALL_OLD",
});

/**
 * The same where there are more frames than an answer may have. While a GET is parked frames are only added, behind those
 * that were seen; but for a WebSocket that takes all, after which the first are others. The last goes first, for whoever
 * counts places anew after each: DynamoDB does not, dynalite does.
 */
export function endFullGetParams(
  tableName: string,
  get: Call & { sid: Sid; id: string; nowMs: number; first: readonly string[] },
): UpdateCommandInput {
  const places = get.first.map((_, index) => `frames[${index}]`);
  return {
    TableName: tableName,
    Key: outboxKey(get.sid),
    UpdateExpression:
      "SET taken = :first, takenBy = :taker, held = bytes, bytes = bytes - :bytes, lastGetUntilMs = :nowMs " +
      `REMOVE getId, getUntilMs, ${places.toReversed().join(", ")}`,
    ConditionExpression: [
      `${IS_LIVE} AND getId = :id AND size(frames) > :most`,
      ...places.map((place, index) => `${place} = :frame${index}`),
    ].join(" AND "),
    ExpressionAttributeValues: {
      ...Object.fromEntries(get.first.map((frame, index) => [`:frame${index}`, frame])),
      ":first": get.first,
      ":bytes": toFramesBytes(get.first),
      ":most": MAX_GET_FRAMES,
      ":taker": get.attempt,
      ":id": get.id,
      ":nowMs": get.nowMs,
      ":now": get.nowSeconds,
    },
  };
}

export const takeOutboxParams = (tableName: string, take: Call & { sid: Sid }): UpdateCommandInput => ({
  TableName: tableName,
  Key: outboxKey(take.sid),
  UpdateExpression: TAKE,
  ConditionExpression: `${IS_OPEN} AND NOT takenBy = :taker`,
  ExpressionAttributeValues: { ...takeValues, ":taker": take.attempt, ":now": take.nowSeconds },
  ReturnValues: "ALL_OLD",
});

/** Lets go of what was taken, unless it is another's by now. */
export const dropTakenParams = (
  tableName: string,
  drop: { sid: Sid; taker: string; nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: outboxKey(drop.sid),
  UpdateExpression: "SET held = bytes REMOVE taken, takenBy",
  ConditionExpression: `${IS_LIVE} AND takenBy = :taker`,
  ExpressionAttributeValues: { ":taker": drop.taker, ":now": drop.nowSeconds },
});

/** How many bytes there may be in an outbox for these frames still to fit. */
const toLeftBytes = (frames: readonly string[]): number => MAX_OUTBOX_BYTES - toFramesBytes(frames);

function toMarks(markedAtMs: number) {
  const turn = Math.floor(markedAtMs / MARKS_TURN_MS);
  return { marks: `marks${turn % MARKS_SETS}`, oldMarks: `marks${(turn + 1) % MARKS_SETS}` };
}
