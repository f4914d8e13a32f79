import { expect, it } from "vitest";
import type { Alarm, AlarmTime } from "../../../lib/engine/alarms/alarm.ts";
import { arm } from "../../../lib/engine/alarms/arm.ts";
import { createVersion } from "../../../lib/engine/alarms/timer-rows.ts";
import { Rig } from "../../support/rig.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const alarm: Alarm = { of: "timer", name: "grace", key: "ada", version: createVersion() };

function createPorts() {
  const clock = new ManualClock();
  const happened: unknown[] = [];
  const alarms = {
    set: async (_: Alarm, time: AlarmTime) => void happened.push(time),
  };
  /** A write that takes so long. */
  const write = (ms: number) => async () => {
    await clock.sleep(ms);
    happened.push("row");
  };
  return { clock, alarms, happened, write };
}

it("sets the alarm, then writes the row", async () => {
  const { happened, write, ...ports } = createPorts();

  const armed = arm(ports, alarm, { inMs: 5_000 }, write(20));
  await ports.clock.advance(20);
  await armed;

  expect(happened).toEqual([{ inMs: 5_000 }, "row"]);
});

it.each([
  [4_249, 751, false],
  [4_251, 749, true],
  [5_000, 0, true],
  [9_000, 0, true],
])("sets it again when the row took %i of 5,000 ms to be written", async (tookMs, leftMs, isAgain) => {
  const { happened, write, ...ports } = createPorts();

  const armed = arm(ports, alarm, { inMs: 5_000, dueAtMs: 7 }, write(tookMs));
  await ports.clock.advance(tookMs);
  await armed;

  const first = { inMs: 5_000, dueAtMs: 7 };
  expect(happened).toEqual([first, "row", ...(isAgain ? [{ inMs: leftMs, dueAtMs: 7 }] : [])]);
});

it("rings after all when the table takes longer than the timer has", async () => {
  const rung: string[] = [];
  const rig = new Rig((io) => {
    io.timer("slow", (_, key) => void rung.push(key));
  });
  const { putShared } = rig.store;
  rig.store.putShared = async (...args) => {
    await rig.clock.sleep(3_000);
    return putShared(...args);
  };

  const set = rig.io.timer("slow").set("k", { in: 1_000 });
  for (let second = 0; second < 6; second++) await rig.advance(1_000);
  await set;

  expect(rung).toEqual(["k"]);
});
