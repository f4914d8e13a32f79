import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { POLL_HOLD_MS, seatPoller, type Poller, type PollerOptions } from "./poller.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { endSession } from "../../lib/engine/end-session.ts";
import { World, type Instance } from "./world.ts";

interface Scene extends PollerOptions {
  readonly begin: (world: World, poller: Poller) => void;
  /** What the client has heard in the end. Default: that does not matter. */
  readonly hears?: string;
  /** Its answers end with a close packet, as those of the official server do. Default: that does not matter. */
  readonly closes?: boolean;
  /** Its answers hold no close packet: to some clients that means to leave for good. Default false. */
  readonly abrupt?: boolean;
  /** Whether the heartbeat may have to finish it: nobody comes for what is left. Default false. */
  readonly swept?: boolean;
}

const handlers =
  (world: () => World) =>
  ({ io }: Instance): void => {
    io.on("connection", (socket) => {
      socket.on("kick me", () => {
        socket.emit("a1");
        socket.disconnect(true);
      });
      socket.on("hang up", () => {
        socket.emit("a1");
        socket.conn.close();
      });
      socket.on("bye", () => void world().said.push("bye"));
      socket.on("disconnect", () => void world().said.push("disconnect"));
    });
  };

/** A polling session ends while its client may have a GET on its way. */
const closing =
  ({ begin, hears, closes, abrupt, swept, ...options }: Scene): Model =>
  async (schedule) => {
    const world: World = new World(schedule, {
      app: handlers(() => world),
      server: { pollHold: POLL_HOLD_MS },
    });
    const ticks = { atOnce: 0, atAnyTime: 0 };
    const poller = await seatPoller(world, 1, { ticks, ...options });
    begin(world, poller);
    // A client that knows nothing of the end asks again, and once more for a close that came behind last words; without
    // a close, once more to find that its session is gone.
    for (let times = 0; times < (abrupt ? 3 : 2); times += 1) {
      schedule.later(() => {
        if (poller.state === "polling") poller.get();
      });
    }
    schedule.later(() => {
      world.nowMs += 600_000;
      if (swept && world.count("beats") > 0) world.runSweep("sweep ten minutes later");
    });
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if ((await world.phaseOf(poller.sid)) !== "closed") return "the session was not closed";
      if (world.times("disconnect") !== 1) return "disconnect did not run once";
      if (poller.state !== "ended") return "the client was not told";
      const isToldToClose = poller.answers.some((answer) => answer.split("\x1e").includes("1"));
      if (abrupt && isToldToClose) return "it heard a close";
      if (closes && !isToldToClose) return "it heard no close";
      const heard = poller.heard.join(" ");
      if (hears !== undefined && heard !== hears) return `the client heard ${heard} instead of ${hears}`;
      if (poller.online) return "its WebSocket was not closed";
      if (world.countMembers() > 0) return "a membership is left";
      if (world.count("outboxes") > 0) return "an outbox is left";
      return world.count("beats") > 0 ? "a beat is left" : undefined;
    };
  };

/** Somebody sends to the client meanwhile. */
const emit = (world: World, { sid }: Poller): void =>
  world.runScript("emitter", ({ runtime }) =>
    runtime.outbound.send({ sid, route: { kind: "out" } }, ['42["a1"]']),
  );

/**
 *     close   marks closed; closes the outbox; reads it: frames are left, so outbox and beat stay
 *     GET     takes the frames; deletes the outbox; reads the session: closed, so it deletes the beat
 *
 *     GET     takes the frames; deletes the outbox; reads the session: closing, so the beat stays
 *     close   marks closed; reads the outbox: none, so it deletes the beat
 */
