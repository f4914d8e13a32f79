import { describe, expect, it } from "vitest";
import { say } from "../support/say.ts";
import { describeAbuse, findHarm, noHarm } from "./oracle.ts";
import { countKinds, playAbuse } from "./play.ts";

/** Another one each day, and the same again for the same number: `NONSTICKY_SEED`. */
const seed = Number(process.env["NONSTICKY_SEED"] ?? Math.floor(Date.now() / 86_400_000));

const table = { throttled: 0.02, failed: 0.01, unanswered: 0.01, slow: 0.03 };
const pings = { intervalMs: 5_000, timeoutMs: 15_000 };
const countOf = (played: ReadonlyMap<string, number>): number =>
  [...played.values()].reduce((sum, count) => sum + count, 0);

describe("hostile sessions, 2,000 of all kinds,", () => {
  it("1,200 beside a table that fails, slow posts and clocks that are a minute wrong: nobody else is closed", async () => {
    const result = await playAbuse({
      sessions: 1_200,
      atOnce: 24,
      seed,
      table,
      clockSkewMs: seed % 2 === 0 ? 60_000 : -60_000,
      faults: { slowPostMs: 20, lateFrameEvery: 50 },
      cleanupMs: 0,
      atMostMs: 400_000,
    });

    say(describeAbuse(result));
    // Pings are minutes apart, as they are by default: half-open sessions stay until then.
    expect({ ...findHarm(result), rowsLeft: [] }).toEqual(noHarm);
    expect(countOf(result.played)).toBe(1_200);
    expect(result.played.size).toBe(countKinds());
    for (const count of Object.values(result.table?.faults ?? {})) expect(count).toBeGreaterThan(50);
  });

  it("800 beside instances that die, posts that fail and batches that come twice: nothing acknowledged is lost", async () => {
    const result = await playAbuse({
      sessions: 800,
      atOnce: 24,
      seed,
      table,
      chaos: 0.02,
      faults: { failedPostEvery: 400, repeatedBatchEvery: 100 },
      pings,
      cleanupMs: 120_000,
      atMostMs: 400_000,
    });

    say(describeAbuse(result));
    expect(findHarm(result)).toEqual(noHarm);
    expect(countOf(result.played)).toBe(800);
    expect(result.stats.kills).toBeGreaterThan(20);
  });
});
