import type { QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Clock } from "../../clock.ts";
import type { AwsClient } from "../../requests/aws-client.ts";
import { isLive } from "../expiry.ts";
import { QueryCommand } from "./commands.ts";
import type { Item } from "./expressions.ts";

/**
 * The live items of a query, a page at a time, to the last page. A page that has none left is passed over: DynamoDB
 * may also send an empty page in the middle, and only a missing `LastEvaluatedKey` means the end.
 */
export async function* queryPages(
  client: AwsClient,
  params: QueryCommandInput,
  clock: Clock,
): AsyncGenerator<Item[]> {
  let input: QueryCommandInput | undefined = params;
  while (input !== undefined) {
    const { items, lastKey }: Page = await queryPage(client, input, clock);
    if (items.length > 0) yield items;
    input = lastKey && { ...params, ExclusiveStartKey: lastKey };
  }
}

interface Page {
  readonly items: Item[];
  readonly lastKey: Item | undefined;
}

/** The live items of one page, and its last key where there may be more. */
export async function queryPage(client: AwsClient, params: QueryCommandInput, clock: Clock): Promise<Page> {
  const output: QueryCommand["output"] = await client.send(new QueryCommand(params));
  const items = (output.Items ?? []).filter((item) => isLive(Number(item["expiresAt"]), clock));
  return { items, lastKey: output.LastEvaluatedKey };
}

/** All pages of a query that is known to be small. */
export async function queryAll(client: AwsClient, params: QueryCommandInput, clock: Clock): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of queryPages(client, params, clock)) items.push(...page);
  return items;
}

/** How many items all pages of a query find; and those of them that have an attribute which it asks for. */
export async function queryCount(
  client: AwsClient,
  params: QueryCommandInput,
): Promise<{ readonly count: number; readonly found: readonly Item[] }> {
  let count = 0;
  const found: Item[] = [];
  let input: QueryCommandInput | undefined = params;
  while (input !== undefined) {
    const output: QueryCommand["output"] = await client.send(new QueryCommand(input));
    count += output.Count ?? 0;
    found.push(...(output.Items ?? []).filter((item) => Object.keys(item).length > 0));
    input = output.LastEvaluatedKey && { ...params, ExclusiveStartKey: output.LastEvaluatedKey };
  }
  return { count, found };
}
