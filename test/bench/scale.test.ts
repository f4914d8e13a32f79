import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { playBroadcasts } from "../../bench/scale/broadcasts.ts";
import { createSeeded, percentile } from "../../bench/scale/seeded.ts";
import { playStorm } from "../../bench/scale/storm.ts";

const drawn = Math.random;
beforeEach(() => {
  Math.random = createSeeded(7);
});
afterEach(() => {
  Math.random = drawn;
});

describe("the simulated platform", () => {
  it("counts a room of a page as one invocation, its reads, and a post each", async () => {
    const { usage, tallies } = await playBroadcasts({ seed: 7, rooms: [300] });

    expect(tallies).toEqual([{ delivered: 300, gone: 0, dropped: 0, unknown: 0 }]);
    expect(usage).toMatchObject({
      posts: 300,
      refused: 0,
      invocations: 1,
      readUnits: Math.ceil((300 * 150) / 4_096),
      writeUnits: 0,
    });
  });

  it("counts a larger one as several, that read each member once more at most, and reserve what they post", async () => {
    const { usage, tallies, delivered } = await playBroadcasts({ seed: 7, rooms: [8_000] });

    expect(tallies).toEqual([{ delivered: 8_000, gone: 0, dropped: 0, unknown: 0 }]);
    expect(delivered.flat()).toHaveLength(8_000);
    expect(usage.invocations).toBeGreaterThan(1);
    expect(usage.readUnits).toBeLessThan(2 * Math.ceil((8_000 * 150) / 4_096) + 20);
    // At most 400 posts are reserved by one write.
    expect(usage.writeUnits).toBeGreaterThanOrEqual(20);
    expect(usage.writeUnits).toBeLessThanOrEqual(40);
  });

  it("plays the same with the same seed, and otherwise with another", async () => {
    const play = async (seed: number) => {
      const { delivered } = await playBroadcasts({ seed, rooms: [200], ordinary: 20 });
      return [percentile(delivered.flat(), 0.5), percentile(delivered.flat(), 0.99)];
    };

    expect(await play(1)).toEqual(await play(1));
    expect(await play(1)).not.toEqual(await play(2));
  });

  it("takes clients back at the pace of new connections", async () => {
    const { enteredMs, allMs } = await playStorm(7, 1_200);

    expect(enteredMs).toHaveLength(1_200);
    expect(allMs).toBeGreaterThan(2_000);
  });
});
