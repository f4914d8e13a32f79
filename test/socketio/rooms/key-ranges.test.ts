import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSid, type Sid } from "../../../lib/ids.ts";
import { cutRanges } from "../../../lib/socketio/rooms/key-ranges.ts";

const START_MS = 1_760_000_000_000;
const alphabet = [..."-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"];
const anySid = fc
  .array(fc.constantFrom(...alphabet), { minLength: 20, maxLength: 20 })
  .map((chars) => chars.join("") as Sid);

const isIn = (sid: string, { from, upTo }: { from: string; upTo: string }): boolean =>
  sid >= from && sid <= upTo;

describe("the ranges behind a key", () => {
  it("have each id in one of them that is behind it, and no other", () => {
    fc.assert(
      fc.property(anySid, anySid, (last, sid) => {
        const ranges = cutRanges(last).filter((range) => isIn(sid, range));
        expect(ranges).toHaveLength(sid > last ? 1 : 0);
      }),
      { seed: 20261128, numRuns: 2_000 },
    );
  });

  it("are 32 at most, and one at least", () => {
    fc.assert(
      fc.property(anySid, (last) => {
        const { length } = cutRanges(last);
        expect(length).toBeGreaterThanOrEqual(1);
        expect(length).toBeLessThanOrEqual(32);
      }),
      { seed: 20261128, numRuns: 1_000 },
    );
  });

  it.each([
    [20_000, 7_000, 4],
    [100_000, 7_000, 16],
    [100_000, 30_000, 4],
  ])("are as long as the page, for %i members of which %i are on it", (members, page, most) => {
    const sids = Array.from({ length: members }, () => createSid(START_MS)).sort();
    const ranges = cutRanges(sids[page - 1]!);
    const lengths = ranges.map((range) => sids.filter((sid) => isIn(sid, range)).length);

    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(members - page);
    expect(ranges.length).toBeLessThanOrEqual(most);
    expect(Math.max(...lengths)).toBeLessThan(1.6 * page);
  });
});
