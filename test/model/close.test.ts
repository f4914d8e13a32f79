import { describe, it } from "vitest";
import { removeMemberships } from "../../lib/engine/inbox/remove-memberships.ts";
import { joinFromOutside } from "../../lib/socketio/rooms/join-from-outside.ts";
import type { Model } from "./explorer.ts";
import { seat, type Guest } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance, type WorldOptions } from "./world.ts";

const sayGoodbye =
  (world: () => World) =>
  ({ io }: Instance): void => {
    io.on("connection", (socket) => {
      socket.on(
        "disconnecting",
        () => void world().said.push(`disconnecting from ${socket.rooms.size} rooms`),
      );
      socket.on("disconnect", () => void world().said.push("disconnect"));
    });
  };

/** The gateway reports the end of a connection, and the heartbeat has given its client up. */
const twoCloses =
  (options: WorldOptions, close?: (instance: Instance, guest: Guest) => Promise<void>): Model =>
  async (schedule) => {
    const world: World = new World(schedule, { ...options, app: sayGoodbye(() => world) });
    // Due to be reaped ten minutes from now.
    const guest = await seat(world, 1, { rooms: ["lobby"], ageMs: 30_000 });
    if (close) {
      for (const process of ["a", "b"]) {
        world.runScript(process, (instance) => close({ ...instance, process }, guest));
      }
      return () => (world.times("disconnect") > 1 ? "disconnect ran twice with no crash" : undefined);
    }
    world.prepare(guest.closed("transport close"));
    world.prepare(guest.closed("ping timeout"));
    schedule.later(() => {
      world.nowMs += 600_000;
      if (world.count("beats") > 0) world.runSweep("sweep ten minutes later");
    });
    return async () => {
      const crashed = world.crashes.happened.length > 0;
      const times = world.times("disconnect");
      if (times === 0) return "disconnect never ran";
      if (times > 1 && !crashed) return "disconnect ran twice with no crash";
      if (world.times("disconnecting from 2 rooms") < times) return "disconnecting did not run with it";
      if (world.countMembers() > 0) return "a membership is left";
      if (world.count("beats") > 0) return "a beat is left";
      return (await world.phaseOf(guest.sid)) === "closed" ? undefined : "the session was not closed";
    };
  };

/**
 * A close that removes one room a step, and another one behind it, if it crashed:
 *
 *     close   removes a; notes a; removes b; crashes
 *     others  put membership c; read the session: closing → delete it again
 *     again   reads the rooms, removes those behind a
 */
const closeInSteps =
  (remove: typeof removeMemberships): Model =>
  async (schedule) => {
    const world = new World(schedule, { crashes: 1 });
    const { sid, socketId, member } = await seat(world, 1, { rooms: ["a", "b"] });
    const close =
      ({ runtime: { store } }: Instance) =>
      async () => {
        const lease = { nowMs: world.nowMs + 60_000, leaseUntilMs: world.nowMs + 60_000 };
        await store.beginClose({ sid, reason: "transport close", ...lease });
        const snapshot = await store.loadSession(sid, { handshake: false });
        const rooms = snapshot?.joined.map(({ room }) => room) ?? [];
        await remove(store, sid, [{ nsp: "/", socketId, rooms }], snapshot?.session.removedUpTo, 1);
        await store.finishClose(sid);
      };
    world.crashes.run("close", close(world.createInstance("close")));
    world.runScript("others", ({ io, runtime }) =>
      joinFromOutside(io.sockets.internals, runtime.detached, { nsp: "/" }, member, ["c"]),
    );
    schedule.later(() => world.runScript("again", (instance) => close(instance)()));
    return () => (world.countMembers() === 0 ? undefined : "a membership is left");
  };

/** For a control: says that a step is done before it is. */
const noteFirst: typeof removeMemberships = async (store, sid, sockets, removedUpTo = "") => {
  for (const socket of sockets) {
    for (const room of socket.rooms) {
      const key = JSON.stringify([socket.nsp, room]);
      if (key <= removedUpTo) continue;
      await store.noteRemoved(sid, key);
      await store.deleteMemberships(sid, [{ ...socket, rooms: [room] }]);
    }
  }
};

/**
 *     a  takes the lease; runs the handlers; deletes memberships; marks closed; deletes the beat
 *     b  finds the lease taken, or the session closed
 *     a  crashes: its letter comes again; where there is no mailbox, the beat is found by the heartbeat
 */
describe("two closes of one session", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("run disconnect once, one letter a batch", async () => {
    await expectSafe("two closes", twoCloses({ maxBatch: 1 }));
  });

  it("run disconnect at least once and leave nothing behind when one crashes at any step", async () => {
    await expectSafe("two closes, crash", twoCloses({ maxBatch: 1, crashes: 1 }));
  });

  it("do so when two crash, and when both letters are in one batch", async () => {
    await expectSafe("two closes, two crashes", twoCloses({ maxBatch: 1, crashes: 2 }));
    await expectSafe("two closes in one batch, crash", twoCloses({ crashes: 1 }));
  });

  it("run disconnect once side by side, in direct ordering", async () => {
    await expectSafe("two closes, direct", twoCloses({ ordering: "direct" }));
  });

  it("leave nothing behind side by side when one crashes, in direct ordering", async () => {
    await expectSafe("two closes, direct, crash", twoCloses({ ordering: "direct", crashes: 1 }));
  });

  it("leave no membership when one that goes in steps crashes and others put its socket into rooms", async () => {
    await expectSafe("close in steps, outside join, crash", closeInSteps(removeMemberships));
  });

  it("would leave one if a step were noted before it is done", async () => {
    await expectViolated("close in steps, noted first", closeInSteps(noteFirst), "a membership is left");
  });

  it("would run disconnect twice without the lease", async () => {
    const withoutLease = async ({ runtime: { store }, pause }: Instance, { sid, socketId }: Guest) => {
      const snapshot = await store.loadSession(sid, { handshake: false });
      if (snapshot?.session.phase === "closed") return;
      await pause("disconnect");
      await store.deleteMemberships(sid, [{ nsp: "/", socketId, rooms: ["lobby"] }]);
      await store.beginClose({ sid, reason: "transport close", nowMs: 0, leaseUntilMs: 0 });
      await store.finishClose(sid);
    };
    const counting: Model = async (schedule) => {
      const check = await twoCloses({}, withoutLease)(schedule);
      return () =>
        schedule.story.filter((line) => line.endsWith(": disconnect")).length > 1
          ? "disconnect ran twice with no crash"
          : check();
    };

    await expectViolated("close without a lease", counting, "disconnect ran twice");
  });
});
