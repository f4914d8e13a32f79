import { io as connect, type Socket } from "socket.io-client";
import { BatchWriteCommand, GetCommand } from "@aws-sdk/lib-dynamodb";
import { describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { NEVER_SECONDS } from "../../lib/state/expiry.ts";
import { createDocumentClient } from "../../lib/state/dynamo/document-client.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { createSdkTableClient } from "../../lib/state/dynamo/sdk-table-client.ts";
import { sharedKey } from "../../lib/state/dynamo/keys.ts";
import { createOwnedClock } from "../state/fixtures.ts";
import { localCredentials, localRegion, startDynalite } from "../support/dynalite.ts";
import { startOurs } from "../support/our-server.ts";
import { say } from "../support/say.ts";

const CLIENTS = 20;
const TURNS = 100;
const KEYS = 10_000;
const MB = 2 ** 20;

type Counted = { readonly total: number; readonly tries: number } | { readonly error: string };

/** Twenty clients, each with a connection that comes back by itself. */
async function withClients(
  options: { readonly instances: number },
  act: (clients: readonly Socket[], runtime: LocalRuntime) => Promise<void>,
): Promise<void> {
  const runtime = await startOurs(import.meta.url, "./apps/counting.ts", {
    antiAffinity: true,
    log: () => undefined,
    ...options,
  });
  const settings = {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 500,
  };
  const clients = Array.from({ length: CLIENTS }, () => connect(runtime.url, settings));
  try {
    await act(clients, runtime);
  } finally {
    for (const client of clients) client.close();
    await runtime.stop();
  }
}

describe(`${CLIENTS} clients that count ${TURNS} times each in one entry of a shared map`, () => {
  it("by update count each turn once, though instances are killed under them", async () => {
    await withClients({ instances: 4 }, async (clients, runtime) => {
      let [again, conflicts, refused, counted] = [0, 0, 0, 0];
      /** Until it is told that its turn was counted; which the server knows when it comes again. */
      const take = async (client: Socket, who: string, turn: number): Promise<void> => {
        for (;;) {
          const answer = (await client
            .timeout(5_000)
            .emitWithAck("count", who, turn)
            .catch(() => undefined)) as Counted | undefined;
          if (answer === undefined) again += 1;
          else if ("error" in answer) refused += 1;
          else {
            conflicts += answer.tries - 1;
            counted += 1;
            return;
          }
        }
      };
      const work = clients.map(async (client, index) => {
        for (let turn = 1; turn <= TURNS; turn++) await take(client, `client ${index}`, turn);
      });
      // A kill of whoever is at work, each time that so many turns have been counted.
      let isOver = false;
      const killing = (async () => {
        for (let after = 100; !isOver;) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          const busy = runtime.instances().find((one) => one.functionName === "inbox" && one.busy);
          if (counted < after || busy === undefined) continue;
          runtime.kill(busy.pid);
          after += 100;
        }
      })();
      await Promise.all(work);
      isOver = true;
      await killing;

      const sum = await new Promise<number>((resolve) => clients[0]!.emit("total", resolve));
      say(
        `update: ${sum} counted; ${conflicts} conflicts, ${refused} refused after 40 of them; ` +
          `${again} turns sent again; ${runtime.stats().kills} kills, ${runtime.stats().coldStarts} instances`,
      );
      expect(sum).toBe(CLIENTS * TURNS);
      expect(conflicts).toBeGreaterThan(0);
      expect(runtime.stats().kills).toBeGreaterThanOrEqual(10);
    });
  }, 400_000);

  it("by increment get every number once", async () => {
    await withClients({ instances: 4 }, async (clients) => {
      const numbers = await Promise.all(
        clients.map(async (client) => {
          const own: number[] = [];
          for (let turn = 1; turn <= TURNS; turn++)
            own.push(((await client.emitWithAck("increment")) as { readonly total: number }).total);
          return own;
        }),
      );

      const all = numbers.flat().toSorted((a, b) => a - b);
      say(`increment: ${all.length} numbers, the last is ${all.at(-1)}`);
      expect(all).toEqual(Array.from({ length: CLIENTS * TURNS }, (_, index) => index + 1));
    });
  }, 200_000);
});

describe(`a list of ${KEYS} entries`, () => {
  it("takes a request for each MB", async () => {
    const dynalite = await startDynalite();
    const client = createDocumentClient(
      { AWS_REGION: localRegion, AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint },
      { credentials: localCredentials },
    );
    try {
      const { tableName } = dynalite;
      const store = createDynamoStore({
        client: createSdkTableClient(client),
        tableName,
        clock: createOwnedClock(),
      });
      const [map, text] = ["many", JSON.stringify("x".repeat(300))];
      const toKey = (index: number) => `key ${String(index).padStart(6, "0")}`;
      await store.putShared(
        { map, key: toKey(0) },
        { value: { kind: "json", text }, expiresAtSeconds: NEVER_SECONDS },
      );
      const { Item } = await client.send(
        new GetCommand({ TableName: tableName, Key: sharedKey({ map, key: toKey(0) }) }),
      );
      // The others are like it: put by themselves they would take half a minute.
      for (let from = 1; from < KEYS; from += 25) {
        const keys = Array.from({ length: Math.min(25, KEYS - from) }, (_, index) => toKey(from + index));
        const puts = keys.map((key) => ({ PutRequest: { Item: { ...Item, ...sharedKey({ map, key }) } } }));
        await client.send(new BatchWriteCommand({ RequestItems: { [tableName]: puts } }));
      }
      let requests = 0;
      let units = 0;
      client.middlewareStack.add(
        (next) => async (args) => {
          if (args.input && "KeyConditionExpression" in args.input)
            Object.assign(args.input, { ReturnConsumedCapacity: "TOTAL" });
          const result = await next(args);
          const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits: number } };
          requests += 1;
          units += ConsumedCapacity?.CapacityUnits ?? 0;
          return result;
        },
        { step: "initialize", name: "count" },
      );
      const keys: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.listShared(map, {}, after);
        keys.push(...page.entries.map(({ key }) => key));
        ({ after } = page);
      } while (after !== undefined);

      // A unit of a consistent read is 4 KB.
      const bytes = units * 4096;
      say(`${KEYS} entries, ${(bytes / MB).toFixed(2)} MB: ${requests} requests`);
      expect(keys).toEqual(Array.from({ length: KEYS }, (_, index) => toKey(index)));
      expect(bytes).toBeGreaterThan(3 * MB);
      expect(requests).toBe(Math.ceil(bytes / MB));
    } finally {
      client.destroy();
      await dynalite.stop();
    }
  }, 120_000);
});
