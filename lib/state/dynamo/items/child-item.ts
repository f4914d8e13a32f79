import type { DeleteCommandInput, GetCommandInput, QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { partitionQuery, type Item } from "../expressions.ts";
import { childKey, childrenPartition, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/**
 * A namespace among the children of its parent. Each connect writes it anew and may come from a session of any age, so
 * it expires when all sessions of that moment have: an old one's connect cannot take it from a young one.
 */
export const toChildItem = (parent: string, child: string, expiresAtSeconds: number): Item & Key => ({
  ...childKey(parent, child),
  expiresAt: expiresAtSeconds,
});

export const fromChildItem = (item: Item): string =>
  (parseKey(item as unknown as Key) as { child: string }).child;

export const listChildrenParams = (
  tableName: string,
  { parent, pageLimit }: { parent: string; pageLimit?: number | undefined },
): QueryCommandInput => partitionQuery(tableName, childrenPartition(parent), { pageLimit });

export const getChildParams = (tableName: string, parent: string, child: string): GetCommandInput => ({
  TableName: tableName,
  Key: childKey(parent, child),
  ConsistentRead: true,
});

/** Every connect writes the row anew, and so tells in `expiresAt` when it was. */
export const forgetChildParams = (
  tableName: string,
  { parent, child, expiresAtSeconds }: { parent: string; child: string; expiresAtSeconds: number },
): DeleteCommandInput => ({
  TableName: tableName,
  Key: childKey(parent, child),
  ConditionExpression: "expiresAt <= :idle",
  ExpressionAttributeValues: { ":idle": expiresAtSeconds },
});
