import { describe, it } from "vitest";
import { collect } from "../state/fixtures.ts";
import type { Model } from "./explorer.ts";
import { seat } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

type Heartbeat = (world: World, process: string) => void;

const sweep: Heartbeat = (world, process) => world.runSweep(process);

/** Both were pinged 130 s ago; the patience of the default settings is 120 s. */
const AGE_MS = 240_000 + 130_000;

/** One client has answered its ping, and the pong is in the mailbox; another one has not. */
const pongAndSweeps =
  (heartbeat: Heartbeat, sweeps: number, crashes = 0): Model =>
  async (schedule) => {
    const world = new World(schedule, { crashes });
    const answering = await seat(world, 1, { ageMs: AGE_MS });
    const silent = await seat(world, 2, { ageMs: AGE_MS });
    world.prepare(answering.frame("3"));
    for (let i = 1; i <= sweeps; i += 1) heartbeat(world, `sweep ${i}`);
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if ((await world.phaseOf(answering.sid)) !== "open") return "a client that had answered was closed";
      // A sweep that crashed is made up for by the next one.
      if (world.crashes.happened.some((process) => process.startsWith("sweep"))) return undefined;
      return (await world.phaseOf(silent.sid)) === "closed" ? undefined : "a silent client lives on";
    };
  };

/**
 *     sweep   reads the beat: no pong since 370 s, mails `reap` behind the pong that is still queued
 *     inbox   records the pong
 *     inbox   judges the reap: there was a pong after all
 */
describe("a pong that is queued when its sender is suspected", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("saves it, and a silent client is closed", async () => {
    await expectSafe("pong, reap, sweep", pongAndSweeps(sweep, 1));
  });

  it("saves it when two sweeps overlap", async () => {
    await expectSafe("pong, two sweeps", pongAndSweeps(sweep, 2), { limit: 6_000 });
  });

  it("saves it when a process crashes at any step", async () => {
    await expectSafe("pong, reap, sweep, crash", pongAndSweeps(sweep, 1, 1));
  });

  it("would not if the sweep closed whom it suspects", async () => {
    const hasty: Heartbeat = (world, process) => {
      const reap = async ({ runtime }: Instance) => {
        for (const beat of await collect(runtime.store.listBeats(240_000, 0, 240_000))) {
          if (world.nowMs - beat.lastPongAtMs < AGE_MS) continue;
          await runtime.mailbox.send({
            kind: "closed",
            sid: beat.sid,
            atMs: world.nowMs,
            reason: "ping timeout",
          });
        }
      };
      world.runScript(process, reap);
    };

    await expectViolated("sweep that judges by itself", pongAndSweeps(hasty, 1), "had answered was closed");
  });
});
