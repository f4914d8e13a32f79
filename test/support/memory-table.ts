import type { AwsClient, Command } from "../../lib/requests/aws-client.ts";

export type Row = Readonly<Record<string, unknown>> & { readonly pk: string; readonly sk: string };

/** What a write would do, before it does: false throws it back, as a partition does that has too much to write. */
export type Gate = (write: { readonly pk: string; readonly item: Row | undefined }) => boolean;

/**
 * A table in memory that is asked as DynamoDB is, with as much of its language as memberships need: for the store itself
 * where steps are counted or played in virtual time. Every request happens at once.
 */
export class MemoryTable implements AwsClient {
  readonly #partitions = new Map<string, Partition>();
  readonly #mayWrite: Gate;

  constructor(mayWrite: Gate = () => true) {
    this.#mayWrite = mayWrite;
  }

  /** How many rows each partition has whose key begins like this. */
  count(beginning: string): Readonly<Record<string, number>> {
    const all = [...this.#partitions].filter(([pk, { keys }]) => pk.startsWith(beginning) && keys.length > 0);
    return Object.fromEntries(all.map(([pk, { keys }]) => [pk, keys.length]));
  }

  async send<Input extends object, Output extends object>(command: Command<Input, Output>): Promise<Output> {
    return this.#answer(command.action, command.input as never) as Output;
  }

  region(): Promise<string> {
    return Promise.resolve("us-east-1");
  }

  destroy(): void {
    // It keeps no connections.
  }

  #answer(action: string, input: Input): object {
    switch (action) {
      case "GetItem":
        return { Item: this.#get(input.Key) };
      case "PutItem":
        this.#require(input, this.#get(input.Item));
        this.#put(input.Item);
        return {};
      case "UpdateItem":
        return this.#update(input);
      case "DeleteItem":
        this.#require(input, this.#get(input.Key));
        this.#remove(input.Key);
        return {};
      case "BatchWriteItem":
        return this.#writeBatch(input.RequestItems);
      case "Query":
        return this.#query(input);
      default:
        throw new Error(`expected a request of memberships, got ${action}`);
    }
  }

  #get({ pk, sk }: Key): Row | undefined {
    return this.#partitions.get(pk)?.rows.get(sk);
  }

  #put(item: Row): void {
    const partition = this.#partitions.get(item.pk) ?? { keys: [], rows: new Map() };
    this.#partitions.set(item.pk, partition);
    if (!partition.rows.has(item.sk)) partition.keys.splice(indexOf(partition.keys, item.sk), 0, item.sk);
    partition.rows.set(item.sk, { ...item });
  }

  #remove({ pk, sk }: Key): void {
    const partition = this.#partitions.get(pk);
    if (partition?.rows.delete(sk)) partition.keys.splice(indexOf(partition.keys, sk), 1);
  }

  #update(input: Input): object {
    const { Key, UpdateExpression, ExpressionAttributeValues: values } = input;
    const old = this.#get(Key);
    this.#require(input, old);
    const [, assignments = ""] = /^SET (.*)$/.exec(UpdateExpression) ?? [];
    const set = assignments.split(", ").map((assignment): [string, unknown] => {
      const [name = "", value = ""] = assignment.split(" = ");
      return [name, values[value]];
    });
    this.#put({ ...old, ...Key, ...Object.fromEntries(set) });
    return {};
  }

  #require({ ConditionExpression, ExpressionAttributeValues }: Input, item: Row | undefined): void {
    if (ConditionExpression === undefined || holds(ConditionExpression, item, ExpressionAttributeValues))
      return;
    throw Object.assign(new Error("the condition does not hold"), {
      name: "ConditionalCheckFailedException",
    });
  }

  #writeBatch(requests: Input["RequestItems"]): object {
    const [[table, writes] = ["", []]] = Object.entries(requests);
    const left = writes.filter(({ PutRequest, DeleteRequest }) => {
      const key = PutRequest?.Item ?? DeleteRequest?.Key;
      if (key === undefined || !this.#mayWrite({ pk: key.pk, item: PutRequest?.Item })) return true;
      if (PutRequest === undefined) this.#remove(key);
      else this.#put(PutRequest.Item);
      return false;
    });
    return left.length === 0 ? {} : { UnprocessedItems: { [table]: left } };
  }

  #query(input: Input): object {
    const { ExpressionAttributeValues: values, KeyConditionExpression, Limit = Infinity } = input;
    const pk = String(values[":pk"]);
    const { keys, rows } = this.#partitions.get(pk) ?? { keys: [], rows: new Map<string, Row>() };
    const after = input.ExclusiveStartKey?.sk;
    const [, range = "sk >= :none"] = /^pk = :pk AND (.*)$/.exec(KeyConditionExpression) ?? [];
    const from = Math.max(
      lowerEnd(range, values, keys),
      after === undefined ? 0 : indexOf(keys, after) + (rows.has(after) ? 1 : 0),
    );
    const page: Row[] = [];
    let at = from;
    for (; at < keys.length && page.length < Limit; at += 1) {
      const row = rows.get(keys[at] ?? "");
      if (row === undefined || !isWithin(range, row.sk, values)) break;
      page.push(row);
    }
    const isMore = page.length === Limit && at < keys.length;
    const { FilterExpression: filter, ProjectionExpression: attribute } = input;
    const items = page.filter((row) => filter === undefined || holds(filter, row, values));
    const shown = items.map((row) =>
      attribute === undefined ? { ...row } : attribute in row ? { [attribute]: row[attribute] } : {},
    );
    const last = page.at(-1);
    return {
      Count: items.length,
      ...(input.Select === "COUNT" ? {} : { Items: shown }),
      ...(isMore && last ? { LastEvaluatedKey: { pk, sk: last.sk } } : {}),
    };
  }
}

