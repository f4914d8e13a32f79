import { describe, it } from "vitest";
import type { SocketRecord } from "../../lib/state/records.ts";
import type { Model } from "./explorer.ts";
import { seat, type Guest } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

const RELEASED_EARLY = { maxBatch: 1, ticks: { atOnce: 0, atAnyTime: 1 } };

const readSocket = async (world: World, { sid }: Guest): Promise<SocketRecord | undefined> =>
  (await world.table.own.loadSession(sid, { handshake: false }))?.sockets[0];

/** Two handlers of one client write keys of their own while they run side by side on two instances. */
const twoWriters: Model = async (schedule) => {
  const app = ({ io, pause }: Instance) => {
    io.on("connection", (socket) => {
      socket.on("slow", async () => {
        socket.data.before = 1;
        await pause("waits for the app's database");
        socket.data.after = 2;
      });
      socket.on("quick", () => {
        socket.data.quick = 3;
        delete socket.data.old;
      });
    });
  };
  const world = new World(schedule, { ...RELEASED_EARLY, app });
  const guest = await seat(world, 1, { data: { old: 0, kept: 4 } });
  for (const text of ['42["slow"]', '42["quick"]']) world.prepare(guest.frame(text));
  return async () => {
    if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
    const keys = Object.keys((await readSocket(world, guest))?.data ?? {}).sort();
    const expected = "data.after,data.before,data.kept,data.quick";
    return keys.join() === expected ? undefined : `a key was undone, the others are ${keys.join()}`;
  };
};

/** One handler joins late, the other one leaves what it finds; then the client goes. */
const joinAndLeave =
  (leaves: string): Model =>
  async (schedule) => {
    const app = ({ io, pause }: Instance) => {
      io.on("connection", (socket) => {
        socket.on("slow", async () => {
          await pause("waits for the app's database");
          await socket.join("late");
        });
        socket.on("quick", () => void socket.leave(leaves));
      });
    };
    const world = new World(schedule, { ...RELEASED_EARLY, app });
    const guest = await seat(world, 1, { rooms: ["lobby"] });
    for (const text of ['42["slow"]', '42["quick"]']) world.prepare(guest.frame(text));
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      const snapshot = await world.table.own.loadSession(guest.sid, { handshake: false });
      const joined = snapshot?.joined.map(({ room }) => room).sort() ?? [];
      const expected = ["late", "lobby"].filter((room) => room !== leaves);
      // Its own room is a membership, too, and its place in the namespace.
      if (world.countMembers() !== joined.length + 2) return "joined and the members of rooms disagree";
      return joined.join() === expected.join() ? undefined : `expected rooms ${expected}, got ${joined}`;
    };
  };

/**
 *     batch 1  sets `before`, waits; its letter is released when `before` is stored
 *     batch 2  reads the socket, sets `quick`, stores `quick` alone
 *     batch 1  sets `after`, stores `after` alone
 */
describe("two handlers of one socket on two instances", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("keep each other's keys of socket.data", async () => {
    await expectSafe("released data", twoWriters);
  });

  it("keep each other's rooms", async () => {
    await expectSafe("released join, leave", joinAndLeave("lobby"));
  });

  it("would undo each other's keys if they stored them together", async () => {
    const together: Model = async (schedule) => {
      const world = new World(schedule);
      const guest = await seat(world, 1, { data: { all: {} } });
      for (const key of ["a", "b"]) {
        world.runScript(key, async ({ runtime: { store } }) => {
          const socket = (await store.loadSession(guest.sid, { handshake: false }))!.sockets[0]!;
          const all = { ...(JSON.parse(socket.data["data.all"]!) as object), [key]: 1 };
          const set = { "data.all": JSON.stringify(all) };
          await store.saveSocket(guest.sid, "/", guest.socketId, { set, remove: [], spent: [] });
        });
      }
      return async () => {
        const all = (await readSocket(world, guest))?.data["data.all"];
        return all?.includes("a") && all.includes("b") ? undefined : `a key was undone, left is ${all}`;
      };
    };

    await expectViolated("data as one value", together, "a key was undone");
  });
});
