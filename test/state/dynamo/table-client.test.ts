import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { AwsClient, Command } from "../../../lib/requests/aws-client.ts";
import * as commands from "../../../lib/state/dynamo/commands.ts";
import { createDocumentClient } from "../../../lib/state/dynamo/document-client.ts";
import { createSdkTableClient } from "../../../lib/state/dynamo/sdk-table-client.ts";
import { createTableClient } from "../../../lib/state/dynamo/table-client.ts";
import { localCredentials } from "../../support/dynalite.ts";
import {
  startRecordingService,
  type RecordingService,
  type ServiceAnswer,
} from "../../support/recording-service.ts";

/** Requests signed by hand, beside the SDK's document client. */
let service: RecordingService;
let signed: AwsClient;
let sdk: AwsClient;

beforeAll(async () => {
  service = await startRecordingService();
  const env = { AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL_DYNAMODB: service.endpoint };
  signed = createTableClient(env, { credentials: localCredentials, sleep: async () => undefined });
  sdk = createSdkTableClient(createDocumentClient(env, { credentials: localCredentials }));
});
beforeEach(() => service.answerBy(() => ({})));
afterAll(async () => {
  signed.destroy();
  sdk.destroy();
  await service.stop();
});

interface Outcome {
  readonly output?: object;
  readonly error?: Record<string, unknown>;
}

/** What came of it, as far as both tell it. */
async function outcomeOf(client: AwsClient, command: Command<object, object>): Promise<Outcome> {
  try {
    const { $metadata: _, ...output } = (await client.send(command)) as { $metadata?: unknown };
    return { output };
  } catch (error) {
    const { name, message, $metadata, $fault, $response: _, ...members } = error as Error & Metadata;
    const { httpStatusCode, requestId, attempts } = $metadata ?? {};
    return { error: { name, message, $fault, httpStatusCode, requestId, attempts, ...members } };
  }
}

interface Metadata {
  readonly $metadata?: Record<string, unknown>;
  readonly $fault?: unknown;
  readonly $response?: unknown;
}

async function both(command: Command<object, object>): Promise<[Outcome, Outcome]> {
  return [await outcomeOf(signed, command), await outcomeOf(sdk, command)];
}

/** The bodies of what both send, and why one sends none. */
async function bodiesOf(command: Command<object, object>): Promise<{ bodies: string[]; failed: boolean[] }> {
  service.answerBy(() => ({}));
  const outcomes = await both(command);
  return {
    bodies: service.seen.map(({ body }) => body),
    failed: outcomes.map(({ error }) => error !== undefined),
  };
}

class Point {
  readonly x = 1;
}

const values: Readonly<Record<string, unknown>> = {
  text: "hé 🦄 \u2028 \ud800",
  "empty text": "",
  number: 12.5,
  "negative zero": -0,
  "the largest exact number": Number.MAX_SAFE_INTEGER,
  "a tiny number": 5e-324,
  bigint: 2n ** 80n,
  truth: false,
  nothing: null,
  bytes: new Uint8Array([0, 1, 255]),
  "bytes of a view": new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  "a Buffer": Buffer.from("buffer"),
  "no bytes": new Uint8Array(),
  list: [1, "a", null, undefined, [true], () => 1],
  map: { a: 1, b: { c: undefined, d: [undefined] }, "e.f#g": "", f: () => 1 },
  "a Map": new Map<string, unknown>([
    ["a", 1],
    ["b", undefined],
  ]),
  "an object without a prototype": Object.assign(Object.create(null) as object, { a: 1 }),
  "strings of a set": new Set(["a", "é"]),
  "numbers of a set": new Set([1, 2.5]),
  "bigints of a set": new Set([1n, 2n ** 70n]),
  "bytes of a set": new Set([new Uint8Array([1]), new Uint8Array([2])]),
  "a set with undefined": new Set(["a", undefined]),
  "boxed values": [Object("text"), Object(1), Object(true)],
};

const refused: Readonly<Record<string, unknown>> = {
  "not a number": NaN,
  infinity: Infinity,
  "a number that would lose digits": 2 ** 53,
  "one below zero": -(2 ** 53),
  "an empty set": new Set(),
  "a set of undefined": new Set([undefined]),
  "a set of truths": new Set([true]),
  "an object of a class": new Point(),
  "a date": new Date(0),
  "a symbol": Symbol("x"),
};

