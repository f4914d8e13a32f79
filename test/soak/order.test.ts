import { describe, expect, it } from "vitest";
import { describeWalk, expectGoodWalk } from "../e2e/walk-proof.ts";
import { walk } from "../e2e/walk.ts";
import { say } from "../support/say.ts";

describe("a thousand events of one client that hardly waits, on instances that die", () => {
  it("arrive in order on every connection", async () => {
    const result = await walk({ steps: 1_000, window: 50, chaos: 0.1, seed: 5, patienceMs: 400_000 });

    say(describeWalk(result));
    expectGoodWalk(result, 1_000);
    expect(result.kills).toBeGreaterThanOrEqual(20);
  }, 500_000);
});
