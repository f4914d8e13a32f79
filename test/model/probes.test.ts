import { describe, it } from "vitest";
import { toConnectionId } from "../../lib/ids.ts";
import type { Model } from "./explorer.ts";
import { POLL_HOLD_MS, seatPoller, type Poller, type PollerOptions } from "./poller.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type WorldOptions } from "./world.ts";

const server = { pollHold: POLL_HOLD_MS };

const send = (world: World, { sid }: Poller, text: string): void =>
  world.runScript("emitter", ({ runtime }) => runtime.outbound.send({ sid, route: { kind: "out" } }, [text]));

/** What is wrong with a session that lives on, or else is over and done with. */
async function judge(world: World, poller: Poller, messages: string): Promise<string | undefined> {
  if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
  const phase = await world.phaseOf(poller.sid);
  const heard = poller.heard.join(" ");
  if (poller.state !== "ended") {
    if (phase !== "open") return "the session was harmed";
    return heard === messages ? undefined : `the client heard ${heard} instead of ${messages}`;
  }
  if (!messages.startsWith(heard)) return `the client heard ${heard}, over a hole`;
  if (phase !== "closed") return "the session goes on without its client";
  if (poller.online) return "its WebSocket was not closed";
  if (world.countMembers() > 0) return "a membership is left";
  if (world.count("outboxes") > 0) return "an outbox is left";
  return world.count("beats") > 0 ? "a beat is left" : undefined;
}

/** The client asks once more, unless it has moved; ten minutes later the heartbeat finishes what is left. */
function wrapUp(world: World, poller: Poller): void {
  world.schedule.later(() => {
    if (poller.state === "polling") poller.get();
  });
  world.schedule.later(() => {
    world.nowMs += 600_000;
    if (poller.state === "ended" && world.count("beats") > 0) world.runSweep("sweep ten minutes later");
  });
}

/** The WebSocket that is to take over dies, at any moment from then on. */
const dying =
  (options: PollerOptions & { readonly polling: boolean }): Model =>
  async (schedule) => {
    const world = new World(schedule, { server });
    const ticks = { atOnce: 0, atAnyTime: 0 };
    const poller = await seatPoller(world, 1, { probing: true, waiting: ['42["a1"]'], ticks, ...options });
    if (options.polling) poller.get();
    else world.prepare(poller.frame("5"));
    poller.drop();
    send(world, poller, '42["a2"]');
    wrapUp(world, poller);
    return () => judge(world, poller, '42["a1"] 42["a2"]');
  };

/** A WebSocket whose time is up takes over, while a GET finds it and ends it. */
const overdue: Model = async (schedule) => {
  const world = new World(schedule, { server });
  const ticks = { atOnce: 0, atAnyTime: 0 };
  const options = { probing: true, overdue: true, upgraded: true, waiting: [], ticks };
  const poller = await seatPoller(world, 1, options);
  world.prepare(poller.frame("5"));
  poller.get();
  send(world, poller, '42["a1"]');
  wrapUp(world, poller);
  return () => judge(world, poller, '42["a1"]');
};

/** Another WebSocket wants to take the session over while one does. */
const second =
  (options: WorldOptions = {}): Model =>
  async (schedule) => {
    const world = new World(schedule, { server, ...options });
    const poller = await seatPoller(world, 1, { probing: true, upgraded: true, waiting: ['42["a1"]'] });
    const other = toConnectionId("ws2");
    world.prepare(poller.frame("5"));
    poller.openWebSocket(other);
    wrapUp(world, poller);
    return async () => {
      if (world.connections.get(other)?.open) return "the other WebSocket was not closed";
      return poller.state === "upgraded" ? judge(world, poller, '42["a1"]') : "the client was sent away";
    };
  };

/**
 *     takeover   takes a1
 *     network    the WebSocket breaks
 *     takeover   posts a1: gone, and nobody else has it: the session is closed
 */
describe("a WebSocket that does not take over", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("leaves the session polling when it dies before 5", async () => {
    await expectSafe("dies before 5", dying({ polling: true }));
  });

  it("closes the session when it dies while it takes over", async () => {
    await expectSafe("dies after 5", dying({ polling: false, upgraded: true }));
  });

  it("ends the session when its time is up while it takes over", async () => {
    await expectSafe("overdue, GET", overdue);
  });

  it("is closed when another one is taking over, or has, and the session is unharmed", async () => {
    await expectSafe("two WebSockets", second());
  });

  it("would end the session if every close of a connection did", async () => {
    const blind = second({
      alter: (delivery) => {
        const { letter } = delivery;
        if (letter.kind !== "closed") return delivery;
        const { connectionId: _, ...rest } = letter;
        return { ...delivery, letter: rest };
      },
    });

    await expectViolated("every close ends the session", blind, "the session was harmed");
  });
});

/** The instance crashes while a client moves, and the letter comes again. */
const crashing =
  (options: WorldOptions = {}): Model =>
  async (schedule) => {
    const world = new World(schedule, { server, crashes: 1, maxBatch: 1, ...options });
    const poller = await seatPoller(world, 1, { probing: true, upgraded: true, waiting: ['42["a1"]'] });
    world.prepare(poller.frame("5"));
    send(world, poller, '42["a2"]');
    wrapUp(world, poller);
    return async () => {
      const wrong = await judge(world, poller, '42["a1"] 42["a2"]');
      if (wrong !== undefined || world.crashes.happened.length > 0) return wrong;
      return poller.state === "upgraded" ? undefined : "the client was sent away with no crash";
    };
  };

/**
 *     batch 1   takes a1, and crashes
 *     batch 2   5 comes again: the session is closed, and so is the WebSocket, for the client polls no more
 */
describe("a takeover that crashes at any step", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("closes session and WebSocket", async () => {
    await expectSafe("takeover, crash", crashing());
  });

  it("would go on over a hole if it were begun again", async () => {
    const rerun = crashing({ alter: (delivery) => ({ ...delivery, redelivered: false }) });

    await expectViolated("takeover begun again", rerun, "instead of");
  });
});
