import type { DeleteCommandInput, PutCommandInput, QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { SweepRecord } from "../../records.ts";
import { IS_LIVE, partitionQuery, type Item } from "../expressions.ts";
import { SWEEP_PARTITION, sweepKey, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

export function fromSweepItem(item: Item): SweepRecord {
  const { pk, sk, expiresAt: _expiresAt, attempt: _attempt, ...rest } = item;
  const { pingIntervalMs } = parseKey({ pk, sk } as Key) as { pingIntervalMs: number };
  return { pingIntervalMs, ...rest } as SweepRecord;
}

export const listSweepsParams = (tableName: string): QueryCommandInput =>
  partitionQuery(tableName, SWEEP_PARTITION);

/**
 * Overlapping sweepers take turns by the watermark they started from. `attempt` lets a repeated request know its own
 * first one, whose answer was lost: refused, it would leave a stretch of time walked by nobody.
 */
export function saveSweepParams(
  tableName: string,
  save: {
    sweep: SweepRecord;
    previousPingedUntilMs: number | undefined;
    attempt: string;
    expiresAtSeconds: number;
    nowSeconds: number;
  },
): PutCommandInput {
  const { pingIntervalMs, ...rest } = save.sweep;
  const previous = save.previousPingedUntilMs;
  return {
    TableName: tableName,
    Item: { ...sweepKey(pingIntervalMs), ...rest, attempt: save.attempt, expiresAt: save.expiresAtSeconds },
    ConditionExpression:
      previous === undefined
        ? "attribute_not_exists(pk) OR expiresAt <= :now OR attempt = :attempt"
        : `${IS_LIVE} AND (pingedUntilMs = :previous OR attempt = :attempt)`,
    ExpressionAttributeValues: {
      ":attempt": save.attempt,
      ":now": save.nowSeconds,
      ...(previous === undefined ? {} : { ":previous": previous }),
    },
  };
}

export const deleteSweepParams = (tableName: string, pingIntervalMs: number): DeleteCommandInput => ({
  TableName: tableName,
  Key: sweepKey(pingIntervalMs),
});
