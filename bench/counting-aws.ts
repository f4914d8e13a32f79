import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { withTransactions } from "../infra/local/dynamodb/transactions.ts";

/** Requests that left the handlers, by what they cost. */
export interface Calls {
  /** DynamoDB requests that read. */
  reads: number;
  /** DynamoDB requests that write, a batch being one. */
  writes: number;
  /** Frames posted to connections. */
  posts: number;
  /** Connections closed through the management API. */
  closes: number;
  /** Requests that send messages to a queue, a batch being one. */
  sends: number;
  /** Early deletions from the queue: they need no budget, but are seen. */
  deletes: number;
  /** Functions invoked. */
  invokes: number;
  /** What the reads are billed as, from the table's own account of them: 4 KB each. */
  readUnits: number;
  /** What the writes are billed as: 1 KB each. */
  writeUnits: number;
}

export interface CountingAws {
  readonly calls: Calls;
  /** Frames by connection id, to see that the counted work was done. */
  readonly frames: Map<string, string[]>;
  /** Bodies sent to the queue and not yet taken. */
  readonly sent: string[];
  reset(): void;
  stop(): Promise<void>;
}

const READS = new Set(["GetItem", "Query", "BatchGetItem"]);
const WRITES = new Set(["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"]);
const TABLE = "bench";
/** Billed for the row that was looked at; ours are small. */
const FAILED_CONDITION_UNITS = 1;

const none = (): Calls => ({
  ...{ reads: 0, writes: 0, posts: 0, closes: 0, sends: 0, deletes: 0, invokes: 0 },
  ...{ readUnits: 0, writeUnits: 0 },
});

/**
 * DynamoDB, the management API, SQS and Lambda on the loopback interface, each counting what it is asked. Points the
 * SDK of this process at them through its own environment variables.
 */
export async function startCountingAws(): Promise<CountingAws> {
  const calls = none();
  const frames = new Map<string, string[]>();
  const sent: string[] = [];

  const table = createServer(withTransactions(dynalite({ createTableMs: 0 })));
  const tableCounter = createServer((request, response) => void countTable(request, response));
  const others = createServer((request, response) => void answer(request, response));

  /** On the way to the table; asks it what a request consumes, which the handlers do not want to know. */
  async function countTable(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const action = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
    const isRead = READS.has(action);
    if (!isRead && !WRITES.has(action) && action !== "CreateTable")
      throw new Error(`expected a request with a budget, got ${action}`);
    const isCounted = action !== "CreateTable";
    const input = JSON.parse(await readBody(request)) as object;
    const answered = await fetch(tableUrl, {
      method: "POST",
      headers: pick(request.headers, ["x-amz-target", "x-amz-date", "authorization", "content-type"]),
      body: JSON.stringify(isCounted ? { ...input, ReturnConsumedCapacity: "TOTAL" } : input),
    });
    const body = await answered.text();
    if (isCounted) {
      calls[isRead ? "reads" : "writes"] += 1;
      calls[isRead ? "readUnits" : "writeUnits"] += answered.ok ? unitsOf(body) : FAILED_CONDITION_UNITS;
    }
    const headers = pick(Object.fromEntries(answered.headers), ["content-type", "x-amz-crc32"]);
    response.writeHead(answered.status, headers).end(body);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const connection = /(?:@|%40)connections\/([^/?]+)/.exec(request.url ?? "")?.[1];
    const target = String(request.headers["x-amz-target"] ?? "");
    if (connection !== undefined) {
      const connectionId = decodeURIComponent(connection);
      if (request.method === "POST") {
        calls.posts += 1;
        frames.set(connectionId, [...(frames.get(connectionId) ?? []), body]);
      } else if (request.method === "DELETE") calls.closes += 1;
      response.writeHead(request.method === "DELETE" ? 204 : 200).end();
    } else if (target.endsWith(".SendMessage")) {
      calls.sends += 1;
      const { MessageBody } = JSON.parse(body) as { MessageBody: string };
      sent.push(MessageBody);
      reply(response, {
        MessageId: "m",
        MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
      });
    } else if (target.endsWith(".SendMessageBatch")) {
      calls.sends += 1;
      const { Entries } = JSON.parse(body) as { Entries: readonly { Id: string; MessageBody: string }[] };
      sent.push(...Entries.map(({ MessageBody }) => MessageBody));
      const Successful = Entries.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: "m",
        MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
      }));
      reply(response, { Successful });
    } else if (target.includes(".DeleteMessage")) {
      calls.deletes += 1;
      reply(response, { Successful: [], Failed: [] });
    } else if (request.url?.includes("/functions/") === true) {
      calls.invokes += 1;
      response.writeHead(202).end();
    } else {
      throw new Error(`expected a request with a budget, got ${request.method} ${request.url} ${target}`);
    }
  }

  const tableUrl = await listen(table);
  const othersUrl = await listen(others);
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    AWS_ENDPOINT_URL_DYNAMODB: await listen(tableCounter),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    AWS_ENDPOINT_URL_SQS: othersUrl,
    AWS_ENDPOINT_URL_LAMBDA: othersUrl,
    NONSTICKY_TABLE: TABLE,
    NONSTICKY_MAILBOX_URL: `${othersUrl}/000000000000/mailbox.fifo`,
    NONSTICKY_ALARMS_URL: `${othersUrl}/000000000000/alarms`,
    NONSTICKY_CALLBACK_URL: `${othersUrl}/bench`,
    NONSTICKY_ORDERING: "fifo",
    // Far apart, so that keep-alives come between pings.
    NONSTICKY_PING_INTERVAL_MS: "1440000",
    NONSTICKY_PING_TIMEOUT_MS: "120000",
    // As in `prod`; what it costs elsewhere has a row of its own.
    NONSTICKY_REPLAY_DIGEST: "false",
    NONSTICKY_LOG_LEVEL: process.env["NONSTICKY_LOG_LEVEL"] ?? "warn",
    // Their lines would lie between the table's.
    NONSTICKY_METRICS: "false",
  });
  await createTable();

  return {
    calls,
    frames,
    sent,
    reset: () => void Object.assign(calls, none()),
    stop: async () => {
      for (const server of [tableCounter, table, others]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

interface Capacity {
  readonly CapacityUnits: number;
}

async function createTable(): Promise<void> {
  const client = new DynamoDBClient({});
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    }),
  );
  client.destroy();
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** A batch says it of each table. */
function unitsOf(body: string): number {
  const { ConsumedCapacity } = JSON.parse(body) as { ConsumedCapacity?: Capacity | readonly Capacity[] };
  if (ConsumedCapacity === undefined) throw new Error(`expected ConsumedCapacity, got ${body}`);
  return [ConsumedCapacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
}

const pick = (headers: IncomingMessage["headers"], names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );

function reply(response: ServerResponse, answer: unknown): void {
  response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(answer));
}
