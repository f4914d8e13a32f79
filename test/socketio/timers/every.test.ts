import { beforeEach, describe, expect, it } from "vitest";
import type { EveryOptions } from "../../../lib/socketio/timers/defined-timers.ts";
import { createGate, Rig, type Gate } from "../../support/rig.ts";
import { START_MS } from "../../support/manual-clock.ts";

const ticks: number[] = [];
let gate: Gate | undefined;

beforeEach(() => {
  ticks.length = 0;
  gate = undefined;
});

function createRig({ periodMs = 5_000, instances = 3, ...options }: Settings & EveryOptions = {}): Rig {
  const rig: Rig = new Rig(
    (io) => {
      const handle = async () => {
        ticks.push(rig.clock.nowMs() - START_MS);
        io.emit("tick");
        await gate?.passed;
      };
      io.of("/admin");
      io.every("tick", periodMs, handle, options);
    },
    { instances },
  );
  return rig;
}

interface Settings {
  readonly periodMs?: number;
  readonly instances?: number;
}

/** As the heartbeat function of each of them would, had they all one. */
const beginEverywhere = async (rig: Rig): Promise<void> => {
  await Promise.all(rig.instances.map(async ({ app }) => app.onMinute?.()));
};

async function pass(rig: Rig, durationMs: number, stepMs = 100): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) await rig.advance(stepMs);
}

describe("io.every", () => {
  it("runs once a period in the whole deployment, however many begin it", async () => {
    const rig = createRig();
    await beginEverywhere(rig);

    await pass(rig, 30_000);
    await beginEverywhere(rig);
    await pass(rig, 10_000);

    expect(ticks).toEqual([5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000]);
  });

  it("sends what its handler emits to clients", async () => {
    const rig = createRig();
    const client = await rig.connect();
    await beginEverywhere(rig);

    await pass(rig, 5_000);

    expect(client.received).toEqual(['42["tick"]']);
  });

  it("keeps to its times when one came late, and leaves out what has passed", async () => {
    const rig = createRig({ periodMs: 1_000 });
    await beginEverywhere(rig);
    await pass(rig, 2_000);
    // Nobody handles letters for a while.
    await rig.clock.advance(3_500);
    await pass(rig, 2_000);

    // The one that was late, and then whole periods from the first again.
    expect(ticks).toEqual([1_000, 2_000, 5_600, 6_000, 7_000]);
  });

  it("runs one at a time: the next waits for a handler that takes longer than a period", async () => {
    const rig = createRig({ periodMs: 1_000 });
    await beginEverywhere(rig);
    gate = createGate();
    await pass(rig, 4_000);
    expect(ticks).toEqual([1_000]);

    gate.open();
    gate = undefined;
    await pass(rig, 2_000);

    expect(ticks).toEqual([1_000, 4_100, 5_100]);
  });

  it("runs again after a crash, and goes on", async () => {
    const rig = createRig({ instances: 1, periodMs: 2_000 });
    await beginEverywhere(rig);
    gate = createGate();
    await pass(rig, 2_000);
    rig.instances[0]!.life.endsAfter = 0;
    rig.replace(0);
    gate = undefined;

    await rig.redeliver();
    await pass(rig, 4_000);

    expect(ticks).toEqual([2_000, 2_000, 4_000, 6_000]);
  });

  it("begins again when nothing has rung for long", async () => {
    const rig = createRig();
    await beginEverywhere(rig);
    await pass(rig, 5_000);
    rig.alarms.lose();
    await pass(rig, 4 * 60_000, 1_000);
    expect(ticks).toEqual([5_000]);
    await pass(rig, 2 * 60_000, 1_000);
    await beginEverywhere(rig);

    await pass(rig, 10_000);

    expect(ticks).toHaveLength(3);
  });

  it("has code that does not know it come again, for code that does", async () => {
    const rig = createRig({ instances: 1, periodMs: 1_000 });
    await beginEverywhere(rig);
    const [known] = rig.instances;
    const unknown = new Rig(() => undefined);
    const { io: _, ...stranger } = unknown.instances[0]!;
    rig.instances[0] = { ...stranger, io: unknown.io, runtime: known!.runtime };
    stranger.app.bind(known!.runtime);
    await pass(rig, 1_000);
    expect(ticks).toEqual([]);

    rig.instances[0] = known!;
    await rig.redeliver();

    expect(ticks).toEqual([1_000]);
  });
});

