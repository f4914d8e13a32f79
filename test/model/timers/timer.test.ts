import { describe, it } from "vitest";
import { createVersion, placeOf, readTimer, toTimerEntry } from "../../../lib/engine/alarms/timer-rows.ts";
import type { Letter } from "../../../lib/engine/letter.ts";
import type { Turn } from "../../../lib/engine/turn.ts";
import type { Timer } from "../../../lib/socketio/timers/timer.ts";
import type { Model } from "../explorer.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "../verify.ts";
import { World, type Instance, type WorldOptions } from "../world.ts";

const id = { of: "timer", name: "turn", key: "game" } as const;

interface Scene {
  readonly world: World;
  readonly timerOf: (instance: Instance) => Timer<string>;
  /** What its handlers did: `begin first`, `end first`. */
  readonly did: string[];
  /** Something that must never be seen, as soon as it is. */
  wrong: string | undefined;
}

interface SceneOptions extends Pick<WorldOptions, "crashes" | "alarms"> {
  /** What the handler does besides. */
  readonly handle?: (timer: Timer<string>, payload: string) => Promise<void>;
  /** For controls: instead of what the library does with a letter, or with an alarm. */
  readonly instead?: (scene: Scene, instance: Instance) => void;
}

/** A timer that is set to "first", and whose alarm rings; whatever else happens to it is up to the model. */
function createScene(schedule: Parameters<Model>[0], { handle, instead, ...options }: SceneOptions): Scene {
  const timers = new Map<Instance, Timer<string>>();
  const running = new Set<string>();
  const did: string[] = [];
  const world: World = new World(schedule, {
    ...options,
    app: (instance) => {
      const timer = instance.io.timer<string>(id.name, async (payload) => {
        for (const other of running)
          if (!world.crashes.happened.includes(other)) scene.wrong ??= "two handlers run at a time";
        running.add(instance.process);
        did.push(`begin ${payload}`);
        await instance.pause(`handles ${payload}`);
        await handle?.(timer, payload);
        did.push(`end ${payload}`);
        running.delete(instance.process);
      });
      timers.set(instance, timer);
      instead?.(scene, instance);
    },
  });
  const scene: Scene = { world, timerOf: (instance) => timers.get(instance)!, did, wrong: undefined };
  return scene;
}

async function setFirst({ world }: Scene): Promise<void> {
  const version = createVersion();
  const row = toTimerEntry({ version, payload: "first", dueAtMs: world.nowMs });
  await world.table.own.putShared(placeOf(id), row);
  world.alarms.append("before", { ...id, version });
  world.alarms.release("before");
}

const times = ({ did }: Scene, what: string): number => did.filter((one) => one === what).length;
const isLeft = async ({ world }: Scene): Promise<boolean> =>
  (await world.table.own.getShared(placeOf(id))) !== undefined;

/** It rings, and nothing else happens but crashes, and a message that is handed over twice. */
const ring =
  (options: SceneOptions): Model =>
  async (schedule) => {
    const scene = createScene(schedule, options);
    await setFirst(scene);
    return async () => {
      if (scene.wrong) return scene.wrong;
      const crashed = scene.world.crashes.happened.length > 0;
      if (times(scene, "end first") === 0) return "a timer has not rung";
      if (!crashed && times(scene, "begin first") > 1) return "a timer has rung twice with no crash";
      return (await isLeft(scene)) ? "a row is left" : undefined;
    };
  };

type Change = (scene: Scene, instance: Instance) => Promise<unknown>;

/** Somebody sets it to "second" while it rings. */
const setAndRing =
  (
    options: SceneOptions,
    set: Change = (scene, instance) => scene.timerOf(instance).set("game", { in: 60_000 }, "second"),
  ): Model =>
  async (schedule) => {
    const scene = createScene(schedule, options);
    await setFirst(scene);
    let isSet = false;
    const instance = scene.world.createInstance("set");
    scene.world.crashes.run("set", async () => {
      await set(scene, instance);
      isSet = true;
    });
    return async () => {
      if (scene.wrong) return scene.wrong;
      const crashed = scene.world.crashes.happened.length > 0;
      if (isSet && times(scene, "end second") === 0) return "a timer that was set has not rung";
      if (times(scene, "end first") + times(scene, "end second") === 0) return "neither timer has rung";
      if (!crashed && times(scene, "begin first") > 1) return "the first has rung twice with no crash";
      if (!crashed && times(scene, "begin second") > 1) return "the second has rung twice with no crash";
      if (
        scene.did.lastIndexOf("begin first") > scene.did.indexOf("begin second") &&
        times(scene, "begin second") > 0
      )
        return "they have rung in the wrong order";
      return (await isLeft(scene)) ? "a row is left" : undefined;
    };
  };

