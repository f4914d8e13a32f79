import { describe, expect, it } from "vitest";
import { hasMark, sumAfter, toAddMark, toPutMark } from "../../lib/state/shared-marks.ts";

const mine = "a1b2c3d4";
const other = (n: number) => `other${String(n).padStart(3, "0")}`;

describe("marks", () => {
  it("say whether a call was done, whatever it did", () => {
    expect(hasMark([toPutMark(mine, undefined)], mine)).toBe(true);
    expect(hasMark([toPutMark(mine, 7)], mine)).toBe(true);
    expect(hasMark([toAddMark(mine, 2)], mine)).toBe(true);
    expect(hasMark([toAddMark(other(1), 2)], mine)).toBe(false);
    expect(hasMark([], mine)).toBe(false);
  });

  it.each<[string, string[], number, number]>([
    ["nobody else", [], 12, 12],
    ["two additions", [toAddMark(other(1), 3), toAddMark(other(2), -1)], 14, 12],
    ["a change from a number", [toPutMark(other(1), 12)], 700, 12],
    ["an addition, and then a change", [toAddMark(other(1), 3), toPutMark(other(2), 15)], 1, 12],
    ["a change, and then an addition", [toPutMark(other(1), 12), toAddMark(other(2), 3)], 103, 12],
  ])("say what a sum was before %s", (_, after, present, sum) => {
    const marks = [toAddMark(other(9), 4), toAddMark(mine, 2), ...after];

    expect(sumAfter(marks, mine, present)).toBe(sum);
  });
});
