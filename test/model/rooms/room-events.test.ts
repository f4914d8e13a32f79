import { describe, it } from "vitest";
import type { Model } from "../explorer.ts";
import { seat, type Guest } from "../guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "../verify.ts";
import { World, type Instance, type WorldOptions } from "../world.ts";

/** Listens to the room `r`, and says so; a client's `enter` and `leave` are about it. */
const listening =
  (world: () => World): NonNullable<WorldOptions["app"]> =>
  ({ io }) => {
    const say = (event: string) => (room: string) => room === "r" && world().said.push(event);
    const { adapter } = io.of("/");
    for (const event of ["create-room", "join-room", "leave-room", "delete-room"] as const)
      adapter.on(event, say(event));
    io.on("connection", (socket) => {
      socket.on("enter", () => socket.join("r"));
      socket.on("leave", () => socket.leave("r"));
    });
  };

interface Expected {
  /** Of each event, how often it must have been told: at least, where an instance may have crashed. */
  readonly [event: string]: number;
}

const play =
  (
    options: WorldOptions,
    begin: (world: World) => Promise<void>,
    check: (world: World) => string | undefined,
    app?: (world: World) => NonNullable<WorldOptions["app"]>,
  ): Model =>
  async (schedule) => {
    const world: World = new World(schedule, {
      ...options,
      app: (instance) => (app ? app(world) : listening(() => world))(instance),
    });
    await begin(world);
    return () => check(world);
  };

const exactly =
  (expected: Expected) =>
  (world: World): string | undefined => {
    for (const [event, times] of Object.entries(expected))
      if (world.times(event) !== times)
        return `expected ${event} to be told ${times} times, got ${world.times(event)}`;
    return undefined;
  };

const atLeast =
  (expected: Expected) =>
  (world: World): string | undefined => {
    const isCrashed = world.crashes.happened.length > 0;
    for (const [event, times] of Object.entries(expected)) {
      const told = world.times(event);
      if (told < times || (told > times && !isCrashed))
        return `expected ${event} to be told ${times} times, got ${told}`;
    }
    return undefined;
  };

/** Two clients, each with an end or a packet of its own. */
const two =
  (rooms: readonly string[], act: (first: Guest, second: Guest, world: World) => void) =>
  async (world: World): Promise<void> => {
    const first = await seat(world, 1, { rooms, counted: true });
    const second = await seat(world, 2, { rooms, counted: true });
    act(first, second, world);
  };

const bothSend = (text: string) => (first: Guest, second: Guest, world: World) => {
  world.prepare(first.frame(text));
  world.prepare(second.frame(text));
};
const bothClose = (first: Guest, second: Guest, world: World) => {
  world.prepare(first.closed());
  world.prepare(second.closed());
};

/** As an app would without what the store does: it looks whether anybody is there, and then goes in, or out. */
const looking =
  (world: World): NonNullable<WorldOptions["app"]> =>
  ({ io, runtime }: Instance) => {
    const count = async () => {
      let members = 0;
      for await (const page of runtime.store.listRoomMembers("/", "r")) members += page.length;
      return members;
    };
    io.on("connection", (socket) => {
      socket.on("enter", async () => {
        const before = await count();
        await socket.join("r");
        if (before === 0) world.said.push("create-room");
      });
      socket.on("leave", async () => {
        await socket.leave("r");
        if ((await count()) === 0) world.said.push("delete-room");
      });
    });
  };

const queue = { maxBatch: 1 } as const;

/**
 *     a    enterRoom: nobody is there → created
 *     b    enterRoom: somebody is     → joined
 *     b    tells join-room
 *     a    tells create-room, join-room
 */
