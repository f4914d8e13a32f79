import type { QueryCommandInput, UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Sid } from "../../../ids.ts";
import type { AnswerRecord, Question } from "../../ack-store.ts";
import { requireAnswerSize, requireNamespace } from "../../row-limits.ts";
import { ackKey, ackPartition, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";
import { IS_LIVE, partitionQuery, type Item } from "../expressions.ts";

/** Somebody who was asked; with `messages` once there is an answer. */
export const toAckItems = ({ ackId, nsp, sids, expiresAtSeconds }: Question): (Item & Key)[] =>
  sids.map((sid) => ({ ...ackKey(ackId, sid), nsp: requireNamespace(nsp), expiresAt: expiresAtSeconds }));

/** Undefined while there is no answer. */
export function fromAckItem(item: Item): AnswerRecord | undefined {
  const messages = item["messages"] as AnswerRecord["messages"] | undefined;
  if (messages === undefined) return undefined;
  const { ackId, sid } = parseKey(item as unknown as Key) as { ackId: number; sid: Sid };
  return { ackId, nsp: item["nsp"] as string, sid, messages, atMs: item["atMs"] as number };
}

/**
 * Refused where nobody of that session was asked, or an answer is there already. `attempt` tells an answer that came
 * before from this very one, whose request comes again because nobody heard that it was done.
 */
export function saveAnswerParams(
  tableName: string,
  { answer, attempt, nowSeconds }: { answer: AnswerRecord; attempt: string; nowSeconds: number },
): UpdateCommandInput {
  const { ackId, nsp, sid, messages, atMs } = requireAnswerSize(answer);
  return {
    TableName: tableName,
    Key: ackKey(ackId, sid),
    UpdateExpression: "SET messages = :messages, atMs = :atMs, attempt = :attempt",
    ConditionExpression: `${IS_LIVE} AND nsp = :nsp AND (attribute_not_exists(messages) OR attempt = :attempt)`,
    ExpressionAttributeValues: {
      ":messages": [...messages],
      ":atMs": atMs,
      ":attempt": attempt,
      ":nsp": requireNamespace(nsp),
      ":now": nowSeconds,
    },
  };
}

export const listAnswersParams = (
  tableName: string,
  { ackId, pageLimit }: { ackId: number; pageLimit?: number | undefined },
): QueryCommandInput => partitionQuery(tableName, ackPartition(ackId), { pageLimit });