describe("a request", () => {
  const put = (value: unknown) =>
    new commands.PutCommand({ TableName: "t", Item: { pk: "a", value, more: { value } } });

  it.each(Object.keys(values))("has the SDK's body, byte for byte, with %s", async (name) => {
    const { bodies, failed } = await bodiesOf(put(values[name]));

    expect(failed).toEqual([false, false]);
    expect(bodies[0]).toBe(bodies[1]);
  });

  it.each(Object.keys(refused))("is made by neither with %s", async (name) => {
    expect(await bodiesOf(put(refused[name]))).toEqual({ bodies: [], failed: [true, true] });
  });

  it("keeps a member __proto__ of its own, which the SDK takes for something else", async () => {
    const Item = JSON.parse('{"pk":"a","__proto__":"b","map":{"__proto__":{"c":1}}}') as { pk: string };

    const { bodies } = await bodiesOf(new commands.PutCommand({ TableName: "t", Item }));

    expect(bodies.map((body) => JSON.parse(body) as object)).toEqual([
      JSON.parse(
        '{"TableName":"t","Item":{"pk":{"S":"a"},"__proto__":{"S":"b"},"map":{"M":{"__proto__":{"M":{"c":{"N":"1"}}}}}}}',
      ),
      JSON.parse('{"TableName":"t","Item":{"pk":{"S":"a"},"map":{"M":{"M":{"c":{"N":"1"}}}}}}'),
    ]);
  });

  const key = { pk: "a", sk: "b" };
  const expression = {
    ConditionExpression: "#a = :a",
    ExpressionAttributeNames: { "#a": "a" },
    ExpressionAttributeValues: { ":a": new Set(["x"]), ":none": undefined },
  };
  const every: readonly Command<object, object>[] = [
    new commands.GetCommand({ TableName: "t", Key: key, ConsistentRead: true }),
    new commands.QueryCommand({
      TableName: "t",
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": "a" },
      ExclusiveStartKey: key,
      Limit: 3,
      ScanIndexForward: false,
    }),
    new commands.PutCommand({ TableName: "t", Item: { ...key, n: 1 }, ...expression }),
    new commands.UpdateCommand({
      TableName: "t",
      Key: key,
      UpdateExpression: "SET a = :a",
      ReturnValues: "ALL_NEW",
      ...expression,
    }),
    new commands.DeleteCommand({ TableName: "t", Key: key, ...expression }),
    new commands.BatchWriteCommand({
      RequestItems: {
        t: [{ PutRequest: { Item: { ...key, b: new Uint8Array([1]) } } }, { DeleteRequest: { Key: key } }],
      },
    }),
    new commands.BatchGetCommand({
      RequestItems: { t: { Keys: [key, { pk: "a", sk: "c" }], ConsistentRead: true } },
    }),
    new commands.TransactWriteCommand({
      ClientRequestToken: "token",
      TransactItems: [
        { Put: { TableName: "t", Item: key, ...expression } },
        { Update: { TableName: "t", Key: key, UpdateExpression: "SET a = :a", ...expression } },
        { Delete: { TableName: "t", Key: key } },
        { ConditionCheck: { TableName: "t", Key: key, ...expression } },
      ],
    }),
  ];

  it.each(every.map((command) => [command.action, command] as const))(
    "of %s goes where the SDK's goes, under its name",
    async (_, command) => {
      const { bodies, failed } = await bodiesOf(command);

      expect(failed).toEqual([false, false]);
      expect(JSON.parse(bodies[0]!)).toEqual(JSON.parse(bodies[1]!));
      const [own, reference] = service.seen.map(({ method, url, headers }) => ({
        method,
        url,
        target: headers["x-amz-target"],
        type: headers["content-type"],
        length: headers["content-length"],
        scope: /Credential=\S+/.exec(headers.authorization ?? "")?.[0].replace(/\d{8}/, "day"),
      }));
      expect(own).toEqual(reference);
    },
  );

  it("has the SDK's body whatever is in it", async () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.string({ unit: "binary" }),
        fc.integer(),
        fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
        fc.bigInt(),
        fc.boolean(),
        fc.constantFrom(null, undefined),
        fc.uint8Array({ maxLength: 8 }),
        fc.array(tie("any"), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter((name) => name !== "__proto__"),
          tie("any"),
          { maxKeys: 4, noNullPrototype: true },
        ),
        fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 3 }).map((members) => new Set(members)),
      ),
    })).any;

    await fc.assert(
      fc.asyncProperty(value, async (any) => {
        const { bodies } = await bodiesOf(put(any));
        expect(bodies[0]).toBe(bodies[1]);
      }),
      { seed: 20261128, numRuns: 100 },
    );
  });
});