describe("rooms that tell", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("are made once by two that join at once", async () => {
    await expectSafe(
      "two joins",
      play(queue, two([], bothSend('42["enter"]')), exactly({ "create-room": 1, "join-room": 2 })),
    );
  });

  it("are gone once when the last two leave at once", async () => {
    const expected = { "leave-room": 2, "delete-room": 1, "create-room": 0 };
    await expectSafe("last two leave", play(queue, two(["r"], bothSend('42["leave"]')), exactly(expected)));
    await expectSafe(
      "last two leave the namespace",
      play(queue, two(["r"], bothSend("41")), exactly(expected)),
    );
    await expectSafe("last two close", play(queue, two(["r"], bothClose), exactly(expected)));
  });

  it("are made as often as they go, and once more where somebody is in them", async () => {
    const act = (first: Guest, second: Guest, world: World) => {
      world.prepare(first.closed());
      world.prepare(second.frame('42["enter"]'));
    };
    const begin = async (world: World) => {
      const first = await seat(world, 1, { rooms: ["r"], counted: true });
      act(first, await seat(world, 2, { counted: true }), world);
    };
    const check = (world: World) =>
      world.times("create-room") === world.times("delete-room") && world.times("join-room") === 1
        ? undefined
        : `told of ${world.said.join(", ")}`;
    await expectSafe("last one closes, another joins", play(queue, begin, check));
  });

  it("tell once of a socket that is taken out of them while it goes", async () => {
    const begin = async (world: World) => {
      const guest = await seat(world, 1, { rooms: ["r"], counted: true });
      world.prepare(guest.closed());
      world.runScript("script", async ({ io }) => {
        io.in("r").socketsLeave("r");
        await io.flush();
      });
    };
    await expectSafe("close, taken out", play(queue, begin, exactly({ "leave-room": 1, "delete-room": 1 })));
  });

  it("tell of a socket that is put into them while it goes as often as of its leaving", async () => {
    const begin = async (world: World) => {
      const guest = await seat(world, 1, { counted: true });
      world.prepare(guest.closed());
      world.runScript("script", async ({ io }) => {
        io.in(guest.socketId).socketsJoin("r");
        await io.flush();
      });
    };
    const check = (world: World) =>
      world.times("join-room") === world.times("leave-room") &&
      world.times("create-room") === world.times("delete-room") &&
      world.countMembers() === 0
        ? undefined
        : `told of ${world.said.join(", ")}, with ${world.countMembers()} members left`;
    for (const ordering of ["queue", "direct"] as const)
      await expectSafe(`close, put in, ${ordering}`, play({ ...queue, ordering }, begin, check));
  });

  it("tell of every change although an instance crashes, and twice only then", async () => {
    const expected = { "leave-room": 2, "delete-room": 1 };
    const crashing = { ...queue, crashes: 1 };
    await expectSafe("last two close, a crash", play(crashing, two(["r"], bothClose), atLeast(expected)));
    const begin = async (world: World) => {
      const guest = await seat(world, 1, { counted: true });
      world.prepare(guest.frame('42["enter"]'));
    };
    // A packet whose instance crashed does not run again, and its session is closed: a room it had made goes then.
    const check = (world: World) => {
      const [made, gone] = [world.times("create-room"), world.times("delete-room")];
      const isRight = world.crashes.happened.length > 0 ? made > 0 === gone > 0 : made === 1 && gone === 0;
      return isRight ? undefined : `told of ${world.said.join(", ")}`;
    };
    await expectSafe("join, a crash", play(crashing, begin, check));
  });

  it("would be made twice if who joins looked first", async () => {
    await expectViolated(
      "looking before joining",
      play(queue, two([], bothSend('42["enter"]')), exactly({ "create-room": 1 }), looking),
      "create-room to be told 1 times, got 2",
    );
  });

  it("would be gone twice if who leaves looked afterwards", async () => {
    await expectViolated(
      "looking after leaving",
      play(queue, two(["r"], bothSend('42["leave"]')), exactly({ "delete-room": 1 }), looking),
      "delete-room to be told 1 times, got 2",
    );
  });

  it("would not tell of what a crashed turn had changed if its letter did not know", async () => {
    const forgetful: WorldOptions = {
      ...queue,
      crashes: 1,
      alter: (delivery) => ({ ...delivery, id: `${delivery.id} ${delivery.redelivered}` }),
    };
    await expectViolated(
      "no notes for the letter",
      play(forgetful, two(["r"], bothClose), atLeast({ "leave-room": 2, "delete-room": 1 })),
      /to be told . times, got ./,
    );
  });
});
