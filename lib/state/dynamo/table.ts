import type {
  DeleteCommandInput,
  GetCommandInput,
  PutCommandInput,
  QueryCommandInput,
  UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import type { Clock } from "../../clock.ts";
import type { AwsClient } from "../../requests/aws-client.ts";
import { isLive, toExpirySeconds } from "../expiry.ts";
import { writeBatches, type BatchOptions, type Write } from "./batch.ts";
import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from "./commands.ts";
import type { Item } from "./expressions.ts";
import { isAccepted, unlessRefused } from "./failures.ts";
import { createAttempt } from "./attempt.ts";
import type { Key } from "./keys.ts";
import { readBatch } from "./read-batch.ts";
import { queryAll, queryCount, queryPage, queryPages } from "./page.ts";
import { retryConflicts, transact, type TransactWrite } from "./transact.ts";

export interface TableOptions {
  readonly client: AwsClient;
  readonly tableName: string;
  readonly clock: Clock;
  /** Items a page of any list; undefined: what fits into DynamoDB's 1 MB. */
  readonly pageLimit: number | undefined;
  /** In [0, 1), for the jitter of repeated batches. */
  readonly random: () => number;
}

/** The requests of which the store is made, each with the rule that all of its callers share. */
export interface Table {
  readonly name: string;
  readonly clock: Clock;
  readonly pageLimit: number | undefined;
  /** The present, as conditions compare it with `expiresAt`. */
  nowSeconds(): number;
  /** A row that has not expired. */
  get(params: GetCommandInput): Promise<Item | undefined>;
  /** Rows by their keys, a hundred at most, in the order of these. */
  getMany(keys: readonly Key[]): Promise<readonly (Item | undefined)[]>;
  /** The same of a query, a page at a time. */
  pages(params: QueryCommandInput): AsyncIterable<Item[]>;
  /** All of them, of a query that is known to be small. */
  query(params: QueryCommandInput): Promise<Item[]>;
  /** One page of them, and where it ended; undefined where nothing comes behind it. */
  page(
    params: QueryCommandInput,
  ): Promise<{ readonly items: readonly Item[]; readonly lastKey: Item | undefined }>;
  /** How many rows a query finds on all of its pages, and those of them that have an attribute which it asks for. */
  count(params: QueryCommandInput): Promise<{ readonly count: number; readonly found: readonly Item[] }>;
  /** Whether the condition held. */
  put(params: PutCommandInput): Promise<boolean>;
  /** Undefined when the condition did not hold. */
  update(params: UpdateCommandInput): Promise<UpdateCommand["output"] | undefined>;
  /** Whether the condition held. */
  remove(params: DeleteCommandInput): Promise<boolean>;
  /** All writes at once or none: undefined when they are done, else whether the condition of each held. */
  transact(writes: readonly TransactWrite[]): Promise<readonly boolean[] | undefined>;
  /** Puts and removals with no condition. */
  write(writes: readonly Write[], options?: BatchOptions): Promise<void>;
}

export function openTable({ client, tableName, clock, pageLimit, random }: TableOptions): Table {
  const whileLive = (item: Item | undefined): Item | undefined =>
    item !== undefined && isLive(Number(item["expiresAt"]), clock) ? item : undefined;
  return {
    name: tableName,
    clock,
    pageLimit,
    nowSeconds: () => toExpirySeconds(clock),
    async get(params) {
      const { Item: item } = await client.send(new GetCommand(params));
      return whileLive(item);
    },
    getMany: async (keys) => (await readBatch(client, tableName, keys)).map(whileLive),
    pages: (params) => queryPages(client, params, clock),
    query: (params) => queryAll(client, params, clock),
    page: (params) => queryPage(client, params, clock),
    count: (params) => queryCount(client, params),
    put: (params) => isAccepted(client.send(new PutCommand(params))),
    // The row may be one that a transaction is at.
    update: (params) =>
      unlessRefused(retryConflicts({ clock, random }, () => client.send(new UpdateCommand(params)))),
    transact: (writes) => transact({ client, clock, random }, writes, createAttempt()),
    remove: async (params) => (await unlessRefused(client.send(new DeleteCommand(params)))) !== undefined,
    write: (writes, options) => writeBatches({ client, tableName, clock, random }, writes, options),
  };
}
