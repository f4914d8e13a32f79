import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";

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
  /** Messages sent to the queue. */
  sends: number;
  /** Early deletions from the queue: they need no budget, but are seen. */
  deletes: number;
  /** Functions invoked. */
  invokes: number;
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
const WRITES = new Set(["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"]);
const TABLE = "bench";

const none = (): Calls => ({ reads: 0, writes: 0, posts: 0, closes: 0, sends: 0, deletes: 0, invokes: 0 });

/**
 * DynamoDB, the management API, SQS and Lambda on the loopback interface, each counting what it is asked. Points the
 * SDK of this process at them through its own environment variables.
 */
export async function startCountingAws(): Promise<CountingAws> {
  const calls = none();
  const frames = new Map<string, string[]>();
  const sent: string[] = [];

  const table = dynalite({ createTableMs: 0 });
  table.on("request", (request) => {
    const action = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
    if (READS.has(action)) calls.reads += 1;
    else if (WRITES.has(action)) calls.writes += 1;
    else if (action !== "CreateTable") throw new Error(`expected a request with a budget, got ${action}`);
  });
  const others = createServer((request, response) => void answer(request, response));

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
    AWS_ENDPOINT_URL_DYNAMODB: tableUrl,
    AWS_ENDPOINT_URL_SQS: othersUrl,
    AWS_ENDPOINT_URL_LAMBDA: othersUrl,
    NONSTICKY_TABLE: TABLE,
    NONSTICKY_MAILBOX_URL: `${othersUrl}/000000000000/mailbox.fifo`,
    NONSTICKY_CALLBACK_URL: `${othersUrl}/bench`,
    NONSTICKY_ORDERING: "fifo",
    // Far apart, so that keep-alives come between pings.
    NONSTICKY_PING_INTERVAL_MS: "1440000",
    NONSTICKY_PING_TIMEOUT_MS: "120000",
    NONSTICKY_LOG_LEVEL: process.env["NONSTICKY_LOG_LEVEL"] ?? "warn",
  });
  await createTable();

  return {
    calls,
    frames,
    sent,
    reset: () => void Object.assign(calls, none()),
    stop: async () => {
      for (const server of [table, others]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
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

function reply(response: ServerResponse, answer: unknown): void {
  response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(answer));
}
