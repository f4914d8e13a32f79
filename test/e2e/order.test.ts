import { io } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startCollector, type Collector } from "../support/collector.ts";
import { startOurs } from "../support/our-server.ts";
import { within } from "../support/waiting.ts";

/** What the handler of one event saw. */
export interface Step {
  readonly number: number;
  readonly connection: string;
  readonly pid: number;
  /** Counted in `socket.data`. */
  readonly seen: number;
  /** Counted in a variable of the connection listener. */
  readonly remembered: number;
  readonly rooms: readonly string[];
}

const STEPS = 1_000;

describe("a thousand events of one client that does not wait", () => {
  let collector: Collector<Step>;
  let runtime: LocalRuntime;

  beforeEach(async () => {
    collector = await startCollector<Step>();
    runtime = await startOurs(import.meta.url, "./apps/counter.ts", {
      instances: 4,
      antiAffinity: true,
      chaos: 0.1,
      coldStartMs: [0, 400],
      seed: 11,
      env: { COLLECTOR_URL: collector.url },
    });
  }, 60_000);

  afterEach(async () => {
    await runtime.stop();
    await collector.stop();
  });

  it("arrive in order at handlers that know socket.data and rooms and nothing else", async () => {
    const client = io(runtime.url, {
      transports: ["websocket"],
      reconnectionDelay: 20,
      reconnectionDelayMax: 100,
    });
    const open = new Set(Array.from({ length: STEPS }, (_, index) => index));
    const allAcknowledged = new Promise<void>((resolve) => {
      client.on("ready", () => {
        for (const number of [...open]) {
          client.emit("step", number, () => {
            open.delete(number);
            if (open.size === 0) resolve();
          });
        }
      });
    });

    await within(
      allAcknowledged,
      () => `expected every step to be acknowledged, ${open.size} are not`,
      90_000,
    );

    client.disconnect();
    const walks = new Map<string, Step[]>();
    for (const step of collector.reports) {
      const walk = walks.get(step.connection);
      if (walk === undefined) walks.set(step.connection, [step]);
      else walk.push(step);
    }
    for (const steps of walks.values()) expectAWalk(steps);
    expect(new Set(collector.reports.map(({ number }) => number)).size).toBe(STEPS);
    const processes = [...walks.values()].map((steps) => new Set(steps.map(({ pid }) => pid)).size);
    expect(Math.max(...processes)).toBeGreaterThan(1);
    console.log(
      `${collector.reports.length} steps over ${walks.size} connections, up to ${Math.max(...processes)} processes for one, ${runtime.stats().kills} instances killed`,
    );
  }, 120_000);
});

/** One connection's handlers: an unbroken run of numbers, counted in data, with rooms, on clean variables. */
function expectAWalk(steps: readonly Step[]): void {
  const ordered = steps.toSorted((one, other) => one.seen - other.seen);
  expect(ordered.map(({ seen }) => seen)).toEqual(ordered.map((_, index) => index + 1));
  const numbers = ordered.map(({ number }) => number);
  expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const { remembered, rooms } of ordered) {
    expect(remembered).toBe(1);
    expect(rooms.toSorted()).toEqual(["steps", "walkers"]);
  }
}