describe("an answer", () => {
  const attributes = {
    s: { S: "é" },
    n: { N: "12.50" },
    large: { N: "1208925819614629174706176" },
    tiny: { N: "0.000000000000000000000001" },
    b: { B: "AAH/" },
    t: { BOOL: false },
    none: { NULL: true },
    l: { L: [{ S: "a" }, { L: [] }, { M: { x: { N: "-0" } } }] },
    m: { M: { "a.b": { S: "" }, deep: { M: {} } } },
    ss: { SS: ["a", "b"] },
    ns: { NS: ["1", "18446744073709551616"] },
    bs: { BS: ["AQ==", "Ag=="] },
  };
  const key = { pk: { S: "a" } };

  it.each<[string, Command<object, object>, object]>([
    ["an item", new commands.GetCommand({ TableName: "t", Key: {} }), { Item: attributes }],
    ["no item", new commands.GetCommand({ TableName: "t", Key: {} }), {}],
    [
      "a page",
      new commands.QueryCommand({ TableName: "t" }),
      { Items: [attributes, {}], Count: 2, ScannedCount: 3, LastEvaluatedKey: key },
    ],
    ["a count", new commands.QueryCommand({ TableName: "t" }), { Count: 0, ScannedCount: 0 }],
    ["what there was", new commands.UpdateCommand({ TableName: "t", Key: {} }), { Attributes: attributes }],
    [
      "what was left out of a batch",
      new commands.BatchWriteCommand({ RequestItems: {} }),
      { UnprocessedItems: { t: [{ PutRequest: { Item: attributes } }, { DeleteRequest: { Key: key } }] } },
    ],
    [
      "nothing left of a batch",
      new commands.BatchWriteCommand({ RequestItems: {} }),
      { UnprocessedItems: {} },
    ],
  ])("with %s is the SDK's", async (_, command, body) => {
    service.answerBy(() => ({ body }));

    const [own, reference] = await both(command);

    expect(own.error).toBeUndefined();
    expect(own).toEqual(reference);
  });

  it("of what was left out of a batch can be sent again as it is", async () => {
    service.answerBy(() => ({ body: { UnprocessedItems: { t: [{ PutRequest: { Item: attributes } }] } } }));
    const { UnprocessedItems } = await signed.send(new commands.BatchWriteCommand({ RequestItems: {} }));
    service.answerBy(() => ({}));

    await signed.send(new commands.BatchWriteCommand({ RequestItems: UnprocessedItems }));

    const { RequestItems } = JSON.parse(service.seen[0]!.body) as { RequestItems: object };
    const canonical = { ...attributes, n: { N: "12.5" }, tiny: { N: "1e-24" } };
    expect(RequestItems).toEqual({
      t: [
        {
          PutRequest: { Item: { ...canonical, l: { L: [{ S: "a" }, { L: [] }, { M: { x: { N: "0" } } }] } } },
        },
      ],
    });
  });

  it("gives nobody another parent by a member __proto__", async () => {
    service.answerBy(() => ({ body: '{"Item":{"__proto__":{"M":{"isAdmin":{"BOOL":true}}}}}' }));

    const { Item } = await signed.send(new commands.GetCommand({ TableName: "t", Key: {} }));

    expect(Item!["isAdmin"]).toBeUndefined();
    expect(Object.keys(Item!)).toEqual(["__proto__"]);
  });

  it.each([
    "not JSON",
    '{"Item":',
    '{"Item":{"a":{"Q":1}}}',
    '{"Item":{"a":{}}}',
    '{"Item":{"a":{"N":"1e400x"}}}',
  ])("is refused by both, or read alike, where it is %j", async (body) => {
    service.answerBy(() => ({ body }));

    const [own, reference] = await both(new commands.GetCommand({ TableName: "t", Key: {} }));

    expect(own.error === undefined).toBe(reference.error === undefined);
    if (own.error === undefined) expect(own).toEqual(reference);
  });
});

