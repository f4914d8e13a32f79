import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";

/** An item as the document client hands it over, before `fromItem` has given it a type. */
export type Item = Record<string, unknown>;

/**
 * The condition that a row is there and has not expired. It needs no `attribute_exists`: comparing an attribute that
 * is absent is false. `:now` is `toExpirySeconds(clock)`.
 */
export const IS_LIVE = "expiresAt > :now";

/** Part of a partition by sort key: up to `before` exclusive, or from `from` to `to`, both inclusive. */
export type SortRange = { readonly before: string } | { readonly from: string; readonly to: string };

export interface QueryOptions {
  readonly range?: SortRange;
  /** Items a page; DynamoDB's own limit is 1 MB. */
  readonly pageLimit?: number | undefined;
}

/** Strongly consistent, ascending: the only way in which this table is queried. */
export function partitionQuery(
  tableName: string,
  pk: string,
  { range, pageLimit }: QueryOptions = {},
): QueryCommandInput {
  return {
    TableName: tableName,
    ConsistentRead: true,
    KeyConditionExpression: ["pk = :pk", ...toKeyCondition(range)].join(" AND "),
    ExpressionAttributeValues: { ":pk": pk, ...toKeyValues(range) },
    ...(pageLimit === undefined ? {} : { Limit: pageLimit }),
  };
}

const toKeyCondition = (range: SortRange | undefined): string[] =>
  range === undefined ? [] : ["before" in range ? "sk < :before" : "sk BETWEEN :from AND :to"];

const toKeyValues = (range: SortRange | undefined): Record<string, string> =>
  range === undefined
    ? {}
    : "before" in range
      ? { ":before": range.before }
      : { ":from": range.from, ":to": range.to };
