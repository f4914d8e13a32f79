import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { collect } from "../state/fixtures.ts";
import { seat, type Guest } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

type Emitter = (instance: Instance, name: string) => Promise<unknown>;

/** Two messages in a row, as a handler sends them. */
const emitTwice: Emitter = async ({ io }, name) => {
  io.to("lobby").emit(`${name}1`);
  io.to("lobby").emit(`${name}2`);
  await io.flush();
};

const received = ({ frames }: Guest, name: string): string =>
  frames.flatMap((frame) => new RegExp(`"${name}(\\d)"`).exec(frame)?.[1] ?? []).join("");

/** Emitters send to a room which one member leaves meanwhile, and perhaps another one stays in. */
const emitAndLeave =
  (emitters: readonly string[], emitter: Emitter, { stays }: { readonly stays: boolean }): Model =>
  async (schedule) => {
    const app = ({ io }: Instance) => {
      io.on("connection", (socket) => {
        socket.on("leave", () => void socket.leave("lobby"));
      });
    };
    const world = new World(schedule, { app });
    const stayer = stays ? await seat(world, 1, { rooms: ["lobby"] }) : undefined;
    const leaver = await seat(world, 2, { rooms: ["lobby"] });
    for (const name of emitters) world.runScript(name, (instance) => emitter(instance, name));
    world.prepare(leaver.frame('42["leave"]'));
    return () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      for (const name of emitters) {
        if (stayer && received(stayer, name) !== "12")
          return `a member received ${received(stayer, name)} of 12`;
        // Whoever has left between the two hears the first one alone.
        if (!"12".startsWith(received(leaver, name)))
          return `the leaver received ${received(leaver, name)} of 12`;
      }
      return undefined;
    };
  };

/** A handler joins a room and emits to it, without waiting in between. */
const joinAndEmit: Model = async (schedule) => {
  const app = ({ io }: Instance) => {
    io.on("connection", (socket) => {
      socket.on("enter", () => {
        void socket.join("lobby");
        io.to("lobby").emit("a1");
        void socket.leave("lobby");
        io.to("lobby").emit("a2");
      });
    });
  };
  const world = new World(schedule, { app });
  const member = await seat(world, 1, { rooms: ["lobby"] });
  const guest = await seat(world, 2);
  world.prepare(guest.frame('42["enter"]'));
  return () => {
    if (received(guest, "a") !== "1")
      return `who joined and left received ${received(guest, "a")} instead of 1`;
    return received(member, "a") === "12" ? undefined : "a member missed a message";
  };
};

describe("broadcasts", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("reach every recipient in the order of their emitter while a member leaves", async () => {
    await expectSafe("one emitter, a leaver", emitAndLeave(["a"], emitTwice, { stays: true }));
  });

  it("of two emitters keep each one's order", async () => {
    await expectSafe("two emitters, a leaver", emitAndLeave(["a", "b"], emitTwice, { stays: false }));
  });

  it("see the joins and leaves that their turn issued before them", async () => {
    await expectSafe("join, emit, leave, emit", joinAndEmit);
  });

  it("would arrive in any order if each went out by itself", async () => {
    const atOnce: Emitter = async ({ runtime: { store, transport } }, name) => {
      const emit = async (text: string) => {
        const members = await collect(store.listRoomMembers("/", "lobby"));
        const routes = members.flatMap(({ route }) => (route.kind === "connection" ? [route] : []));
        await Promise.all(routes.map((route) => transport.post(route.connectionId, text)));
      };
      await Promise.all([emit(`42["${name}1"]`), emit(`42["${name}2"]`)]);
    };

    await expectViolated(
      "emits without an order",
      emitAndLeave(["a"], atOnce, { stays: true }),
      "received 21 of 12",
    );
  });
});