describe("a refusal", () => {
  const type = (name: string) => `com.amazonaws.dynamodb.v20120810#${name}`;
  const failures: Readonly<Record<string, ServiceAnswer>> = {
    "a condition": { status: 400, body: { __type: type("ConditionalCheckFailedException"), message: "no" } },
    "a transaction": {
      status: 400,
      body: {
        __type: type("TransactionCanceledException"),
        Message: "Transaction cancelled",
        CancellationReasons: [{ Code: "None" }, { Code: "ConditionalCheckFailed", Message: "no" }],
      },
    },
    "a transaction that meets another": {
      status: 400,
      body: { __type: type("TransactionConflictException"), message: "busy" },
    },
    "an unknown name": { status: 400, body: { __type: "com.amazon.coral.validate#ValidationException" } },
    "a name behind a colon": { status: 400, body: { __type: "SomethingException:http://x/", message: "a" } },
    "a wrong key": {
      status: 400,
      body: { __type: "com.amazon.coral.service#UnrecognizedClientException", message: "token" },
    },
    "no permission": {
      status: 400,
      body: { __type: "com.amazon.coral.service#AccessDeniedException", Message: "not authorized" },
    },
  };

  it.each(Object.entries(failures))("for %s is the SDK's, at once", async (_, answer) => {
    service.answerBy(() => answer);

    const [own, reference] = await both(new commands.GetCommand({ TableName: "t", Key: {} }));

    expect(service.seen).toHaveLength(2);
    expect(own.error).toMatchObject({ attempts: 1, httpStatusCode: answer.status });
    expect(withoutOwn(own)).toEqual(withoutOwn(reference));
  });

  const repeated: Readonly<Record<string, ServiceAnswer | "break">> = {
    "throttling, and why": {
      status: 400,
      body: {
        __type: type("ThrottlingException"),
        message: "slow",
        throttlingReasons: [{ reason: "TableWriteKeyRangeThroughputExceeded", resource: "arn" }],
      },
    },
    "provisioned throughput": {
      status: 400,
      body: {
        __type: type("ProvisionedThroughputExceededException"),
        message: "slow",
        ThrottlingReasons: [{ reason: "TableReadProvisionedThroughputExceeded", resource: "arn" }],
      },
    },
    "the account's limit": { status: 400, body: { __type: type("RequestLimitExceeded"), message: "slow" } },
    "a transaction in progress": {
      status: 400,
      body: { __type: type("TransactionInProgressException"), Message: "busy" },
    },
    "a fault": { status: 500, body: { __type: type("InternalServerError"), message: "fault" } },
    "no service": { status: 503, body: "<html>busy</html>" },
    "too many requests": { status: 429, body: { message: "slow" } },
    "an old signature": {
      status: 403,
      body: {
        __type: "com.amazon.coral.service#InvalidSignatureException",
        message: "Signature expired: 20261122T160000Z is now earlier than 20261122T160500Z",
      },
    },
    "no answer": "break",
  };

  it.each(Object.entries(repeated))("for %s is repeated as often as by the SDK", async (_, answer) => {
    // So that the SDK does not wait; the other client sleeps as it is told.
    const random = vi.spyOn(Math, "random").mockReturnValue(0);
    try {
      service.answerBy(() => answer);
      const own = await outcomeOf(signed, new commands.GetCommand({ TableName: "t", Key: {} }));
      const attempts = service.seen.length;
      service.answerBy(() => answer);
      const reference = await outcomeOf(sdk, new commands.GetCommand({ TableName: "t", Key: {} }));

      // One more at once, over a connection of its own: the one that was kept had ended.
      expect([attempts, service.seen.length]).toEqual([answer === "break" ? 7 : 6, 6]);
      if (answer !== "break" && typeof answer.body === "object")
        expect(withoutOwn(own)).toEqual(withoutOwn(reference));
      else expect(own.error!["httpStatusCode"]).toBe(reference.error!["httpStatusCode"]);
      expect(own.error!["attempts"]).toBe(reference.error!["attempts"]);
    } finally {
      random.mockRestore();
    }
  });
});

/** Both have these by ways of their own. */
function withoutOwn({ error }: Outcome): object {
  const { $retryable: _, Message: __, __type: ___, ...shared } = error ?? {};
  return shared;
}
