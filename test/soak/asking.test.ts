import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startFaultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { startOurs } from "../support/our-server.ts";
import { say } from "../support/say.ts";
import { within } from "../support/waiting.ts";
import { WireClient } from "../support/wire-client.ts";

const CLIENTS = 500;
const SILENT = 20;
const TIMEOUT_MS = 10_000;
/** Clients that connect at once. */
const AT_ONCE = 20;

describe("a question to many", () => {
  let proxy: FaultProxy;
  let runtime: LocalRuntime;
  const requests = new Map<string, number>();

  beforeAll(async () => {
    proxy = await startFaultProxy();
    runtime = await startOurs(import.meta.url, "./apps/asking.ts", {
      env: { AWS_ENDPOINT_URL_DYNAMODB: proxy.url },
    });
    proxy.target = runtime.dynamodbEndpoint;
    proxy.onBefore = ({ action, body }) => {
      const isAboutAcks = body.includes('"ack#');
      const key = `${action}${isAboutAcks ? " of answers" : ""}`;
      requests.set(key, (requests.get(key) ?? 0) + 1);
      return false;
    };
  }, 60_000);

  afterAll(async () => {
    await runtime?.stop();
    await proxy?.stop();
  });

  it(`of ${CLIENTS}, of which ${SILENT} are silent, ends at its timeout with the answers of the others`, async () => {
    const clients: WireClient[] = [];
    const enter = async (): Promise<void> => {
      const client = await WireClient.open(runtime.url);
      client.send("40");
      await client.frame('42["ready"]');
      clients.push(client);
    };
    const startedAtMs = Date.now();
    while (clients.length < CLIENTS) await Promise.all(Array.from({ length: AT_ONCE }, enter));
    say(`${CLIENTS} clients connected in ${Date.now() - startedAtMs} ms`);
    await within(runtime.idle(), () => "expected the mailbox to become empty", 30_000);
    for (const client of clients.slice(SILENT)) {
      client.onFrame = (frame) => {
        const id = /^42(\d+)\["question"\]/.exec(frame)?.[1];
        if (id !== undefined) client.send(`43${id}[1]`);
      };
    }
    requests.clear();

    const asker = clients[0]!;
    const ended = new Promise<string>((resolve) => {
      asker.onFrame = (frame) => frame.startsWith("437") && resolve(frame);
    });
    asker.send(`427["ask",${TIMEOUT_MS}]`);
    const ack = await within(ended, () => "expected an end", 3 * TIMEOUT_MS);

    await within(runtime.idle(), () => "expected the mailbox to become empty", 30_000);
    const [result] = JSON.parse(ack.slice(3)) as [{ error: string; count: number; tookMs: number }];
    say(`asked ${CLIENTS}: ${JSON.stringify(result)}`);
    say(`DynamoDB requests: ${JSON.stringify(Object.fromEntries([...requests].toSorted()))}`);
    expect(result).toMatchObject({ error: "operation has timed out", count: CLIENTS - SILENT });
    expect(result.tookMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(result.tookMs).toBeLessThan(TIMEOUT_MS + 2_000);
    expect(requests.get("BatchWriteItem of answers")).toBe(CLIENTS / 25);
    expect(requests.get("UpdateItem of answers")).toBe(CLIENTS - SILENT);
    expect(requests.get("Query of answers")).toBeLessThanOrEqual(30);
    for (const client of clients) client.hangUp();
  }, 240_000);
});
