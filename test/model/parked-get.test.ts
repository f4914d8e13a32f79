import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { POLL_HOLD_MS, seatPoller, SHORT_POLL_HOLD_MS, type Poller, type PollerOptions } from "./poller.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

const server = { pollHold: POLL_HOLD_MS };

/** In a GET time passes twice at once, and then only when nothing else can happen. */
const ticks = { atOnce: 2, atAnyTime: 0 };

interface Upgrade extends PollerOptions {
  readonly emits: boolean;
  /** Default long enough for a GET to give way to a probe. */
  readonly hold?: number;
}

/** A client moves from polling to a WebSocket, the one or the other of whose GETs ends for it, and somebody sends. */
const upgrade =
  ({ emits, hold = POLL_HOLD_MS, ...options }: Upgrade): Model =>
  async (schedule) => {
    const world = new World(schedule, { server: { pollHold: hold } });
    const poller = await seatPoller(world, 1, { gets: 2, ...options });
    poller.get();
    if (options.asking) world.prepare(poller.frame("2probe"));
    else poller.openWebSocket();
    if (emits) {
      world.runScript("emitter", ({ runtime }) =>
        runtime.outbound.send({ sid: poller.sid, route: { kind: "out" } }, ['42["a1"]']),
      );
    }
    return () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if (poller.state !== "upgraded") return "the client has not moved";
      const heard = poller.heard.join(" ");
      return heard === (emits ? '42["a1"]' : "") ? undefined : `the client heard ${heard}`;
    };
  };

/**
 *     GET 1   parks
 *     probe   begins
 *     GET 1   takes everything, and releases, in one write: a noop if there is nothing
 *     client  has no GET on its way, so it says 5
 */
describe("a GET while its client moves to a WebSocket", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("ends by the probe", async () => {
    await expectSafe("GET, probe", upgrade({ emits: false }));
  });

  it("ends by data or by the probe, and nothing is lost or doubled", async () => {
    await expectSafe("GET, 2probe, emitter", upgrade({ asking: true, ticks, emits: true }));
  });

  it("ends by its time, and nothing is lost or doubled", async () => {
    const options = { hold: SHORT_POLL_HOLD_MS, asking: true, ticks, emits: true };
    await expectSafe("GET out of time, 2probe, emitter", upgrade(options));
  });
});

type Get = (instance: Instance, poller: Poller) => Promise<unknown>;

interface Overlap {
  /** Whether somebody sends meanwhile. Its session is closed only afterwards then: that much less to try. */
  readonly emits: boolean;
  /** For controls: instead of a GET. */
  readonly instead?: Get;
}

/** Two GETs at once. */
const overlapping =
  ({ emits, instead }: Overlap): Model =>
  async (schedule) => {
    const world = new World(schedule, { server, held: emits });
    const poller = await seatPoller(world, 1, { ticks: { atOnce: 0, atAnyTime: 0 } });
    for (const name of ["one", "other"]) {
      if (instead) world.runScript(name, (instance) => instead(instance, poller));
      else poller.get();
    }
    if (emits) {
      world.runScript("emitter", ({ runtime }) =>
        runtime.outbound.send({ sid: poller.sid, route: { kind: "out" } }, ['42["a1"]']),
      );
    }
    schedule.later(() => world.queue.open());
    schedule.later(() => poller.get());
    schedule.later(() => {
      world.nowMs += 600_000;
      if (poller.state === "ended" && world.count("beats") > 0) world.runSweep("sweep ten minutes later");
    });
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      const heard = poller.heard.join(" ");
      if (poller.heard.length > new Set(poller.heard).size) return `the client heard twice: ${heard}`;
      const phase = await world.phaseOf(poller.sid);
      if (poller.state === "polling") {
        if (phase !== "open") return "the client was not told";
        return heard === (emits ? '42["a1"]' : "") ? undefined : "the client missed a message";
      }
      if (phase !== "closed") return "the session goes on without its client";
      if (world.countMembers() > 0) return "a membership is left";
      if (world.count("outboxes") > 0) return "an outbox is left";
      return world.count("beats") > 0 ? "a beat is left" : undefined;
    };
  };

/**
 *     GET 1   parks
 *     GET 2   parks IF none is parked: one is, so the session is closed, a close packet appended
 *     GET 1   takes everything IF it is still the one that is parked, and releases, in one write
 */
describe("two GETs at once", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("end the session, and nothing is answered twice", async () => {
    await expectSafe("two GETs", overlapping({ emits: false }));
    await expectSafe("two GETs, emitter", overlapping({ emits: true }));
  });

  it("would be answered the same if a GET looked and took in two steps", async () => {
    const inTwoSteps: Get = async ({ runtime: { store } }, { sid, heard }) => {
      const outbox = await store.readOutbox(sid);
      await store.takeOutbox(sid);
      heard.push(...(outbox?.frames ?? []));
    };

    await expectViolated(
      "GET in two steps",
      overlapping({ emits: true, instead: inTwoSteps }),
      /heard twice|missed/,
    );
  });
});
