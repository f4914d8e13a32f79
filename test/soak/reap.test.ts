import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startCollector, type Collector } from "../support/collector.ts";
import { startOurs } from "../support/our-server.ts";
import { isLive, readRows, sidOf } from "../support/table-rows.ts";
import { eventually, within } from "../support/waiting.ts";
import { enter, type Farewell } from "./farewell.ts";
import { say } from "../support/say.ts";

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 1_000;
/** The heartbeat's own step, and what a machine adds to it that has much else to do. */
const SLACK_MS = 10_000;

describe("a client whose network dies without a word", () => {
  let collector: Collector<Farewell>;
  let runtime: LocalRuntime;

  beforeAll(async () => {
    collector = await startCollector<Farewell>();
    runtime = await startOurs(import.meta.url, "./apps/farewell.ts", {
      env: { COLLECTOR_URL: collector.url, QUICK_PINGS: "1" },
    });
  }, 60_000);

  afterAll(async () => {
    await runtime.stop();
    await collector.stop();
  });

  it("is reaped in time, with nothing of it left, and nobody else is", async () => {
    const survivor = await enter(runtime.url, "survivor");
    const lost = await enter(runtime.url, "lost");
    const connection = runtime.gateway.connections().find(({ sid }) => sid === lost.sid);
    expect(connection).toBeDefined();
    const droppedAtMs = Date.now();

    runtime.gateway.dropNetwork(connection?.connectionId ?? "");

    const farewells = () =>
      collector.reports.filter(({ who, handler }) => who === "lost" && handler === "disconnect");
    await eventually(
      () => farewells().length === 2,
      () => "expected both sockets to be told of their end",
      15_000,
    );
    await within(runtime.idle(), () => "expected the mailbox to become empty");
    for (const { reason, atMs } of farewells()) {
      expect(reason).toBe("ping timeout");
      expect(atMs - droppedAtMs).toBeLessThanOrEqual(INTERVAL_MS + TIMEOUT_MS + SLACK_MS);
    }
    say(`reaped after ${Math.max(...farewells().map(({ atMs }) => atMs)) - droppedAtMs} ms`);

    const rows = await readRows(runtime);
    expect(rows.filter((row) => sidOf(row) === lost.sid && isLive(row))).toEqual([]);
    expect(rows.filter((row) => sidOf(row) === survivor.sid && row.identity.kind === "beat")).toHaveLength(1);
    expect(rows.filter(({ item }) => typeof item["expiresAt"] !== "number")).toEqual([]);

    survivor.client.send('421["alive?"]');
    expect(await survivor.client.frame("431")).toBe('431["alive"]');
    expect(collector.reports.filter(({ who }) => who === "survivor")).toEqual([]);
    survivor.client.hangUp();
  }, 60_000);
});
