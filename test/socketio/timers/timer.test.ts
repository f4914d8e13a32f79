import { beforeEach, describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import type { Timer } from "../../../lib/socketio/timers/timer.ts";
import { createGate, Rig, type Client, type Gate } from "../../support/rig.ts";
import { START_MS } from "../../support/manual-clock.ts";

interface Told {
  readonly atMs: number;
  readonly key: string;
  readonly payload: unknown;
}

const told: Told[] = [];
let timers: Timer[] = [];
let gate: Gate | undefined;
let failure: Error | undefined;

beforeEach(() => {
  told.length = 0;
  timers = [];
  gate = undefined;
  failure = undefined;
});

function createRig(instances = 2): Rig {
  const rig: Rig = new Rig(
    (io: Server) => {
      const grace = io.timer("grace", async (payload, key) => {
        told.push({ atMs: rig.clock.nowMs() - START_MS, key, payload });
        io.to("lobby").emit("told", key);
        if (failure) throw failure;
        await gate?.passed;
      });
      timers.push(grace);
      io.on("connection", async (socket) => {
        await grace.set("connected", { in: 60_000 }, socket.id);
        await socket.join("lobby");
        socket.on("set", (key: string, inMs: number, payload: unknown) =>
          grace.set(key, { in: inMs }, payload),
        );
        socket.on("cancel", async (key: string, ack: (was: boolean) => void) => ack(await grace.cancel(key)));
      });
    },
    { instances },
  );
  return rig;
}

const set = (client: Client, key: string, inMs: number, payload: unknown = null): Promise<void> =>
  client.send(`42${JSON.stringify(["set", key, inMs, payload])}`);

describe("a timer", () => {
  it("calls its handler with key and payload when its time is up, not before", async () => {
    const rig = createRig();
    const client = await rig.connect();
    await set(client, "ada", 5_000, { room: "lobby" });

    await rig.advance(4_999);
    expect(told).toEqual([]);

    await rig.advance(1);
    expect(told).toEqual([{ atMs: 5_000, key: "ada", payload: { room: "lobby" } }]);
    expect(client.received).toContain('42["told","ada"]');
  });

  it.each([1_000, 1_499, 1_500, 2_750, 899_999, 900_000, 900_400, 4_000_123])(
    "is on time at %i ms, whatever the carrier rounds or has not the patience for",
    async (inMs) => {
      const rig = createRig();
      await timers[0]!.set("k", { in: inMs });

      await rig.advance(inMs - 1);
      expect(told).toEqual([]);
      await rig.advance(751);

      expect(told).toHaveLength(1);
      expect(told[0]!.atMs - inMs).toBeGreaterThanOrEqual(0);
      expect(rig.alarms.left).toBe(0);
    },
  );

  it("is called once, and with what it was set to last, when it is set again", async () => {
    const rig = createRig();
    const client = await rig.connect();
    await set(client, "ada", 5_000, "first");
    await rig.advance(3_000);
    await set(client, "ada", 5_000, "second");

    for (let second = 0; second < 30; second++) await rig.advance(1_000);

    expect(told).toEqual([{ atMs: 8_000, key: "ada", payload: "second" }]);
  });

  it("can be set to come earlier", async () => {
    const rig = createRig();
    await timers[0]!.set("ada", { in: 50_000 }, "late");
    await timers[0]!.set("ada", { in: 2_000 }, "early");

    for (let second = 0; second < 100; second++) await rig.advance(1_000);

    expect(told).toEqual([{ atMs: 2_000, key: "ada", payload: "early" }]);
  });

  it("is not called when it was cancelled, and says whether it was set", async () => {
    const rig = createRig();
    const client = await rig.connect();
    await set(client, "ada", 5_000);

    await client.send('421["cancel","ada"]', '422["cancel","ada"]');
    await rig.advance(30_000);

    expect(client.received).toEqual(expect.arrayContaining(["431[true]", "432[false]"]));
    expect(told).toEqual([]);
  });

  it("sends nothing into the mailbox for what was cancelled: one read ends it", async () => {
    const rig = createRig();
    await timers[0]!.set("ada", { in: 5_000 });
    await timers[0]!.cancel("ada");

    await rig.advance(10_000);

    expect(rig.mailbox.sent.filter(({ kind }) => kind === "timer")).toEqual([]);
    expect(rig.alarms.left).toBe(0);
  });

  it("can be set again by its own handler", async () => {
    const rig: Rig = new Rig((io) => {
      const countdown = io.timer<number>("countdown", async (left) => {
        told.push({ atMs: rig.clock.nowMs() - START_MS, key: "", payload: left });
        if (left > 1) await countdown.set("game", { in: 1_000 }, left - 1);
      });
      timers.push(countdown as Timer);
    });
    await timers[0]!.set("game", { in: 1_000 }, 3);

    for (let second = 0; second < 5; second++) await rig.advance(1_000);

    expect(told.map(({ payload }) => payload)).toEqual([3, 2, 1]);
    expect(rig.alarms.left).toBe(0);
  });

  it("is inert in a replay", async () => {
    const rig = createRig();
    const client = await rig.connect();
    const before = rig.alarms.sent.length;

    await client.send('42["nothing"]', '42["nothing"]');

    expect(before).toBe(1);
    expect(rig.alarms.sent).toHaveLength(1);
    await expect(rig.io.timer("gracee").set("k", { in: 1_000 })).rejects.toMatchObject({
      code: "core.unknown_timer",
    });
  });

  it("does not count what its handler throws as a crash", async () => {
    const rig = createRig();
    failure = new Error("no luck");
    await timers[0]!.set("ada", { in: 1_000 });

    await rig.advance(2_000);
    await rig.redeliver();

    expect(told).toHaveLength(1);
    expect(rig.logged("core.handler_failed")).toMatchObject([{ event: 'io.timer("grace")', error: failure }]);
  });
});

describe("one handler at a time", () => {
  it("runs for a key, in the order in which they were set", async () => {
    const rig = createRig();
    gate = createGate();
    await timers[0]!.set("ada", { in: 1_000 }, 1);
    await rig.advance(1_000);
    await timers[0]!.set("ada", { in: 1_000 }, 2);
    await rig.advance(5_000);
    expect(told.map(({ payload }) => payload)).toEqual([1]);

    gate.open();
    await rig.advance(1_000);

    expect(told.map(({ payload }) => payload)).toEqual([1, 2]);
  });

  it("does not keep other keys waiting", async () => {
    const rig = createRig();
    gate = createGate();
    await timers[0]!.set("ada", { in: 1_000 });
    await rig.advance(1_000);
    await timers[0]!.set("bob", { in: 1_000 });

    await rig.advance(1_000);

    expect(told.map(({ key }) => key)).toEqual(["ada", "bob"]);
    gate.open();
  });
});

describe("after a crash", () => {
  it("a handler that had begun runs again", async () => {
    const rig = createRig(1);
    gate = createGate();
    await timers[0]!.set("ada", { in: 1_000 });
    await rig.advance(1_000);
    rig.instances[0]!.life.endsAfter = 0;
    gate = undefined;
    rig.replace(0);

    await rig.redeliver();

    expect(told.map(({ key }) => key)).toEqual(["ada", "ada"]);
    await rig.redeliver();
    expect(told).toHaveLength(2);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("an alarm that had rung rings again", async () => {
    const rig = createRig(1);
    await timers[0]!.set("ada", { in: 1_000 });
    const { life } = rig.instances[0]!;
    life.endsAfter = life.calls.length + 1;
    await rig.advance(1_000);
    expect(told).toEqual([]);
    rig.replace(0);

    await rig.redeliver();

    expect(told).toHaveLength(1);
  });
});

describe("a timer whose name the code does not know", () => {
  it("comes again, for code that does", async () => {
    const rig: Rig = new Rig(() => undefined, { hasApp: false });
    await rig.io.timer("new").set("k", { in: 1_000 }, 7);
    await rig.advance(1_000);
    expect(rig.logs.map(({ error }) => (error as { code?: string })?.code)).toContain("core.unknown_timer");

    rig.io.timer("new", (payload) => void told.push({ atMs: 0, key: "", payload }));
    await rig.redeliver();

    expect(told).toMatchObject([{ payload: 7 }]);
  });
});

it("an app cannot set a timer that it would not know when it is due, and may cancel what is left of one", async () => {
  const rig: Rig = new Rig((io) => {
    io.timer("grace", () => undefined);
    io.on("connection", (socket) => {
      const typo = io.timer("gracee");
      socket.on("set", async (ack: (said: unknown) => void) => {
        ack(await typo.set("k", { in: 1_000 }).catch((error: unknown) => (error as Error).message));
      });
      socket.on("again", (ack: (said: unknown) => void) =>
        io.timer("grace").set("k", { in: 1_000 }).then(ack),
      );
      socket.on("cancel", async (ack: (was: boolean) => void) => ack(await typo.cancel("k")));
    });
  });
  const client = await rig.connect();

  await client.send('421["set"]', '422["cancel"]', '423["again"]');

  const refusal =
    'expected the app to have a handler for io.timer("gracee"), to be called when it is due, got none; it has io.timer("grace")';
  expect(client.received.filter((frame) => frame.startsWith("43"))).toEqual([
    `431${JSON.stringify([refusal])}`,
    "432[false]",
    "433[null]",
  ]);
  expect(rig.alarms.sent).toHaveLength(1);
  await expect(rig.io.timer("gracee").set("k", { in: 1_000 })).rejects.toMatchObject({
    code: "core.unknown_timer",
  });
});

describe("what makes no sense", () => {
  const io = () => createRig(1).io;

  it.each([999, 0, -1, Number.NaN, Infinity, 2_592_000_001, "1000", undefined])(
    "is a delay of %s",
    async (inMs) => {
      io();

      await expect(timers[0]!.set("k", { in: inMs as number })).rejects.toMatchObject({
        code: "core.timer_bad_delay",
      });
    },
  );

  it.each([
    [1_000, "1000"],
    [undefined, "undefined"],
    [null, "null"],
    ["1000", '"1000"'],
    [[1_000], "an array"],
    [() => 1_000, "a function"],
  ])("are options that are %s", async (options, got) => {
    io();

    await expect(timers[0]!.set("k", options as unknown as { in: number })).rejects.toMatchObject({
      code: "core.timer_bad_delay",
      message: expect.stringContaining(`as { in: milliseconds }, got ${got}`) as string,
    });
  });

  it.each([7, undefined, null, {}])("is %s as a key", async (key) => {
    io();

    await expect(timers[0]!.set(key as string, { in: 1_000 })).rejects.toMatchObject({
      code: "core.timer_bad_key",
    });
    await expect(timers[0]!.cancel(key as string)).rejects.toMatchObject({ code: "core.timer_bad_key" });
  });

  it("is a key that is too long", async () => {
    io();

    await expect(timers[0]!.set("k".repeat(513), { in: 1_000 })).rejects.toMatchObject({
      code: "state.key_too_long",
    });
  });

  it.each([[() => 1], [new Date()], [Buffer.from("bytes")], [{ a: 1n }]])(
    "is %s as a payload",
    async (payload) => {
      io();

      await expect(timers[0]!.set("k", { in: 1_000 }, payload)).rejects.toMatchObject({
        code: "core.unserialisable",
      });
    },
  );

  it("is a payload that is too large", async () => {
    io();

    await expect(timers[0]!.set("k", { in: 1_000 }, "x".repeat(340 * 1024))).rejects.toMatchObject({
      code: "core.timer_too_large",
    });
    await expect(timers[0]!.set("k", { in: 1_000 }, "x".repeat(340 * 1024 - 2))).resolves.toBeUndefined();
  });

  it("is an unknown option", async () => {
    io();

    await expect(timers[0]!.set("k", { in: 1_000, at: 1 } as never)).rejects.toMatchObject({
      code: "config.unknown_option",
    });
  });

  it.each(["", "x".repeat(65), 7, undefined, "\ud800"])("is %s as a name", (name) => {
    expect(() => io().timer(name as string)).toThrow(
      expect.objectContaining({ code: "core.timer_bad_name" }),
    );
  });

  it("is a name for two handlers", () => {
    expect(() => io().timer("grace", () => undefined)).toThrow(
      expect.objectContaining({ code: "core.timer_name_taken" }),
    );
  });

  it("is a handler that is no function", () => {
    expect(() => io().timer("other", {} as never)).toThrow(
      expect.objectContaining({ code: "core.not_a_listener" }),
    );
  });

  it("is a handler of which no other instance would know", async () => {
    const rig = new Rig((server) => {
      server.on("connection", () => void server.timer("late", () => undefined));
    });

    await rig.connect();

    expect(rig.logs.map(({ error }) => (error as { code?: string })?.code)).toContain(
      "core.registration_in_handler",
    );
  });
});
