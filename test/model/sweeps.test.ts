import { describe, it } from "vitest";
import { phasesDue } from "../../lib/engine/heartbeat/due-phase-ranges.ts";
import { collect, sweepOf } from "../state/fixtures.ts";
import type { Model } from "./explorer.ts";
import { seat } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World } from "./world.ts";

type Heartbeat = (world: World, process: string) => void;

const sweep: Heartbeat = (world, process) => world.runSweep(process);

const MINUTE_MS = 60_000;
const INTERVAL_MS = 240_000;

/** Sweeps of two minutes run at the same time, the later one perhaps first; a third one follows. */
const overlapping =
  (heartbeat: Heartbeat, crashes = 0): Model =>
  async (schedule) => {
    const world = new World(schedule, { crashes });
    const lastMs = world.nowMs - MINUTE_MS;
    const before = sweepOf({ pingedUntilMs: lastMs, reapedUntilMs: lastMs - 2 * MINUTE_MS });
    await world.table.own.saveSweep(before, undefined);
    // Their pings fall due in the first of the two minutes, in the second, and after both.
    const guests = [
      await seat(world, 1, { ageMs: INTERVAL_MS + MINUTE_MS / 2 }),
      await seat(world, 2, { ageMs: INTERVAL_MS - MINUTE_MS / 2 }),
      await seat(world, 3, { ageMs: INTERVAL_MS - MINUTE_MS - MINUTE_MS / 2 }),
    ];
    heartbeat(world, "sweep 1");
    world.nowMs += MINUTE_MS;
    heartbeat(world, "sweep 2");
    schedule.later(() => {
      world.nowMs += MINUTE_MS;
      heartbeat(world, "sweep 3");
    });
    return () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      // What the last sweep of all leaves undone, the next one does.
      if (world.crashes.happened.includes("sweep 3")) return undefined;
      const skipped = guests.findIndex(({ frames }) => !frames.includes("2"));
      return skipped === -1 ? undefined : `client ${skipped + 1} was skipped`;
    };
  };

/**
 *     sweep 1  reads watermark 0, pings (0, 60 s]
 *     sweep 2  reads watermark 0, pings (0, 120 s], saves 120 s
 *     sweep 1  saves 60 s IF the watermark is still 0: it is not
 */
describe("overlapping sweeps", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("skip nobody", async () => {
    await expectSafe("two sweeps, a third", overlapping(sweep));
  });

  it("skip nobody when one crashes at any step", async () => {
    await expectSafe("two sweeps, a third, crash", overlapping(sweep, 1));
  });

  it("would skip somebody if the watermark were saved before the work", async () => {
    const claiming: Heartbeat = (world, process) => {
      const { runtime } = world.createInstance(process);
      const { nowMs } = world;
      world.crashes.run(process, async () => {
        const [known] = await runtime.store.listSweeps();
        const next = sweepOf({ ...known, pingedUntilMs: nowMs });
        if (!known || !(await runtime.store.saveSweep(next, known.pingedUntilMs))) return;
        for (const { fromPhaseMs, toPhaseMs } of phasesDue(INTERVAL_MS, known.pingedUntilMs, nowMs)) {
          const due = await collect(runtime.store.listBeats(INTERVAL_MS, fromPhaseMs, toPhaseMs));
          for (const { sid, route } of due) await runtime.outbound.send({ sid, route }, ["2"]);
        }
      });
    };

    await expectViolated("watermark first", overlapping(claiming, 1), "was skipped");
  });
});
