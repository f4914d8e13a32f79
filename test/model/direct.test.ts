import { describe, it } from "vitest";
import type { ConnectRequest } from "../../lib/state/store.ts";
import type { Model } from "./explorer.ts";
import { seat, type Guest } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

const greet =
  (world: () => World) =>
  ({ io }: Instance): void => {
    io.use((socket, next) => {
      void socket.join("members");
      next();
    });
    io.on("connection", (socket) => {
      void socket.join("lobby");
      socket.on("enter", () => void socket.join("late"));
      if (!socket.replaying) world().said.push("connection");
      socket.on("disconnect", () => void world().said.push("disconnect"));
    });
  };

/** A frame and the end of its connection, at the same time on two instances: no queue, no lanes. */
const frameAndClose =
  (joined: boolean, text: string, instead?: (instance: Instance, guest: Guest) => Promise<unknown>): Model =>
  async (schedule) => {
    const world: World = new World(schedule, { ordering: "direct", app: greet(() => world) });
    const guest = await seat(world, 1, { joined });
    if (instead) world.runScript("frame", (instance) => instead(instance, guest));
    else world.prepare(guest.frame(text));
    world.prepare(guest.closed());
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if ((await world.phaseOf(guest.sid)) !== "closed") return "the session was not closed";
      if (world.countMembers() > 0) return "a membership is left that nobody will ever delete";
      return world.times("connection") <= world.times("disconnect")
        ? undefined
        : "a socket was connected, and never disconnected";
    };
  };

/**
 *     connect  reads the session: open
 *     close    marks closing, reads the sockets: none, marks closed
 *     connect  stores the socket and its rooms     ← nobody would ever delete them
 *     connect  reads the session: closed → removes them again, and the connection listener does not run
 */
describe("direct ordering: a frame beside the close of its session", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("leaves no membership when the frame is a CONNECT", async () => {
    await expectSafe("direct CONNECT, close", frameAndClose(false, "40"));
  });

  it("leaves no membership when its handler joins a room", async () => {
    await expectSafe("direct join, close", frameAndClose(true, '42["enter"]'));
  });

  it("would leave one if CONNECT did not look again", async () => {
    const blindly = async ({ runtime: { store } }: Instance, { sid, socketId, member }: Guest) => {
      const snapshot = await store.loadSession(sid, { handshake: false });
      if (snapshot?.session.phase !== "open") return;
      const socket = { nsp: "/", socketId, connectedAtMs: 0, data: {}, spent: [] };
      const request: ConnectRequest = {
        sid,
        socket,
        auth: { nsp: "/", socketId, auth: {} },
        member,
        rooms: [],
      };
      await store.connectSocket(request);
    };

    await expectViolated(
      "direct CONNECT that does not look again",
      frameAndClose(false, "40", blindly),
      "nobody",
    );
  });
});
