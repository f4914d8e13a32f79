import { describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { playChat } from "../e2e/chat-load.ts";
import { findViolations } from "../e2e/chat-proof.ts";
import { describeLoad } from "../e2e/describe-load.ts";
import { eventually } from "../support/waiting.ts";
import { say } from "../support/say.ts";

const nothing = {
  handledTwice: [],
  heardTwice: [],
  acknowledgedUnhandled: [],
  acknowledgedLost: [],
  outOfOrder: [],
  strayed: [],
};

describe("a long talk on instances that forget and die", () => {
  it("loses no acknowledged message in ten thousand", async () => {
    const result = await playChat({
      clients: 50,
      rooms: 10,
      messages: 10_000,
      window: 4,
      chaos: 0.03,
      seed: 2026,
      patienceMs: 600_000,
    });

    say(describeLoad(result));
    expect(findViolations(result)).toEqual(nothing);
    expect(result.kills).toBeGreaterThanOrEqual(20);
    expect(Math.max(...result.processesPerConnection)).toBeGreaterThan(1);
  }, 700_000);

  it("survives a kill in the middle of a burst", async () => {
    const result = await playChat({
      clients: 20,
      rooms: 5,
      messages: 2_000,
      window: 100,
      antiAffinity: false,
      chaos: 0,
      seed: 1,
      patienceMs: 120_000,
      meanwhile: async (runtime, handled) => {
        for (const after of [300, 900, 1_500]) {
          await eventually(
            () => handled.length >= after && busyInboxes(runtime).length > 0,
            () => `expected ${after} packets to be handled, got ${handled.length}`,
            60_000,
          );
          for (const { pid } of busyInboxes(runtime).slice(0, 1)) runtime.kill(pid);
        }
      },
    });

    say(describeLoad(result));
    expect(findViolations(result)).toEqual(nothing);
    expect(result.kills).toBeGreaterThanOrEqual(3);
    expect(result.reconnections).toBeGreaterThan(0);
    expect(result.clients.every(({ isDone }) => isDone)).toBe(true);
  }, 200_000);
});

const busyInboxes = (runtime: LocalRuntime) =>
  runtime.instances().filter(({ functionName, busy }) => functionName === "inbox" && busy);
