import { describe, it } from "vitest";
import { collect } from "../state/fixtures.ts";
import type { Model } from "./explorer.ts";
import { seatPoller, type Poller } from "./poller.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

type Emit = (instance: Instance, poller: Poller) => Promise<unknown>;

const emit: Emit = async ({ io }) => {
  io.to("lobby").emit("news");
  await io.flush();
};

/** A client joined by polling, and leaves over the WebSocket it moves to, while somebody sends to the room. */
const emitAndLeave =
  (script: Emit): Model =>
  async (schedule) => {
    const app = ({ io }: Instance) => {
      io.on("connection", (socket) => {
        socket.on("leave", () => void socket.leave("lobby"));
      });
    };
    const world = new World(schedule, { app });
    const poller = await seatPoller(world, 1, { rooms: ["lobby"], probing: true, upgraded: true });
    world.prepare(poller.frame("5"));
    world.prepare(poller.frame('42["leave"]'));
    world.runScript("emitter", (instance) => script(instance, poller));
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      const members = await collect(world.table.members.listRoomMembers("/", "lobby"));
      if (members.length > 0) return "a client is in a room that it has left";
      return poller.heard.length > 1 ? "the client heard twice" : undefined;
    };
  };

/**
 *     emitter   reads the member: route = out
 *     session   moves to ws1; the client leaves the room
 *     emitter   appends: moved to ws1, so posts there
 *     emitter   writes the new route IF the member is there with the old one: it is not
 */
describe("the repair of a member's route", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("does not join a room again that was left", async () => {
    await expectSafe("route repair, leave", emitAndLeave(emit));
  });

  it("would if it went by the key alone", async () => {
    const emitCarelessly: Emit = async ({ runtime: { store, outbound } }) => {
      for (const member of await collect(store.listRoomMembers("/", "lobby"))) {
        const { movedTo } = await outbound.send(member, ['42["news"]']);
        if (movedTo === undefined) continue;
        const route = movedTo;
        await store.joinRooms("/", { ...member, route }, ["lobby"]);
      }
    };

    await expectViolated("route repair by key", emitAndLeave(emitCarelessly), "that it has left");
  });
});