describe("the end of a polling session", { timeout: MODEL_TIMEOUT_MS }, () => {
  const tell =
    (event: string, ...frames: readonly string[]) =>
    (world: World, poller: Poller) => {
      world.prepare(poller.payload(`42["${event}"]`));
      for (const frame of frames) world.prepare(poller.frame(frame));
    };
  const tellAndGet = (world: World, poller: Poller) => {
    tell("hang up")(world, poller);
    poller.get();
  };

  it("by the server lets its client fetch everything up to the disconnect packet", async () => {
    const [begin, hears] = [tell("kick me"), '42["a1"] 41'];
    await expectSafe("server disconnect, a GET afterwards", closing({ begin, hears, closes: true }));
  });

  it("by the server lets its client fetch everything while it has GETs on their way", async () => {
    const hears = '42["a1"]';
    await expectSafe("server close, GETs", closing({ begin: tellAndGet, hears, closes: true, gets: 3 }));
  });

  it("by the server reaches a client that is moving to a WebSocket", async () => {
    const moved = { begin: tell("kick me", "5"), hears: '42["a1"] 41', probing: true, upgraded: true };
    const moving = { begin: tellAndGet, hears: '42["a1"]', probing: true, gets: 2 };
    await expectSafe("server disconnect, 5", closing(moved));
    await expectSafe("server close, GET, 5", closing(moving));
  });

  it("by its client lets go a GET, and leaves nothing", async () => {
    const begin = (_: World, poller: Poller) => {
      poller.get();
      poller.post("1", () => (poller.state = "ended"));
    };
    await expectSafe("client closes, GET", closing({ begin, swept: true }));
  });

  it("by its client leaves nothing of what is sent to it meanwhile", async () => {
    const begin = (world: World, poller: Poller) => {
      poller.post("1", () => (poller.state = "ended"));
      emit(world, poller);
    };
    await expectSafe("client closes, emitter", closing({ begin, swept: true }));
  });

  it("by an error answers a GET, and leaves nothing to the next one", async () => {
    const begin = (_: World, poller: Poller) => {
      poller.get();
      poller.post("abc");
    };
    await expectSafe("error, GET", closing({ begin, swept: true }));
  });

  it("by its age is no close to its client, and leaves it what was sent before", async () => {
    const end = (world: World, { sid }: Poller) =>
      world.runScript("heartbeat", ({ runtime }) => endSession(runtime, sid, undefined, "transport close"));
    const begin = (world: World, poller: Poller) => {
      end(world, poller);
      poller.get();
    };
    const waiting = ['42["a0"]'];
    await expectSafe("age, GET", closing({ begin, abrupt: true, swept: true }));
    await expectSafe(
      "age, GET, sent before",
      closing({ begin, abrupt: true, swept: true, waiting, hears: waiting[0]! }),
    );
  });

  it("by a crash is no close to its client, and leaves nothing", async () => {
    const begin = (world: World, poller: Poller) => {
      const { sid } = poller;
      world.runScript("redelivery", ({ runtime }) =>
        endSession(runtime, sid, undefined, "transport error", { abrupt: true }),
      );
      poller.get();
    };
    await expectSafe("crash, GET", closing({ begin, abrupt: true, swept: true }));
  });

  it("would be lost on its client if the outbox were closed beside what is sent to it", async () => {
    const careless = (world: World, poller: Poller) => {
      const { sid } = poller;
      world.runScript("server", async ({ runtime: { outbound, store } }) => {
        const sent = outbound.send({ sid, route: { kind: "out" } }, ["41"]);
        await Promise.all([sent, store.closeOutbox(sid, ["1"])]);
      });
      world.prepare(poller.closed());
    };

    await expectViolated("outbox closed beside", closing({ begin: careless, hears: "41" }), "instead of 41");
  });
});

/** A client says goodbye, and closes, in one POST. */
const sayGoodbye: Model = async (schedule) => {
  const world: World = new World(schedule, {
    app: handlers(() => world),
    server: { pollHold: POLL_HOLD_MS },
  });
  const poller = await seatPoller(world, 1);
  poller.post('42["bye"]\x1e1');
  return () => (world.said.join(", ") === "bye, disconnect" ? undefined : `ran: ${world.said.join(", ")}`);
};

describe("what a polling client sends last", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("runs before the end of its session", async () => {
    await expectSafe("last words", sayGoodbye);
  });
});
