import type { BatchWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Clock } from "../../clock.ts";
import type { AwsClient } from "../../requests/aws-client.ts";
import { StateError } from "../errors.ts";
import { BatchWriteCommand } from "./commands.ts";
import type { Item } from "./expressions.ts";
import type { Key } from "./keys.ts";

/** One row to put or to remove, with no condition. */
export type Write = { readonly put: Item & Key } | { readonly remove: Key };

export interface BatchContext {
  readonly client: AwsClient;
  readonly tableName: string;
  readonly clock: Clock;
  /** In [0, 1), for the jitter. */
  readonly random: () => number;
}

export interface BatchOptions {
  /** Batches that may be under way side by side, where their order is all one. Default 1. */
  readonly atOnce?: number;
  /** Hears of the partitions whose writes the table has refused for its load, each time. */
  readonly onRefused?: (partitions: ReadonlySet<string>) => void;
}

const MAX_WRITES = 25;
const MAX_ATTEMPTS = 8;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1000;

/**
 * Does all writes, 25 a request, one request after the other: a crash leaves a prefix, so callers order their writes
 * such that every prefix can be cleaned up; where their order is all one, several requests may be under way `atOnce`.
 * Of two writes to one row the later counts.
 *
 * DynamoDB may refuse a part of a batch for its load, which the SDK does not retry. That part is sent again after a
 * random wait; what is left after eight attempts is thrown as `state.unprocessed_writes`.
 */
export async function writeBatches(
  context: BatchContext,
  writes: readonly Write[],
  { atOnce = 1, onRefused }: BatchOptions = {},
): Promise<void> {
  const batches = batchParams(context.tableName, writes).values();
  const work = async () => {
    for (const params of batches) await writeBatch(context, params, onRefused);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

export function batchParams(tableName: string, writes: readonly Write[]): BatchWriteCommandInput[] {
  // A batch that names one row twice is refused as a whole.
  const byRow = new Map(writes.map((write) => [JSON.stringify(toKey(write)), write]));
  const requests = [...byRow.values()].map((write) =>
    "put" in write ? { PutRequest: { Item: write.put } } : { DeleteRequest: { Key: write.remove } },
  );
  const batches = Math.ceil(requests.length / MAX_WRITES);
  return Array.from({ length: batches }, (_, index) => ({
    RequestItems: { [tableName]: requests.slice(index * MAX_WRITES, (index + 1) * MAX_WRITES) },
  }));
}

async function writeBatch(
  context: BatchContext,
  params: BatchWriteCommandInput,
  onRefused: BatchOptions["onRefused"],
): Promise<void> {
  let left = params.RequestItems;
  for (let attempt = 1; ; attempt++) {
    const { UnprocessedItems } = await context.client.send(new BatchWriteCommand({ RequestItems: left }));
    left = UnprocessedItems;
    const refused = left?.[context.tableName] ?? [];
    const count = refused.length;
    if (count === 0) return;
    onRefused?.(
      new Set(
        refused.map(({ PutRequest, DeleteRequest }) =>
          String(PutRequest?.Item?.["pk"] ?? DeleteRequest?.Key?.["pk"]),
        ),
      ),
    );
    if (attempt === MAX_ATTEMPTS)
      throw new StateError(
        "state.unprocessed_writes",
        `expected all writes of a batch to be done, got ${count} refused ${attempt} times`,
        { count, attempts: attempt },
      );
    const longestMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
    await context.clock.sleep(Math.ceil(context.random() * longestMs));
  }
}

const toKey = (write: Write): [string, string] => {
  const { pk, sk } = "put" in write ? write.put : write.remove;
  return [pk, sk];
};
