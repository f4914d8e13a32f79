import { describe, it } from "vitest";
import { toConnectionId } from "../../lib/ids.ts";
import { collect } from "../state/fixtures.ts";
import type { Model } from "./explorer.ts";
import { seat } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

type Emit = (instance: Instance) => Promise<unknown>;

const emit: Emit = async ({ io }) => {
  io.to("lobby").emit("news");
  await io.flush();
};

/** A client has a membership with the route of a connection that has gone; it is put right while somebody emits. */
const emitAndMove =
  (script: Emit): Model =>
  async (schedule) => {
    const world = new World(schedule);
    const guest = await seat(world, 1, { upgraded: true });
    const goneRoute = { kind: "connection", connectionId: toConnectionId("gone") } as const;
    await world.table.members.joinRooms("/", { ...guest.member, route: goneRoute }, ["lobby"]);
    world.runScript("emitter", script);
    world.runScript("mover", ({ runtime }) => runtime.store.joinRooms("/", guest.member, ["lobby"]));
    return async () => {
      const members = await collect(world.table.members.listRoomMembers("/", "lobby"));
      return members.length === 1 ? undefined : "a live client has lost its membership";
    };
  };

/**
 *     emitter  reads the member: route = gone
 *     mover    puts the member: route = conn1
 *     emitter  posts to the old route: 410
 *     emitter  deletes the member IF its route is still the one that failed: it is not
 */
describe("the clean-up after a 410", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("spares a membership that has a new route by then", async () => {
    await expectSafe("410 clean-up, new route", emitAndMove(emit));
  });

  it("would delete it if it went by the key alone", async () => {
    const emitCarelessly: Emit = async ({ runtime }) => {
      for (const { sid, route } of await collect(runtime.store.listRoomMembers("/", "lobby"))) {
        if (route.kind !== "connection") continue;
        const outcome = await runtime.transport.post(route.connectionId, '42["news"]');
        if (outcome === "gone") await runtime.store.leaveRooms("/", sid, ["lobby"]);
      }
    };

    await expectViolated("410 clean-up by key", emitAndMove(emitCarelessly), "lost its membership");
  });
});
