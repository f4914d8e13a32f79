import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { seat } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance, type WorldOptions } from "./world.ts";

const count =
  (world: () => World) =>
  ({ io, process, pause }: Instance): void => {
    io.on("connection", (socket) => {
      socket.on("count", async (number: number, ack: () => void) => {
        world().said.push(`${number} in ${process}`);
        await pause(`counts ${number}`);
        ack();
      });
      socket.on("leave", () => void socket.disconnect(true));
      socket.on("hang up", () => void socket.conn.close());
      socket.on("disconnect", () => void world().said.push("disconnect"));
    });
  };

const FRAMES = ['420["count",0]', '421["count",1]', '422["count",2]'];

/** What the schedule has made of a client's frames, of which each was to run once, in order. */
async function judge(world: World, sid: Parameters<World["phaseOf"]>[0], acks: readonly string[]) {
  if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
  const started = world.said.filter((line) => line !== "disconnect");
  const numbers = started.map((line) => line.split(" ")[0]);
  if (new Set(numbers).size < numbers.length) return "a handler ran twice";
  if (numbers.some((number, index) => number !== String(index))) return "a handler ran over a gap";
  const [crashed] = world.crashes.happened;
  const phase = await world.phaseOf(sid);
  const isAckLost = acks.some((frame) => !numbers.includes(frame.slice(2, 3)));
  if (isAckLost) return "something was acknowledged that never ran";
  if (crashed === undefined) {
    return phase === "open" && acks.length === 3 ? undefined : "a client lost its session with no crash";
  }
  // Batches of one group are numbered in order, and none but the crashed one was under way.
  if (started.some((line) => toBatch(line) > toBatch(crashed)))
    return "a handler ran after a crash before it";
  if (phase === "severed") return "the session is severed, and nobody closes it";
  if (phase === "open") return numbers.length === 3 ? undefined : "a frame was lost in silence";
  return world.countMembers() === 0 ? undefined : "a membership is left";
}

const toBatch = (line: string): number => Number(/batch (\d+)/.exec(line)?.[1]);

/** A client sends three frames, and the instances that handle them may crash. */
const threeFrames =
  (options: WorldOptions): Model =>
  async (schedule) => {
    const world: World = new World(schedule, { ...options, app: count(() => world) });
    const guest = await seat(world, 1, { rooms: ["lobby"] });
    for (const text of FRAMES) world.prepare(guest.frame(text));
    return () =>
      judge(
        world,
        guest.sid,
        guest.frames.filter((frame) => frame.startsWith("43")),
      );
  };

/** The server disconnects a client in a handler; one more frame of the client is queued behind. */
const disconnectInHandler =
  (event: "leave" | "hang up", options: WorldOptions): Model =>
  async (schedule) => {
    const world: World = new World(schedule, { ...options, app: count(() => world) });
    const guest = await seat(world, 1, { rooms: ["lobby"] });
    for (const text of [`42["${event}"]`, FRAMES[1]!]) world.prepare(guest.frame(text));
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      const started = world.said.filter((line) => line !== "disconnect");
      if (started.length > 0) return "a handler ran after its client was disconnected";
      if ((await world.phaseOf(guest.sid)) !== "closed") return "the session was not closed";
      if (guest.connection.open) return "the connection was not closed";
      if (world.times("disconnect") === 0) return "disconnect never ran";
      return world.countMembers() === 0 ? undefined : "a membership is left";
    };
  };

/**
 *     batch 1   frame n starts, and the instance crashes
 *     batch 2   frame n comes again: it is not run, `closed` is mailed, the session is severed
 *     batch 3   frame n+1: severed, not run      (a session that is severed before the letter is sent stays so forever
 *               if the instance crashes between: batch 3 drops frame n, which comes a third time)
 */
describe("a session whose frame crashed its instance", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("runs nothing behind that frame, nothing twice, and is closed", async () => {
    await expectSafe("crashed frame, one a batch", threeFrames({ maxBatch: 1, crashes: 1 }));
    await expectSafe("crashed frame, one batch", threeFrames({ crashes: 1 }));
  });

  it("is closed, too, when the frame crashes an instance again", async () => {
    await expectSafe("crashed frame, two crashes", threeFrames({ maxBatch: 1, crashes: 2 }));
  });

  it("runs nothing behind a disconnect in a handler, whatever crashes", async () => {
    await expectSafe("disconnect in a handler", disconnectInHandler("leave", { maxBatch: 1 }));
    await expectSafe(
      "disconnect in a handler, crash",
      disconnectInHandler("leave", { maxBatch: 1, crashes: 1 }),
    );
    await expectSafe(
      "disconnect in a handler, one batch, crash",
      disconnectInHandler("hang up", { crashes: 1 }),
    );
  });

  it("runs nothing behind a disconnect when its letter is released early", async () => {
    const ticks = { atOnce: 0, atAnyTime: 1 };
    await expectSafe(
      "disconnect in a handler, release",
      disconnectInHandler("hang up", { maxBatch: 1, ticks }),
    );
  });

  it("would run handlers twice if a redelivered frame were run", async () => {
    const rerun = threeFrames({
      maxBatch: 1,
      crashes: 1,
      alter: (delivery) => ({ ...delivery, redelivered: false }),
    });

    await expectViolated("redelivered frames are run", rerun, "a handler ran twice");
  });
});
