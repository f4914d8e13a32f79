import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lastDueMs, phasesDue } from "../../../lib/engine/heartbeat/due-phase-ranges.ts";

describe("phasesDue", () => {
  it.each([
    ["nothing", 100, 1_050, 1_050, []],
    ["nothing backwards", 100, 1_050, 1_000, []],
    ["one range", 100, 1_010, 1_020, [{ fromPhaseMs: 11, toPhaseMs: 21 }]],
    [
      "two ranges where the interval wraps",
      100,
      1_090,
      1_110,
      [
        { fromPhaseMs: 91, toPhaseMs: 100 },
        { fromPhaseMs: 0, toPhaseMs: 11 },
      ],
    ],
    ["one range from the start of an interval", 100, 1_099, 1_110, [{ fromPhaseMs: 0, toPhaseMs: 11 }]],
    ["one range up to the end of an interval", 100, 1_090, 1_099, [{ fromPhaseMs: 91, toPhaseMs: 100 }]],
    ["everything", 100, 1_000, 1_100, [{ fromPhaseMs: 0, toPhaseMs: 100 }]],
    ["times before the epoch", 100, -20, -10, [{ fromPhaseMs: 81, toPhaseMs: 91 }]],
  ])("is %s", (_, intervalMs, fromMs, untilMs, ranges) => {
    expect(phasesDue(intervalMs, fromMs, untilMs)).toEqual(ranges);
  });

  it("holds a phase exactly if something of it falls due in (from, until]", () => {
    const time = fc.integer({ min: -500, max: 500 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        time,
        time,
        time,
        (intervalMs, fromMs, untilMs, openedMs) => {
          const phaseMs = ((openedMs % intervalMs) + intervalMs) % intervalMs;
          const ranges = phasesDue(intervalMs, fromMs, untilMs);
          const isListed = ranges.some((range) => range.fromPhaseMs <= phaseMs && phaseMs < range.toPhaseMs);

          expect(isListed).toBe(lastDueMs(openedMs, intervalMs, untilMs) > fromMs && untilMs > fromMs);
        },
      ),
      { seed: 1, numRuns: 2_000 },
    );
  });
});
