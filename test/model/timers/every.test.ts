import { describe, it } from "vitest";
import {
  createLine,
  isInForce,
  nextInLine,
  placeOf,
  readTimer,
  toTimerEntry,
} from "../../../lib/engine/alarms/timer-rows.ts";
import type { Letter } from "../../../lib/engine/letter.ts";
import { Timers } from "../../../lib/socketio/timers/defined-timers.ts";
import { beatOf, sidOf } from "../../state/fixtures.ts";
import type { Model } from "../explorer.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "../verify.ts";
import { World, type Instance, type WorldOptions } from "../world.ts";

const id = { of: "every", name: "tick", key: "" } as const;
const PING_INTERVAL_MS = 240_000;

interface Scene extends Pick<WorldOptions, "crashes" | "alarms"> {
  readonly isWhileConnected?: boolean;
  /** For controls: what each process does otherwise. */
  readonly instead?: (instance: Instance, tick: () => Promise<void>) => void;
}

function createWorld(schedule: Parameters<Model>[0], { isWhileConnected, instead, ...options }: Scene) {
  const running = new Set<string>();
  const world: World = new World(schedule, {
    ...options,
    server: { pingInterval: PING_INTERVAL_MS },
    app: (instance) => {
      const tick = async () => {
        for (const other of running)
          if (!world.crashes.happened.includes(other)) world.said.push("two at a time");
        running.add(instance.process);
        await instance.pause("ticks");
        world.said.push("tick");
        running.delete(instance.process);
      };
      instance.io.every("tick", 5_000, tick, isWhileConnected === true ? { while: "connected" } : {});
      instead?.(instance, tick);
    },
  });
  return world;
}

async function beginFirst(world: World): Promise<void> {
  const version = createLine();
  await world.table.own.putShared(placeOf(id), toTimerEntry({ version, dueAtMs: world.nowMs }));
  world.alarms.append("before", { ...id, version });
  world.alarms.release("before");
}

/** Whether something is armed that is in force: it goes on. */
async function goesOn({ table, alarms }: World): Promise<boolean> {
  const row = await readTimer(table.own, id);
  return row !== undefined && alarms.armed.some((alarm) => isInForce(alarm, row));
}

/** Some times of it, with crashes. */
const run =
  (scene: Scene): Model =>
  async (schedule) => {
    const world = createWorld(schedule, { ...scene, alarms: { most: 3, ...scene.alarms } });
    await beginFirst(world);
    return async () => {
      if (world.times("two at a time") > 0) return "two handlers run at a time";
      const ticks = world.times("tick");
      const row = await readTimer(world.table.own, id);
      const over = Number(row?.version.split(".")[1]);
      if (ticks < over) return "a time was left out";
      if (ticks > over && world.crashes.happened.length === 0) return "a time came twice with no crash";
      if (over < 2) return "it has stopped";
      return (await goesOn(world)) ? undefined : "it has ended";
    };
  };

/** The heartbeat of two processes begins it. */
const beginTwice =
  (scene: Scene): Model =>
  async (schedule) => {
    const world = createWorld(schedule, { ...scene, alarms: { most: 2 } });
    for (const process of ["a", "b"]) world.runScript(process, ({ io }) => io.engine.onMinute());
    return async () => {
      if (world.times("two at a time") > 0) return "two handlers run at a time";
      const row = await readTimer(world.table.own, id);
      const lines = world.alarms.armed.filter((alarm) => row && isInForce(alarm, row)).length;
      return lines === 1 ? undefined : `${lines} lines of it run`;
    };
  };

/** Nobody is there, and it is about to find that out; a client comes. */
const endAndCome =
  (scene: Scene): Model =>
  async (schedule) => {
    const world = createWorld(schedule, { ...scene, isWhileConnected: true, alarms: { most: 1 } });
    await beginFirst(world);
    const beat = beatOf(sidOf(1, world.nowMs - 60_000), { pingIntervalMs: PING_INTERVAL_MS });
    world.table.sids.push(beat.sid);
    world.runScript("client", async ({ runtime }) => {
      await runtime.store.openBeat(beat);
      const timers = new Timers({ runtime, reportFailure: () => undefined }, PING_INTERVAL_MS);
      timers.every("tick", 5_000, () => undefined, { while: "connected" });
      await timers.onConnected();
    });
    return async () => ((await goesOn(world)) ? undefined : "nothing runs for a client that has come");
  };

/**
 *     letter n   sets the alarm of n + 1; the handler; the row: n + 1 is in force
 *     ring n+1   in force as well while the row says n: its letter waits in the group
 */
describe("io.every", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("runs once a period", async () => {
    await expectSafe("every", run({}));
    await expectSafe("every, alarms twice", run({ alarms: { copies: 2, most: 6 } }), { limit: 60_000 });
  });

  it("leaves no time out when any step crashes", async () => {
    await expectSafe("every, crash", run({ crashes: 1 }));
  });

  it("begins once", async () => {
    await expectSafe("every, begun twice", beginTwice({}));
  });

  it("goes on for a client that comes while it ends", async () => {
    await expectSafe("every ends, client comes", endAndCome({}));
  });

  it("would end for a client that comes while it ends, if nobody looked again", async () => {
    const hasty = ({ runtime: { store }, io }: Instance): void => {
      const onTimer = async (letter: Letter & { kind: "timer" }): Promise<void> => {
        const row = await readTimer(store, id);
        if (row === undefined || row.version !== letter.version) return;
        if (await store.hasBeats(PING_INTERVAL_MS)) return;
        await store.replaceShared(placeOf(id), row.record, undefined);
      };
      Object.assign(io.engine, { onTimer });
    };

    await expectViolated(
      "every ends without a second look",
      endAndCome({ instead: hasty }),
      "nothing runs for",
    );
  });

  it("would leave a time out if the next were in force before the handler has ended", async () => {
    const early = ({ runtime, io }: Instance, tick: () => Promise<void>): void => {
      const { store, alarms } = runtime;
      const onTimer = async (letter: Letter & { kind: "timer" }): Promise<void> => {
        const row = await readTimer(store, id);
        if (row === undefined || row.version !== letter.version) return;
        const version = nextInLine(row.version);
        await alarms.set({ ...id, version }, { inMs: 5_000 });
        await store.replaceShared(
          placeOf(id),
          row.record,
          toTimerEntry({ version, dueAtMs: runtime.clock.nowMs() }),
        );
        await tick();
      };
      Object.assign(io.engine, { onTimer });
    };

    await expectViolated("every, in force early", run({ crashes: 1, instead: early }), "left out");
  });
});
