import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { POLL_HOLD_MS, seatPoller, type Poller, type PollerOptions } from "./poller.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance, type WorldOptions } from "./world.ts";

const messages = ({ heard }: Poller): string => heard.join(" ");

interface Scene extends PollerOptions {
  readonly begin: (world: World, poller: Poller) => void;
  /** What the client has heard in the end: undefined when it does not matter. */
  readonly hears?: RegExp;
  readonly world?: WorldOptions;
}

const app =
  (world: () => World) =>
  ({ io }: Instance): void => {
    io.on("connection", (socket) => {
      socket.on("bye", () => {
        socket.emit("a1");
        socket.emit("a2");
        socket.disconnect(true);
      });
      socket.on("last words", () => void world().said.push("last words"));
      socket.on("disconnect", (reason) => void world().said.push(`disconnect: ${reason}`));
    });
  };

const closing =
  ({ begin, hears, world: options, ...client }: Scene): Model =>
  async (schedule) => {
    const world: World = new World(schedule, {
      app: app(() => world),
      server: { pollHold: POLL_HOLD_MS },
      ...options,
    });
    const poller = await seatPoller(world, 1, { rooms: ["lobby"], gets: 4, ...client });
    begin(world, poller);
    // A client that knows nothing of the end asks once more.
    schedule.later(() => {
      if (poller.state === "polling") poller.get();
    });
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if ((await world.phaseOf(poller.sid)) !== "closed") return "the session was not closed";
      if (poller.state !== "ended") return "the client was not told";
      if (hears && !hears.test(messages(poller))) return `the client heard ${messages(poller)}`;
      if (poller.online) return "its WebSocket was not closed";
      if (world.countMembers() > 0) return "a membership is left";
      if (world.count("outboxes") > 0) return "an outbox is left";
      return world.count("beats") > 0 ? "a beat is left" : undefined;
    };
  };

describe("the end of a polling session", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("lets the client fetch everything up to the disconnect packet", async () => {
    const begin = (world: World, poller: Poller) => {
      world.prepare(poller.payload('42["bye"]'));
      poller.get();
    };
    await expectSafe("server disconnect, GETs", closing({ begin, hears: /^42\["a1"\] 42\["a2"\] 41$/ }));
  });
  it("lets the client fetch late", async () => {
    const begin = (world: World, poller: Poller) => {
      world.prepare(poller.payload('42["bye"]'));
    };
    await expectSafe("server disconnect, late GET", closing({ begin, hears: /^42\["a1"\] 42\["a2"\] 41$/ }));
  });
  it("by the client", async () => {
    const begin = (world: World, poller: Poller) => {
      poller.get();
      poller.post('42["last words"]\x1e1', () => (poller.state = "ended"));
      world.runScript("emitter", async ({ io }) => {
        io.to("lobby").emit("a1");
        await io.flush();
      });
    };
    await expectSafe("client closes, GET, emitter", closing({ begin, gets: 1 }));
  });
  it("by error", async () => {
    const begin = (world: World, poller: Poller) => {
      poller.get();
      poller.post("abc");
      world.runScript("emitter", async ({ io }) => {
        io.to("lobby").emit("a1");
        await io.flush();
      });
    };
    await expectSafe("error, GET, emitter", closing({ begin, gets: 2 }));
  });
});
