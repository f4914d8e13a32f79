import type { GetCommandInput, UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Item } from "../expressions.ts";
import { pollersKey } from "../keys.ts";

/** How many processes polled in a span of time: a counter, since nobody asks which. */
export const fromPollersItem = ({ counted }: Item): number => Number(counted);

export const countPollerParams = (
  tableName: string,
  { span, expiresAtSeconds }: { span: number; expiresAtSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: pollersKey(span),
  UpdateExpression: "SET expiresAt = :expires ADD counted :one",
  ExpressionAttributeValues: { ":expires": expiresAtSeconds, ":one": 1 },
  ReturnValues: "ALL_NEW",
});

export const getPollersParams = (tableName: string, span: number): GetCommandInput => ({
  TableName: tableName,
  Key: pollersKey(span),
  ConsistentRead: true,
});
