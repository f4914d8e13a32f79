import { once } from "node:events";
import { request, type ClientRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGuardedTable } from "../../infra/local/dynamodb/guarded-table.ts";
import { within } from "../support/waiting.ts";

const WRITE = { TransactItems: [{ Put: { TableName: "rows", Item: { pk: { S: "a" }, sk: { S: "b" } } } }] };
const READ = { TableName: "rows", Key: { pk: { S: "a" }, sk: { S: "b" } } };

describe("the table of the local runtime", () => {
  let table: Server;
  beforeAll(async () => {
    table = createGuardedTable();
    table.listen(0, "127.0.0.1");
    await once(table, "listening");
    await ask("CreateTable", {
      TableName: "rows",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["pk", "sk"].map((name) => ({ AttributeName: name, AttributeType: "S" })),
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    });
  });
  afterAll(() => void table.close());

  it("answers on when an instance is killed in the middle of a transaction's body", async () => {
    const killed = open("TransactWriteItems", { "content-length": "1000" });
    killed.write(JSON.stringify(WRITE).slice(0, 20));
    await heard("TransactWriteItems");
    killed.destroy();

    expect(await ask("TransactWriteItems", WRITE)).toBe(200);
    expect(await ask("GetItem", READ)).toBe(200);
  });

  it("answers on when an instance is killed that waits for the transaction of another", async () => {
    const other = open("TransactWriteItems");
    const answer = once(other, "response");
    other.write(JSON.stringify(WRITE).slice(0, 20));
    await heard("TransactWriteItems");
    const killed = open("GetItem");
    killed.end(JSON.stringify(READ));
    const [, waiting] = await heard("GetItem");
    killed.destroy();
    await once(waiting, "close");
    other.end(JSON.stringify(WRITE).slice(20));
    await within(answer, () => "expected the other's transaction to be answered", 10_000);

    expect(await ask("TransactWriteItems", WRITE)).toBe(200);
    expect(await ask("GetItem", READ)).toBe(200);
  });

  it("refuses a transaction that is no JSON, and answers on", async () => {
    expect(await ask("TransactWriteItems", "{")).toBe(400);
    expect(await ask("TransactWriteItems", WRITE)).toBe(200);
  });

  function open(action: string, headers: Record<string, string> = {}): ClientRequest {
    const { port } = table.address() as AddressInfo;
    const sent = request({
      port,
      host: "127.0.0.1",
      method: "POST",
      agent: false,
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${action}`,
        "x-amz-date": "20250101T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ...headers,
      },
    });
    return sent.on("error", () => undefined);
  }

  /** The status of its answer. */
  async function ask(action: string, input: object | string): Promise<number | undefined> {
    const sent = open(action);
    const answered = once(sent, "response");
    sent.end(typeof input === "string" ? input : JSON.stringify(input));
    const [response] = await within(answered, () => `expected ${action} to be answered`, 10_000);
    response.resume();
    return (response as { statusCode?: number }).statusCode;
  }

  /** When the table has begun with it. */
  async function heard(action: string) {
    for (;;) {
      const [asked, response] = await once(table, "request");
      if (asked.headers["x-amz-target"].endsWith(action)) return [asked, response];
    }
  }
});