describe("io.every while connected", () => {
  const options = { while: "connected", periodMs: 2_000 } as const;

  it("does nothing while nobody is there, not even a read", async () => {
    const rig = createRig(options);
    const before = rig.instances.flatMap(({ life }) => life.calls).length;

    await beginEverywhere(rig);
    await pass(rig, 60_000, 1_000);

    expect(rig.instances.flatMap(({ life }) => life.calls)).toHaveLength(before);
    expect(rig.alarms.sent).toEqual([]);
  });

  it("begins with the first client, and ends after the last", async () => {
    const rig = createRig(options);
    const ada = await rig.connect();
    await pass(rig, 3_000);
    const bob = await rig.connect("/admin");
    await pass(rig, 2_000);
    await ada.leave();
    await pass(rig, 2_000);
    expect(ticks).toEqual([2_000, 4_000, 6_000]);
    await bob.leave();

    await pass(rig, 60_000, 1_000);

    expect(ticks).toEqual([2_000, 4_000, 6_000]);
    expect(rig.alarms.left).toBe(0);
  });

  it("begins again for whoever comes back", async () => {
    const rig = createRig(options);
    const ada = await rig.connect();
    await pass(rig, 2_000);
    await ada.leave();
    await pass(rig, 10_000);
    await rig.connect();

    await pass(rig, 4_000);

    expect(ticks).toEqual([2_000, 14_000, 16_000]);
  });

  it("asks for one row when a client comes", async () => {
    const rig = createRig({ ...options, instances: 1 });
    await rig.connect();
    const [instance] = rig.instances;
    const before = instance!.life.calls.filter((call) => call === "store.getManyShared").length;

    await rig.connect();

    expect(instance!.life.calls.filter((call) => call === "store.getManyShared")).toHaveLength(before + 1);
  });
});

describe("what makes no sense", () => {
  const define = (...args: unknown[]) => new Rig((io) => Reflect.apply(io.every, io, args) as unknown).io;
  const handler = () => undefined;

  it.each([999, 0, -1, Number.NaN, Infinity, 2_592_000_001, "1000", undefined])(
    "is a period of %s",
    (period) => {
      expect(() => define("tick", period, handler)).toThrow(
        expect.objectContaining({ code: "core.timer_bad_delay" }),
      );
    },
  );

  it.each(["", 7, undefined])("is %s as a name", (name) => {
    expect(() => define(name, 5_000, handler)).toThrow(
      expect.objectContaining({ code: "core.timer_bad_name" }),
    );
  });

  it("is a handler that is none", () => {
    expect(() => define("tick", 5_000, undefined)).toThrow(
      expect.objectContaining({ code: "core.not_a_listener" }),
    );
  });

  it("is another condition", () => {
    expect(() => define("tick", 5_000, handler, { while: "busy" })).toThrow(
      expect.objectContaining({ code: "core.timer_bad_while" }),
    );
    expect(() => define("tick", 5_000, handler, { until: "connected" })).toThrow(
      expect.objectContaining({ code: "config.unknown_option" }),
    );
    for (const options of [5, "connected", null])
      expect(() => define("tick", 5_000, handler, options as never)).toThrow(
        expect.objectContaining({ code: "config.bad_option" }),
      );
  });

  it("is a name for two", () => {
    const io = define("tick", 5_000, handler);

    expect(() => io.every("tick", 5_000, handler)).toThrow(
      expect.objectContaining({ code: "core.timer_name_taken" }),
    );
  });
});
