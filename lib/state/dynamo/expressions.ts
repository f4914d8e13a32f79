import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";

/** An item as the document client hands it over, before `fromItem` has given it a type. */
export type Item = Record<string, unknown>;

/**
 * The condition that a row is there and has not expired. It needs no `attribute_exists`: comparing an attribute that
 * is absent is false. `:now` is `toExpirySeconds(clock)`.
 */
export const IS_LIVE = "expiresAt > :now";

/** Part of a partition by sort key: `before` is exclusive; `since`, `from` and `to` are inclusive. */
export type SortRange =
  | { readonly before: string }
  | { readonly since: string }
  | { readonly prefix: string }
  | { readonly from: string; readonly to: string };

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

function toKeyCondition(range: SortRange | undefined): string[] {
  if (range === undefined) return [];
  if ("before" in range) return ["sk < :before"];
  if ("prefix" in range) return ["begins_with(sk, :prefix)"];
  return ["since" in range ? "sk >= :since" : "sk BETWEEN :from AND :to"];
}

const toKeyValues = (range: SortRange | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(range ?? {}).map(([end, sk]) => [`:${end}`, sk]));
