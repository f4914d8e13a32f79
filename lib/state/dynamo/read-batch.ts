import type { AwsClient } from "../../requests/aws-client.ts";
import { BatchGetCommand, GetCommand } from "./commands.ts";
import type { Item } from "./expressions.ts";
import type { Key } from "./keys.ts";

/**
 * Rows by their keys, a hundred at most, in the order of these: one request. What DynamoDB leaves out for its load or
 * beyond 16 MB, which no client asks for again, is read row by row.
 */
export async function readBatch(
  client: AwsClient,
  tableName: string,
  keys: readonly Key[],
): Promise<readonly (Item | undefined)[]> {
  // A batch that names one row twice is refused as a whole.
  const wanted = new Map(keys.map(({ pk, sk }) => [toText({ pk, sk }), { pk, sk }]));
  const { found, left } =
    wanted.size > 1
      ? await readAll(client, tableName, [...wanted.values()])
      : { found: [], left: [...wanted.values()] };
  const alone = await Promise.all(
    left.map(async (Key) => {
      const { Item: item } = await client.send(
        new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
      );
      return item;
    }),
  );
  const items = [...found, ...alone.filter((item) => item !== undefined)];
  const byKey = new Map(items.map((item) => [toText(item as unknown as Key), item]));
  return keys.map((key) => byKey.get(toText(key)));
}

async function readAll(client: AwsClient, tableName: string, Keys: Key[]) {
  const { Responses, UnprocessedKeys } = await client.send(
    new BatchGetCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } }),
  );
  return {
    found: (Responses?.[tableName] ?? []) as Item[],
    left: (UnprocessedKeys?.[tableName]?.Keys ?? []) as unknown as Key[],
  };
}

const toText = ({ pk, sk }: Key): string => JSON.stringify([pk, sk]);
