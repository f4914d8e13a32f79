import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { seat } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance, type WorldOptions } from "./world.ts";

const enterLate = ({ io, pause }: Instance): void => {
  io.on("connection", (socket) => {
    socket.on("enter", async () => {
      await pause("waits for the app's database");
      await socket.join("late");
    });
  });
};

const enterAtOnce = ({ io }: Instance): void => {
  io.on("connection", (socket) => {
    socket.on("enter", () => void socket.join("late"));
  });
};

/** Joins by hand, and does not look whether the session is still there. */
const enterBlindly = ({ io, runtime, pause }: Instance): void => {
  io.on("connection", (socket) => {
    socket.on("enter", async () => {
      await pause("waits for the app's database");
      const [member] = (await runtime.store.listRoomMembers("/", socket.id)[Symbol.asyncIterator]().next())
        .value as [never];
      await runtime.store.joinRooms("/", member, ["late"]);
    });
  });
};

/** A client sends `enter`, and its connection ends. */
const enterAndClose =
  (options: WorldOptions): Model =>
  async (schedule) => {
    const world = new World(schedule, options);
    const guest = await seat(world, 1, { rooms: ["lobby"] });
    world.prepare(guest.frame('42["enter"]'));
    world.prepare(guest.closed());
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if ((await world.phaseOf(guest.sid)) !== "closed") return "the session was not closed";
      return world.countMembers() === 0 ? undefined : "a membership is left that nobody will ever delete";
    };
  };

/**
 *     handler  puts membership                  (its letter is released, or in the same batch as the close)
 *     close    marks closing, reads rooms, deletes memberships
 *     handler  its put arrives                  ← nobody would ever delete it
 *     handler  sees that it is not alone any more, reads the session: closing → deletes it again
 */
describe("a join in a handler that outlives its letter", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("leaves no membership when the close runs beside it on another instance", async () => {
    await expectSafe(
      "join in a released turn, close",
      enterAndClose({ app: enterLate, maxBatch: 1, ticks: { atOnce: 0, atAnyTime: 1 } }),
    );
  });

  it("leaves no membership when its put was under way as its letter was released", async () => {
    await expectSafe(
      "join under way, release",
      enterAndClose({ app: enterAtOnce, maxBatch: 1, ticks: { atOnce: 0, atAnyTime: 1 } }),
    );
  });

  it("leaves no membership when the close is in the same batch", async () => {
    await expectSafe("join, close in one batch", enterAndClose({ app: enterLate }));
    await expectSafe("join under way, close in one batch", enterAndClose({ app: enterAtOnce }));
  });

  it("would leave one if it did not look again", async () => {
    await expectViolated(
      "released join that does not look again",
      enterAndClose({ app: enterBlindly, maxBatch: 1, ticks: { atOnce: 0, atAnyTime: 1 } }),
      "nobody will ever",
    );
  });
});
