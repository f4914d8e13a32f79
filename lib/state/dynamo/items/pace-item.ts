import type { UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import { MAX_RESERVED_MS, type PaceCut, type PostReservation, type ReservedPosts } from "../../pace-store.ts";
import type { Item } from "../expressions.ts";
import { PACE_KEY } from "../keys.ts";

/** Before there is any reservation, a cut may have been noted. */
export const fromPaceItem = ({ untilMs, cutTo, cutAtMs }: Item): ReservedPosts => ({
  untilMs: Number(untilMs ?? 0),
  ...(cutTo === undefined ? {} : { cut: { pace: Number(cutTo), atMs: Number(cutAtMs) } }),
});

interface Times {
  readonly expiresAtSeconds: number;
  readonly nowSeconds: number;
}

/** IF something is reserved ahead. */
export const appendReservationParams = (
  tableName: string,
  { durationMs, nowMs, expiresAtSeconds, nowSeconds }: PostReservation & Times,
): UpdateCommandInput => ({
  TableName: tableName,
  Key: PACE_KEY,
  UpdateExpression: "SET untilMs = untilMs + :duration, expiresAt = :expiresAt",
  ConditionExpression: "expiresAt > :now AND untilMs > :nowMs AND untilMs <= :farMs",
  ExpressionAttributeValues: {
    ":duration": durationMs,
    ":nowMs": nowMs,
    ":farMs": nowMs + MAX_RESERVED_MS,
    ":expiresAt": expiresAtSeconds,
    ":now": nowSeconds,
  },
  ReturnValues: "ALL_NEW",
});

/** IF nothing is. What a row that has expired says of a cut is so old that nobody goes by it. */
export const beginReservationParams = (
  tableName: string,
  { durationMs, nowMs, expiresAtSeconds, nowSeconds }: PostReservation & Times,
): UpdateCommandInput => ({
  TableName: tableName,
  Key: PACE_KEY,
  UpdateExpression: "SET untilMs = :untilMs, expiresAt = :expiresAt",
  ConditionExpression:
    "attribute_not_exists(untilMs) OR untilMs <= :nowMs OR untilMs > :farMs OR expiresAt <= :now",
  ExpressionAttributeValues: {
    ":untilMs": nowMs + durationMs,
    ":nowMs": nowMs,
    ":farMs": nowMs + MAX_RESERVED_MS,
    ":expiresAt": expiresAtSeconds,
    ":now": nowSeconds,
  },
  ReturnValues: "ALL_NEW",
});

/** Its own repetition passes: the same cut once more changes nothing. */
export const cutPaceParams = (
  tableName: string,
  { cut, unlessSinceMs, expiresAtSeconds, nowSeconds }: Times & { cut: PaceCut; unlessSinceMs: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: PACE_KEY,
  UpdateExpression: "SET cutTo = :pace, cutAtMs = :atMs, expiresAt = :expiresAt",
  ConditionExpression: "attribute_not_exists(cutAtMs) OR cutAtMs < :since OR expiresAt <= :now",
  ExpressionAttributeValues: {
    ":pace": cut.pace,
    ":atMs": cut.atMs,
    ":since": unlessSinceMs,
    ":expiresAt": expiresAtSeconds,
    ":now": nowSeconds,
  },
});
