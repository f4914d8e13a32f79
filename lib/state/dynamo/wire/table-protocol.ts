import type { Protocol } from "../../../requests/signed-client.ts";
import { toServiceError } from "../../../requests/service-error.ts";
import { fromAttributes, toAttributes, type AttributeValue } from "./attribute-values.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * DynamoDB's protocol, AWS JSON 1.0, with the plain values of `@aws-sdk/lib-dynamodb` in place of typed ones. The checksum
 * of answers, `x-amz-crc32`, is left to TLS, as by the SDK of today.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
 */
export const tableProtocol: Protocol = {
  service: "dynamodb",
  endpointOf: (_, settings) => settings.endpoint("dynamodb"),
  toRequest: (action, input) => ({
    method: "POST",
    path: "/",
    headers: [
      ["content-type", "application/x-amz-json-1.0"],
      ["x-amz-target", `DynamoDB_20120810.${action}`],
    ],
    body: JSON.stringify(toWire(input as Members)),
  }),
  toOutput: ({ body }) => fromWire(JSON.parse(body.toString()) as Members),
  toError: toServiceError,
};

/** Where parameters hold plain values; and where parameters are that do, each by its way to them. */
const attributesOf = new Set(["Key", "Item", "ExpressionAttributeValues", "ExclusiveStartKey"]);

function toWire(input: Members): Members {
  const wire: Record<string, unknown> = {};
  for (const name of Object.keys(input)) {
    const value = input[name];
    if (value === undefined) continue;
    if (attributesOf.has(name)) wire[name] = toAttributes(value as object);
    else if (name === "RequestItems") wire[name] = mapValues(value as Batches, toWireBatch);
    else if (name === "TransactItems") wire[name] = (value as Members[]).map(toWireWrite);
    else wire[name] = value;
  }
  return wire;
}

type Batches = Readonly<Record<string, readonly Members[] | Reads>>;

interface Reads {
  readonly Keys: readonly Members[];
}

/** Of one table: writes, or keys to be read. */
const toWireBatch = (batch: readonly Members[] | Reads): unknown =>
  "Keys" in batch ? { ...batch, Keys: batch.Keys.map(toAttributes) } : batch.map(toWireWrite);

/** `{ PutRequest: { Item } }`, `{ Update: { Key, … } }` */
const toWireWrite = (write: Members): Members =>
  mapValues(write, (one) => (one === undefined ? undefined : toWire(one as Members)));

function fromWire(output: Members): Members {
  const { Item, Items, Attributes, LastEvaluatedKey, UnprocessedItems, Responses, UnprocessedKeys } =
    output as Answer;
  return {
    ...output,
    ...(Item === undefined ? {} : { Item: fromAttributes(Item) }),
    ...(Items === undefined ? {} : { Items: Items.map(fromAttributes) }),
    ...(Attributes === undefined ? {} : { Attributes: fromAttributes(Attributes) }),
    ...(LastEvaluatedKey === undefined ? {} : { LastEvaluatedKey: fromAttributes(LastEvaluatedKey) }),
    ...(UnprocessedItems === undefined
      ? {}
      : { UnprocessedItems: mapValues(UnprocessedItems, (writes) => writes.map(fromWireWrite)) }),
    ...(Responses === undefined
      ? {}
      : { Responses: mapValues(Responses, (items) => items.map(fromAttributes)) }),
    ...(UnprocessedKeys === undefined
      ? {}
      : {
          UnprocessedKeys: mapValues(UnprocessedKeys, (reads) => ({
            ...reads,
            Keys: reads.Keys.map(fromAttributes),
          })),
        }),
  };
}

type Attributes = Readonly<Record<string, AttributeValue>>;

interface Answer {
  readonly Item?: Attributes;
  readonly Items?: readonly Attributes[];
  readonly Attributes?: Attributes;
  readonly LastEvaluatedKey?: Attributes;
  readonly UnprocessedItems?: Readonly<Record<string, readonly Write[]>>;
  readonly Responses?: Readonly<Record<string, readonly Attributes[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly Attributes[] }>>;
}

type Write = Readonly<Record<string, { readonly Item?: Attributes; readonly Key?: Attributes }>>;

/** Written again as it is read here. */
const fromWireWrite = (write: Write): Members =>
  mapValues(write, ({ Item, Key }) => ({
    ...(Item === undefined ? {} : { Item: fromAttributes(Item) }),
    ...(Key === undefined ? {} : { Key: fromAttributes(Key) }),
  }));

const mapValues = <Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
