import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { beganAtMs, type Offset } from "../../lib/ids.ts";
import { startCollector, type Collector } from "../support/collector.ts";
import { startCuttableNetwork, type CuttableNetwork } from "../support/cuttable-network.ts";
import { startOurs } from "../support/our-server.ts";
import { say } from "../support/say.ts";
import { eventually, pause } from "../support/waiting.ts";
import type { Entrance } from "./apps/recovery.ts";
import { Listener, speak } from "./recovery-clients.ts";

const CLIENTS = 20;
const EVENTS = 500;
const CUT_AFTER = 150;
const CUT_MS = 10_000;
const SAID_MEANWHILE = 50;
/** A packet whose last post ended this long before another began may count as under way with it: clocks differ. */
const UNDER_WAY_MS = 250;

describe("twenty clients whose network is cut while every instance is killed", () => {
  let collector: Collector<Entrance>;
  let network: CuttableNetwork;
  let runtime: LocalRuntime;

  beforeAll(async () => {
    collector = await startCollector<Entrance>();
    runtime = await startOurs(import.meta.url, "./apps/recovery.ts", {
      instances: 2,
      maxInstances: 24,
      env: { COLLECTOR_URL: collector.url },
    });
    network = await startCuttableNetwork(runtime.url);
  }, 60_000);

  afterAll(async () => {
    await network.stop();
    await runtime.stop();
    await collector.stop();
  });

  it("get their state back, and every event in order", async () => {
    const listeners = Array.from(
      { length: CLIENTS },
      (_, index) => new Listener(network.url, `guest ${index}`),
    );
    try {
      await eventually(
        () => listeners.every(({ isSeated }) => isSeated),
        () => "expected everybody to be welcomed, and upgraded",
        60_000,
      );
      const before = listeners.map(({ id }) => id);
      let said = 0;
      const speech = speak(runtime.url, EVENTS, (number) => (said = number));
      await eventually(
        () => said >= CUT_AFTER,
        () => `expected ${CUT_AFTER} events, got ${said}`,
        60_000,
      );

      network.cut();
      for (const { pid } of runtime.instances()) runtime.kill(pid);
      for (const listener of listeners) listener.noteCut();
      const saidBefore = said;
      await pause(CUT_MS);
      // Every instance is a cold start now, which takes its time on a busy machine.
      await eventually(
        () => said >= saidBefore + SAID_MEANWHILE,
        () => `expected ${SAID_MEANWHILE} events while the network is cut, got ${said - saidBefore}`,
        120_000,
      );
      const redeliveriesBefore = runtime.stats().redeliveries;
      network.heal();
      const saidMeanwhile = said - saidBefore;
      const { repeats } = await speech;
      await eventually(
        () => listeners.every((listener) => listener.numbers.has(EVENTS)),
        () => `expected everybody to hear the last event, got ${listeners.map((one) => one.describe())}`,
        60_000,
      );
      await pause(500);

      const doubles = listeners.map((listener) => listener.doubles());
      say(
        `${saidMeanwhile} events while cut; doubles per client ${doubles.map(({ length }) => length)}; ` +
          `${repeats} events said again; kills ${runtime.stats().kills}`,
      );
      for (const [index, listener] of listeners.entries()) {
        expect(listener.recoveries, listener.name).toEqual([true]);
        expect(listener.id).toBe(before[index]);
        expect([...listener.numbers], listener.name).toEqual(
          Array.from({ length: EVENTS }, (_, at) => at + 1),
        );
        const last = beganAtMs(listener.lastBeforeCut as Offset);
        for (const { offset } of doubles[index] ?? [])
          expect(last - beganAtMs(offset as Offset), `a double of ${listener.name}`).toBeLessThan(
            UNDER_WAY_MS,
          );
        const [rooms, data] = await listener.ask();
        expect(rooms).toEqual([listener.id, "hall", `seat of ${listener.name}`].toSorted());
        expect(data).toEqual({ name: listener.name });
      }
      const entrances = collector.reports.filter(({ name }) => name.startsWith("guest"));
      const redeliveries = runtime.stats().redeliveries - redeliveriesBefore;
      for (const socketId of before) {
        const own = entrances.filter((entrance) => entrance.socketId === socketId);
        const [first, ...again] = own.map(({ recovered }) => recovered);
        expect([first, ...new Set(again)]).toEqual([false, true]);
      }
      // A CONNECT that comes again, on a machine too busy for it to be done in time, runs its listener again.
      expect(entrances.length).toBeLessThanOrEqual(2 * CLIENTS + redeliveries);
    } finally {
      for (const listener of listeners) listener.hangUp();
    }
  }, 400_000);
});
