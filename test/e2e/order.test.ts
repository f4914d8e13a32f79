import { describe, expect, it } from "vitest";
import { describeWalk, expectGoodWalk } from "./walk-proof.ts";
import { walk } from "./walk.ts";
import { say } from "../support/say.ts";

describe("the events of one client that does not wait", () => {
  it("arrive in order, a thousand of them, at handlers that know socket.data and rooms and nothing else", async () => {
    const result = await walk({ steps: 1_000, window: 1_000, chaos: 0, seed: 11, patienceMs: 200_000 });

    say(describeWalk(result));
    expectGoodWalk(result, 1_000);
    expect(result.connections).toHaveLength(1);
  }, 260_000);

  it("arrive in order on every connection, when kills close one after the other", async () => {
    const result = await walk({ steps: 60, window: 20, chaos: 0.1, seed: 3, patienceMs: 200_000 });

    say(describeWalk(result));
    expectGoodWalk(result, 60);
    expect(result.kills).toBeGreaterThan(0);
    expect(result.connections.length).toBeGreaterThan(1);
  }, 260_000);
});
