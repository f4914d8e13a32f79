import { describe, it } from "vitest";
import { joinFromOutside } from "../../lib/socketio/rooms/join-from-outside.ts";
import type { Model } from "./explorer.ts";
import { seat, type Guest } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance, type WorldOptions } from "./world.ts";

const welcome = ({ io }: Instance): void => {
  io.on("connection", (socket) => void socket.join("lobby"));
};

/** `socket.disconnect().connect()`: the client leaves a namespace and asks for it again at once. */
const leaveAndConnect =
  (
    options: WorldOptions,
    rooms: readonly string[],
    outsider?: (instance: Instance, guest: Guest) => Promise<void>,
  ): Model =>
  async (schedule) => {
    const world = new World(schedule, options);
    const guest = await seat(world, 1, { rooms });
    world.prepare(guest.frame("41"));
    world.prepare(guest.frame("40"));
    if (outsider) world.runScript("script", (instance) => outsider(instance, guest));
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      const snapshot = await world.table.own.loadSession(guest.sid, { handshake: false });
      const [socket] = snapshot?.sockets ?? [];
      if (socket === undefined) return "the new socket is not in the table";
      if (socket.socketId === guest.socketId) return "the old socket is still in the table";
      const joined = snapshot?.joined.map(({ room }) => room).join() ?? "";
      const expected = options.app ? "lobby" : "";
      if (joined !== expected) return `the new socket is in ${joined}`;
      // Its own room is a membership, too, and its place in the namespace.
      const members = world.countMembers() - 2;
      return members === (options.app ? 1 : 0) ? undefined : `the new socket is a member of ${members} rooms`;
    };
  };

/**
 *     41   its socket's rows are being deleted
 *     40   the new socket's rows, under the same keys, must be written after that
 */
describe("a client that leaves a namespace and connects to it again", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("is connected, and in the rooms of its new socket alone", async () => {
    await expectSafe(
      "leave, connect, one a batch",
      leaveAndConnect({ maxBatch: 1, app: welcome }, ["lobby", "old"]),
    );
    await expectSafe("leave, connect, one batch", leaveAndConnect({ app: welcome }, ["lobby", "old"]));
  });

  it("is in no room that its old socket was put into from outside", async () => {
    const joinVip = async ({ io, runtime }: Instance, { member }: Guest) => {
      await joinFromOutside(io.sockets.internals, runtime.detached, { nsp: "/" }, member, ["vip"]);
    };

    await expectSafe("leave, connect, outside join", leaveAndConnect({ maxBatch: 1 }, [], joinVip));
  });

  it("would not be if both were under way at once", async () => {
    const atOnce: Model = async (schedule) => {
      const world = new World(schedule);
      const { sid, socketId, member } = await seat(world, 1);
      const socket = { nsp: "/", socketId, connectedAtMs: 0, data: {}, spent: [] };
      const request = { sid, socket, auth: { nsp: "/", socketId, auth: {} }, member, rooms: [] };
      world.runScript("batch", async ({ runtime: { store } }) => {
        await Promise.all([store.disconnectSocket(sid, "/", socketId, []), store.connectSocket(request)]);
      });
      return () => (world.count("sockets") === 1 ? undefined : "the new socket is not in the table");
    };

    await expectViolated("leave and connect at once", atOnce, "the new socket is not in the table");
  });
});
