import { describe, it } from "vitest";
import { NEVER_SECONDS } from "../../lib/state/expiry.ts";
import type { Socket } from "../../lib/socketio/server.ts";
import type { Model } from "./explorer.ts";
import { seat } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

const place = { map: "online", key: "ann" };

/** A handler that makes an entry its socket's. */
type Enter = (instance: Instance, socket: Socket) => Promise<unknown>;

const setOwned: Enter = ({ io }, socket) => io.shared(place.map).set(place.key, 1, { owner: socket });

const enterAndEnd =
  (enter: Enter, { crashes = 0, end = "closed" }: { crashes?: number; end?: "closed" | "41" } = {}): Model =>
  async (schedule) => {
    const world = new World(schedule, {
      ordering: "direct",
      crashes,
      app: (instance) => {
        instance.io.on("connection", (socket) => {
          socket.on("enter", () => enter(instance, socket));
        });
      },
    });
    const guest = await seat(world, 1);
    world.prepare(guest.frame('42["enter"]'));
    world.prepare(end === "closed" ? guest.closed() : guest.frame("41"));
    schedule.later(() => world.prepare(guest.closed()));
    return () => (world.count("shared") === 0 ? undefined : "an entry is left whose owner has gone");
  };

/** Somebody else changes the entry while its owner goes. */
const changeAndEnd =
  (change: (instance: Instance) => Promise<unknown>): Model =>
  async (schedule) => {
    const world = new World(schedule, { ordering: "direct" });
    const guest = await seat(world, 1);
    const owner = { sid: guest.sid, socketId: guest.socketId };
    const entry = { value: { kind: "number", number: 1 }, expiresAtSeconds: NEVER_SECONDS, owner } as const;
    await world.table.own.noteOwned(owner, place);
    await world.table.own.putShared(place, entry);
    world.prepare(guest.closed());
    world.runScript("script", change);
    return async () => {
      const left = await world.table.own.getShared(place);
      return left?.owner === undefined ? undefined : "an entry is left whose owner has gone";
    };
  };

/**
 *     this    notes the entry in the session's rows
 *     close   marks closing, reads the notes, deletes the entries
 *     this    puts the entry
 *     this    reads the session: closing → deletes it again
 */
describe("an entry of a shared map and the end of its owner", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("leave nothing when the session closes", async () => {
    await expectSafe("owned entry, close", enterAndEnd(setOwned));
  });

  it("leave nothing when the socket leaves its namespace", async () => {
    await expectSafe("owned entry, namespace leave", enterAndEnd(setOwned, { end: "41" }));
  });

  it("leave nothing when the entry is changed meanwhile", async () => {
    await expectSafe(
      "owned entry, update, close",
      changeAndEnd(({ io }) => io.shared<number>(place.map).update(place.key, (old) => (old ?? 0) + 1)),
    );
  });

  it("would leave one if who puts it did not look again", async () => {
    const blind: Enter = async ({ runtime }, socket) => {
      const { sid, id: socketId } = socket.internalState;
      await runtime.store.noteOwned({ sid, socketId }, place);
      await runtime.store.putShared(place, {
        value: { kind: "number", number: 1 },
        expiresAtSeconds: NEVER_SECONDS,
        owner: { sid, socketId },
      });
    };

    await expectViolated("owned entry without a second look", enterAndEnd(blind), "whose owner has gone");
  });

  it("would leave one if an update did not ask whether the entry is still the same", async () => {
    const careless = async ({ runtime: { store } }: Instance) => {
      const present = await store.getShared(place);
      if (present) await store.putShared(place, present);
    };

    await expectViolated("update without a condition", changeAndEnd(careless), "whose owner has gone");
  });
});
