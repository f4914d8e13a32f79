import { expect, it } from "vitest";
import { sweep } from "../../lib/engine/heartbeat/heartbeat.ts";
import { Runtime } from "../../lib/engine/runtime.ts";
import { resolveServerOptions } from "../../lib/socketio/server-options.ts";
import { createLogger } from "../../lib/log.ts";
import type { AwsClient } from "../../lib/requests/aws-client.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { read } from "./markdown.ts";

const MINUTES_A_MONTH = 30 * 24 * 60;

/** An empty table that remembers the one row an idle heartbeat writes. */
function createIdleTable() {
  const calls = { QueryCommand: 0, PutCommand: 0 };
  let sweepRow: unknown;
  const client = {
    send: async (command: { readonly input: { Item?: unknown; ExpressionAttributeValues?: unknown } }) => {
      const { Item, ExpressionAttributeValues } = command.input;
      calls[command.constructor.name as keyof typeof calls] += 1;
      if (Item !== undefined) sweepRow = Item;
      const { ":pk": pk } = (ExpressionAttributeValues ?? {}) as Record<string, unknown>;
      return pk === "sweep" && sweepRow !== undefined ? { Items: [sweepRow] } : {};
    },
  };
  return { calls, client: client as unknown as AwsClient };
}

it("docs/cost.md counts what the heartbeat reads and writes while nobody is connected", async () => {
  let nowMs = Date.UTC(2026, 0, 1, 0, 0, 12);
  const clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() };
  const { calls, client } = createIdleTable();
  const unused = () => Promise.reject(new Error("expected an idle stack to send nothing"));
  const runtime = new Runtime({
    store: createDynamoStore({ client, tableName: "t", clock }),
    transport: { post: unused, close: unused },
    mailbox: { send: unused, release: unused },
    clock,
    logger: createLogger("silent"),
    isOrdered: true,
  });
  const { engine } = resolveServerOptions({}, {});
  await sweep(runtime, engine);
  calls.QueryCommand = 0;
  calls.PutCommand = 0;

  const minutes = 40;
  for (let minute = 0; minute < minutes; minute++) {
    nowMs += 60_000;
    await sweep(runtime, engine);
  }

  const page = read("docs/cost.md").replaceAll(",", "");
  expect(calls).toEqual({ QueryCommand: 31 * minutes, PutCommand: minutes });
  expect(page).toContain(`${31 * MINUTES_A_MONTH} reads`);
  expect(page).toContain(`${MINUTES_A_MONTH} writes`);
});
