import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { writes } from "./schedule.ts";
import { seat } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

const slowly =
  (world: () => World, alter: (instance: Instance) => void) =>
  (instance: Instance): void => {
    const { io, pause } = instance;
    alter(instance);
    io.use((socket, next) => {
      void socket.join("members");
      void pause("middleware").then(() => next());
    });
    io.on("connection", (socket) => {
      if (!socket.replaying) world().said.push("connection");
      socket.on("disconnecting", () => void world().said.push("disconnecting"));
      socket.on("disconnect", () => void world().said.push("disconnect"));
    });
  };

/** A CONNECT whose middleware takes its time, and its client, which leaves at any moment. */
const connectAndLeave =
  (alter: (instance: Instance) => void = () => undefined): Model =>
  async (schedule) => {
    const world: World = new World(schedule, { app: slowly(() => world, alter) });
    const guest = await seat(world, 1, { joined: false });
    let wasToldItsId = false;
    world.prepare(guest.frame("40"));
    schedule.run("client", async () => {
      await schedule.step("client", "leaves", [writes("gateway", guest.connectionId)], () => {
        world.connections.get(guest.connectionId)!.open = false;
        wasToldItsId = guest.frames.some((frame) => frame.startsWith("40"));
      });
      world.mail("gateway", guest.closed());
    });
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if ((await world.phaseOf(guest.sid)) !== "closed") return "the session was not closed";
      if (world.countMembers() > 0) return "a membership is left that nobody will ever delete";
      const times = wasToldItsId ? 1 : 0;
      const is = ["connection", "disconnecting", "disconnect"].map((event) => world.times(event));
      return is.every((count) => count === times)
        ? undefined
        : `a client that ${wasToldItsId ? "came" : "never came"} was seen to come and go ${String(is)} times`;
    };
  };

/**
 *     connect  runs the middlewares
 *     client   leaves; its letter queues behind the CONNECT
 *     connect  stores the socket, posts its id: gone → removes it, and the connection listener does not run
 *     close    finds no socket
 */
describe("a client that leaves while its middlewares run", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("comes and goes once, if it was told its id, and never, if it was not", async () => {
    await expectSafe("CONNECT, leave", connectAndLeave());
  });

  it("would come though it had gone if nobody looked at what became of the post", async () => {
    const heedlessly = ({ runtime: { outbound } }: Instance) => {
      outbound.isLost = () => false;
    };

    await expectViolated("CONNECT, leave, unheeded", connectAndLeave(heedlessly), "never came");
  });
});
