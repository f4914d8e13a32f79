import { io as connect, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import type { Told } from "../e2e/timer-reports.ts";
import { startCollector, type Collector } from "../support/collector.ts";
import { startOurs } from "../support/our-server.ts";
import { say } from "../support/say.ts";
import { eventually, pause } from "../support/waiting.ts";

const TIMERS = 300;
const CLIENTS = 6;
const SPREAD_MS = 20_000;
const SKEW_MS = 60_000;

/** What became of one timer, as whoever set it knows. */
interface Armed {
  readonly key: string;
  /** Not before this is it due: the first attempt to set it. */
  dueAtMs: number;
  isCancelled: boolean;
}

describe("three hundred timers on instances that die, whose clocks are a minute apart", () => {
  const told = new Map<string, number[]>();
  let collector: Collector<Told>;
  let runtime: LocalRuntime;

  beforeAll(async () => {
    collector = await startCollector<Told>();
    collector.onReport = ({ key }, moment) => {
      if (moment === "before" && key !== undefined) told.set(key, [...(told.get(key) ?? []), Date.now()]);
    };
    runtime = await startOurs(import.meta.url, "../e2e/apps/timers.ts", {
      env: { COLLECTOR_URL: collector.url },
      instances: 3,
      maxInstances: 6,
      chaos: 0.05,
      seed: 11,
      clockSkewMs: SKEW_MS,
      log: () => undefined,
    });
  }, 120_000);

  afterAll(async () => {
    await runtime.stop();
    await collector.stop();
  });

  it("ring, every one that was set, none early, and none that was cancelled", async () => {
    const armed: Armed[] = Array.from({ length: TIMERS }, (_, index) => ({
      key: `timer-${index}`,
      dueAtMs: 0,
      isCancelled: false,
    }));
    const left = [...armed];
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const socket = connect(runtime.url, {
          transports: ["websocket"],
          forceNew: true,
          reconnectionDelay: 50,
        });
        for (let timer = left.pop(); timer !== undefined; timer = left.pop()) await armOne(socket, timer);
        socket.disconnect();
      }),
    );

    const wanted = armed.filter(({ isCancelled }) => !isCancelled);
    await eventually(
      () => wanted.every(({ key }) => told.has(key)),
      () => `expected ${wanted.length} timers, got ${told.size}`,
      120_000,
    );
    await runtime.idle();

    const late = wanted.map(({ key, dueAtMs }) => told.get(key)![0]! - dueAtMs).toSorted((a, b) => a - b);
    const repeated = [...told.values()].filter((times) => times.length > 1).length;
    const { kills, deadLetters } = runtime.stats();
    say(
      `${wanted.length} timers rang, ${armed.length - wanted.length} were cancelled, ${repeated} rang again, ${kills} kills; ` +
        `late by ${late[Math.floor(late.length / 2)]} ms in the middle, ${late[Math.floor(late.length * 0.99)]} ms p99`,
    );
    expect(late[0]).toBeGreaterThanOrEqual(0);
    expect(armed.filter(({ key, isCancelled }) => isCancelled && told.has(key))).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(10);
    expect(repeated).toBeLessThanOrEqual(kills);
    expect(deadLetters).toBe(0);
  }, 400_000);
});

/** Every tenth is cancelled again, long before it is due. */
async function armOne(socket: Socket, timer: Armed): Promise<void> {
  const isToBeCancelled = Number(timer.key.slice(6)) % 10 === 0;
  const inMs = isToBeCancelled ? 60_000 : 2_000 + ((Number(timer.key.slice(6)) * 7_919) % SPREAD_MS);
  await insist(async () => {
    if (timer.dueAtMs === 0) timer.dueAtMs = Date.now() + inMs;
    await socket.timeout(3_000).emitWithAck("set", timer.key, inMs, timer.key);
  });
  if (!isToBeCancelled) return;
  await insist(() => socket.timeout(3_000).emitWithAck("cancel", timer.key));
  timer.isCancelled = true;
}

/** A frame whose instance has died costs its connection; the client is back soon, and says it again. */
async function insist(act: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    try {
      await act();
      return;
    } catch {
      await pause(50);
    }
  }
  throw new Error("expected an answer within forty attempts, got none");
}