/** Somebody cancels it while it rings. */
const cancelAndRing =
  (options: SceneOptions): Model =>
  async (schedule) => {
    const scene = createScene(schedule, options);
    await setFirst(scene);
    scene.world.runScript("cancel", async (instance) => {
      await scene.timerOf(instance).cancel("game");
      const began = times(scene, "begin first");
      schedule.later(() => {
        if (times(scene, "begin first") > began)
          scene.wrong ??= "a handler began after its timer was cancelled";
      });
    });
    return async () => scene.wrong ?? ((await isLeft(scene)) ? "a row is left" : undefined);
  };

/**
 *     set      the alarm; the row, in which a version is in force
 *     ring     reads the row: in force → a letter, in the group of the key
 *     letter   reads the row: in force → the handler; removes the row, if it is still that one
 */
describe("a timer that rings", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("does so once, also when its alarm comes twice", async () => {
    await expectSafe("alarm twice", ring({ alarms: { copies: 2 } }));
  });

  it("does so at least once, one at a time, when any step crashes", async () => {
    await expectSafe("alarm, crash", ring({ crashes: 1 }));
    await expectSafe("alarm twice, crash", ring({ crashes: 1, alarms: { copies: 2 } }));
    await expectSafe("alarm, two crashes", ring({ crashes: 2 }));
  });

  it("is replaced, or rings and is set again", async () => {
    await expectSafe("set while it rings", setAndRing({}));
  });

  it("is not lost when whoever replaces it crashes, nor when its handler does", async () => {
    await expectSafe("set while it rings, crash", setAndRing({ crashes: 1 }));
  });

  it("does not begin once it was cancelled", async () => {
    await expectSafe("cancel while it rings", cancelAndRing({}));
    await expectSafe("cancel while it rings, crash", cancelAndRing({ crashes: 1 }));
  });

  it("goes on when its handler sets it again", async () => {
    const handle = async (timer: Timer<string>, payload: string): Promise<void> => {
      if (payload === "first") await timer.set("game", { in: 1_000 }, "second");
    };
    const again =
      (options: SceneOptions): Model =>
      async (schedule) => {
        const scene = createScene(schedule, { ...options, handle });
        await setFirst(scene);
        return async () => {
          if (scene.wrong) return scene.wrong;
          if (times(scene, "end second") === 0) return "what the handler set has not rung";
          return (await isLeft(scene)) ? "a row is left" : undefined;
        };
      };

    await expectSafe("set by its handler", again({}));
    await expectSafe("set by its handler, crash", again({ crashes: 1 }));
  });
});

/** What the library does not do, each of which would be found. */
describe("a timer would", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("be lost if its row were written before its alarm is set", async () => {
    const rowFirst: Change = async (_scene, { runtime }) => {
      const version = createVersion();
      const row = toTimerEntry({ version, payload: "second", dueAtMs: runtime.clock.nowMs() });
      await runtime.store.putShared(placeOf(id), row);
      await runtime.alarms.set({ ...id, version }, { inMs: 60_000 });
    };

    await expectViolated("row before alarm", setAndRing({ crashes: 1 }, rowFirst), "neither timer has rung");
  });

  it("be lost if its handler's end removed whatever row there is", async () => {
    const blind = ({ did }: Scene, { runtime, io, pause }: Instance): void => {
      replaceOnTimer(io, async (letter) => {
        const row = await readTimer(runtime.store, letter);
        if (row === undefined || row.version !== letter.version) return;
        did.push(`begin ${String(row.payload)}`);
        await pause(`handles ${String(row.payload)}`);
        did.push(`end ${String(row.payload)}`);
        await runtime.store.deleteShared(placeOf(letter));
      });
    };

    await expectViolated("row removed blindly", setAndRing({ instead: blind }), "that was set has not rung");
  });

  it("ring twice if nobody asked whether it is still in force", async () => {
    const trusting = ({ did }: Scene, { runtime, io, pause }: Instance): void => {
      replaceOnTimer(io, async (letter) => {
        did.push("begin first");
        await pause("handles first");
        did.push("end first");
        await runtime.store.deleteShared(placeOf(letter));
      });
    };

    await expectViolated("no look at the row", ring({ alarms: { copies: 2 }, instead: trusting }), "twice");
  });

  it("run two handlers at a time if the alarm called them, and no letter", async () => {
    const direct = (scene: Scene, instance: Instance): void => {
      const { mailbox } = instance.runtime;
      const send = mailbox.send.bind(mailbox);
      mailbox.send = async (letter) => {
        if (letter.kind !== "timer") return send(letter);
        const failed = await instance.inbox.receive([{ letter, id: "direct", redelivered: false }]);
        if (failed.length > 0) throw new Error("expected the letter to be handled, got a failure");
      };
    };

    await expectViolated(
      "no mailbox",
      ring({ alarms: { copies: 2 }, instead: direct }),
      "two handlers run at a time",
    );
  });
});

type OnTimer = (letter: Letter & { kind: "timer" }, turn: Turn) => Promise<void>;

function replaceOnTimer(io: Instance["io"], onTimer: OnTimer): void {
  Object.assign(io.engine, { onTimer });
}
