import { describe, it } from "vitest";
import type { Model } from "./explorer.ts";
import { POLL_HOLD_MS, seatPoller, type Poller, type PollerOptions } from "./poller.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

type TakeOver = (instance: Instance, poller: Poller) => Promise<unknown>;

const emitTwice =
  (name: string) =>
  async ({ io }: Instance): Promise<void> => {
    io.to("lobby").emit(`${name}1`);
    io.to("lobby").emit(`${name}2`);
    await io.flush();
  };

const received = ({ heard }: Poller, name: string): string =>
  heard.flatMap((frame) => new RegExp(`"${name}(\\d)"`).exec(frame)?.[1] ?? []).join("");

interface Scene extends PollerOptions {
  readonly emitters: readonly string[];
  /** Whether a GET is on its way when the upgrade begins; without, the client has said `5`. */
  readonly polling: boolean;
  readonly takeOver?: TakeOver;
}

/** Emitters send to a client that moves to a WebSocket meanwhile. */
const emitAndUpgrade =
  ({ emitters, polling, takeOver, ...options }: Scene): Model =>
  async (schedule) => {
    const world = new World(schedule, { server: { pollHold: POLL_HOLD_MS } });
    const poller = await seatPoller(world, 1, { rooms: ["lobby"], probing: true, ...options });
    for (const name of emitters) world.runScript(name, emitTwice(name));
    if (takeOver) world.runScript("takeover", (instance) => takeOver(instance, poller));
    else if (polling) poller.get();
    else world.prepare(poller.frame("5"));
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if (poller.answers.some((answer) => answer === "400")) return "a GET was refused";
      for (const name of emitters) {
        if (received(poller, name) !== "12") return `the client received ${received(poller, name)} of 12`;
      }
      if (takeOver) return undefined;
      const session = await world.table.own.loadSession(poller.sid, { handshake: false });
      return session?.session.connectionId === poller.connectionId ? undefined : "the session has not moved";
    };
  };

describe("emits to a client that is being upgraded", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("arrive once and in order, of one emitter", async () => {
    await expectSafe("upgrade, one emitter", emitAndUpgrade({ emitters: ["a"], polling: false }));
  });

  it("arrive once and in order when a GET is on its way, over both transports", async () => {
    await expectSafe("upgrade, GET, one emitter", emitAndUpgrade({ emitters: ["a"], polling: true }));
  });
  it("arrive two emitter", async () => {
    await expectSafe("upgrade, two emitters", emitAndUpgrade({ emitters: ["a", "b"], polling: false }));
  });
});