interface Partition {
  /** In ascending order. */
  readonly keys: string[];
  readonly rows: Map<string, Row>;
}

interface Key {
  readonly pk: string;
  readonly sk: string;
}

interface Input {
  readonly Key: Key;
  readonly Item: Row;
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues: Readonly<Record<string, unknown>>;
  readonly RequestItems: Readonly<
    Record<
      string,
      { readonly PutRequest?: { readonly Item: Row }; readonly DeleteRequest?: { readonly Key: Key } }[]
    >
  >;
  readonly KeyConditionExpression: string;
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
  readonly Select?: string;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Key;
}

/** Where a key is, or would be. */
function indexOf(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

const lowerEnd = (
  range: string,
  values: Input["ExpressionAttributeValues"],
  keys: readonly string[],
): number => (range.startsWith("sk BETWEEN") ? indexOf(keys, String(values[":from"])) : 0);

function isWithin(range: string, sk: string, values: Input["ExpressionAttributeValues"]): boolean {
  if (range === "sk >= :none") return true;
  if (range === "sk < :before") return sk < String(values[":before"]);
  if (range === "sk BETWEEN :from AND :to") return sk <= String(values[":to"]);
  throw new Error(`expected a range of memberships, got ${range}`);
}

/** Of conditions those that memberships need. What is compared with an attribute that is absent is false. */
function holds(
  condition: string,
  item: Row | undefined,
  values: Input["ExpressionAttributeValues"],
): boolean {
  const term = (text: string): boolean => {
    const [, absent] = /^attribute_not_exists\((\w+)\)$/.exec(text) ?? [];
    if (absent !== undefined) return item?.[absent] === undefined;
    const [, name = "", operator, operands = ""] = /^(\w+) (=|<|>|IN) (.*)$/.exec(text) ?? [];
    const mine = item?.[name] as number | undefined;
    const others = operands
      .replace(/[()]/g, "")
      .split(", ")
      .map((one) => values[one] as number);
    if (operator === undefined) throw new Error(`expected a condition of memberships, got ${text}`);
    if (mine === undefined) return false;
    if (operator === "<") return mine < (others[0] ?? NaN);
    if (operator === ">") return mine > (others[0] ?? NaN);
    return others.includes(mine);
  };
  return condition.split(" OR ").some((part) => part.split(" AND ").every(term));
}
