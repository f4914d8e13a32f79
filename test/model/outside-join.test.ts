import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { seat, type Guest } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

type Script = (instance: Instance, guest: Guest) => Promise<unknown>;

const socketsJoin: Script = async ({ io }) => {
  io.in("lobby").socketsJoin("vip");
  await io.flush();
};

const noOrphans = (world: World) => (): string | undefined => {
  if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
  return world.countMembers() === 0 ? undefined : "a membership is left that nobody will ever delete";
};

/** A script joins a client to a room while the client's session is closed. */
const joinAndClose =
  (script: Script, crashes = 0): Model =>
  async (schedule) => {
    const world = new World(schedule, { crashes });
    const guest = await seat(world, 1, { rooms: ["lobby"] });
    world.prepare(guest.closed());
    world.runScript("script", (instance) => script(instance, guest));
    return noOrphans(world);
  };

/** A script joins a client to a room while the client leaves the namespace, and later goes for good. */
const joinAndLeave =
  (script: Script): Model =>
  async (schedule) => {
    const world = new World(schedule);
    const guest = await seat(world, 1, { rooms: ["lobby"] });
    world.prepare(guest.frame("41"));
    world.runScript("script", (instance) => script(instance, guest));
    schedule.later(() => world.prepare(guest.closed()));
    return noOrphans(world);
  };

/**
 *     close   marks closing
 *     close   reads rooms: {}            (reading before it marks would miss a join that comes between)
 *     join    puts membership
 *     join    reads the session: closing → deletes it again
 */
describe("a join from outside and the end of its socket", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("leave no membership when the session closes", async () => {
    await expectSafe("outside join, close", joinAndClose(socketsJoin));
  });

  it("leave no membership when the close crashes at any step", async () => {
    await expectSafe("outside join, close, crash", joinAndClose(socketsJoin, 1));
  });

  it("leave no membership when the socket leaves its namespace", async () => {
    await expectSafe("outside join, namespace leave", joinAndLeave(socketsJoin));
  });

  it("would leave one if the joiner did not look again", async () => {
    const blind: Script = ({ runtime }, { member }) => runtime.store.joinRooms("/", member, ["vip"]);

    await expectViolated("outside join that does not look again", joinAndClose(blind), "nobody will ever");
  });
});
