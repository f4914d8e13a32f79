import { describe, expect, it } from "vitest";
import { mergeThreeWays } from "../../../lib/socketio/live/three-way.ts";
import type { Tree } from "../../../lib/socketio/live/tree.ts";

const merge = (
  base: Tree | undefined,
  mine: Tree | undefined,
  theirs: Tree | undefined,
  ...assigned: string[]
) => mergeThreeWays(base, mine, theirs, new Set(assigned));

/** Before, mine, theirs, what comes of it. */
type Row = readonly [string, Tree | undefined, Tree | undefined, Tree | undefined, Tree | undefined];

describe("two changes of one value", () => {
  it.each<Row>([
    ["one changes nothing", { a: 1 }, { a: 1 }, { a: 2 }, { a: 2 }],
    ["the other changes nothing", { a: 1 }, { a: 2 }, { a: 1 }, { a: 2 }],
    ["numbers add up", 5, 6, 7, 8],
    ["the same addition counts twice", { score: 5 }, { score: 6 }, { score: 6 }, { score: 7 }],
    ["a number that was none before adds up", undefined, 1, 1, 2],
    ["properties that both make anew are the same", undefined, { max: 4 }, { max: 4 }, { max: 4 }],
    ["different properties", { a: 1 }, { a: 1, b: "x" }, { a: 1, c: [] }, { a: 1, c: [], b: "x" }],
    [
      "a property that goes, and one that comes",
      { a: 1, b: 1 },
      { b: 1 },
      { a: 1, b: 1, c: 1 },
      { b: 1, c: 1 },
    ],
    ["I remove what they change", { a: "x" }, {}, { a: "y" }, {}],
    ["they remove what I change inside", { a: { b: 1 } }, { a: { b: 2 } }, {}, {}],
    ["the same text", "x", "y", "y", "y"],
    ["the same text, of none", "", "open", "open", "open"],
    ["pushes", ["a"], ["a", "b"], ["a", "c"], ["a", "c", "b"]],
    ["the same push, twice", ["a"], ["a", "b"], ["a", "b"], ["a", "b", "b"]],
    ["a push into a list that both make", undefined, ["b"], ["c"], ["c", "b"]],
    ["removals of different items", ["a", "b", "c"], ["b", "c"], ["a", "b"], ["b"]],
    ["removals of the same item", ["a", "b"], ["b"], ["b"], ["b"]],
    [
      "a removal of one of two that are alike",
      ["a", "a", "b"],
      ["a", "b"],
      ["a", "a", "b", "c"],
      ["a", "b", "c"],
    ],
    ["a push and an unshift", ["a"], ["a", "z"], ["0", "a"], ["0", "a", "z"]],
    ["a sort and a push", ["c", "a", "b"], ["a", "b", "c"], ["c", "a", "b", "d"], ["a", "b", "d", "c"]],
    ["a sort, and a removal", ["c", "a", "b"], ["a", "b", "c"], ["a", "b"], ["a", "b"]],
    ["all removed, and a push", ["a", "b"], [], ["a", "b", "c"], ["c"]],
    [
      "changes in two records",
      [{ n: 1 }, { n: 1 }],
      [{ n: 2 }, { n: 1 }],
      [{ n: 1 }, { n: 3 }],
      [{ n: 2 }, { n: 3 }],
    ],
    ["changes in one record", [{ n: 1, m: 1 }], [{ n: 2, m: 1 }], [{ n: 1, m: 5 }], [{ n: 2, m: 5 }]],
    ["a change in a record that is removed", [{ n: 1 }, "x"], [{ n: 2 }, "x"], ["x"], ["x"]],
    ["two cells of a board", [null, null, null], ["X", null, null], [null, null, "O"], ["X", null, "O"]],
    ["counts in a list", [1, 1], [2, 1], [2, 5], [3, 5]],
    ["a replaced text and its removal", ["a", "b"], ["z", "b"], ["b"], ["z", "b"]],
    [
      "items of a set",
      { $: "set", of: [1] },
      { $: "set", of: [1, 2] },
      { $: "set", of: [3] },
      { $: "set", of: [3, 2] },
    ],
  ])("%s", (_, base, mine, theirs, merged) => {
    expect(merge(base, mine, theirs)).toEqual({ tree: merged, conflicts: [] });
  });

  it.each<Row>([
    ["texts", "x", "mine", "theirs", "theirs"],
    ["booleans and null", true, null, false, false],
    [
      "a text inside",
      { a: { b: "x" }, n: 1 },
      { a: { b: "mine" }, n: 2 },
      { a: { b: "theirs" }, n: 1 },
      { a: { b: "theirs" }, n: 2 },
    ],
    ["texts to which both have added the same", "x", "x!", "x!", "x!"],
    [
      "an item of a list to which both have added the same",
      ["x", "y"],
      ["x!", "y"],
      ["x!", "y"],
      ["x!", "y"],
    ],
    ["one cell of a board", [null, null], ["X", null], ["O", null], ["O", null]],
    ["kinds", null, [], {}, {}],
    ["what both make anew, differently", undefined, { max: 4 }, { max: 5 }, { max: 5 }],
  ])(
    "%s that both have read, and changed differently: theirs stays, and mine is told",
    (_, base, mine, theirs, merged) => {
      const { tree, conflicts } = merge(base, mine, theirs);

      expect(tree).toEqual(merged);
      expect(conflicts).toHaveLength(1);
    },
  );

  it("names the place, with both", () => {
    expect(merge({ a: { b: "x" } }, { a: { b: "m" } }, { a: { b: "t" } }).conflicts).toEqual([
      { path: "/a/b", mine: "m", theirs: "t" },
    ]);
  });

  it("what I have written without reading it is as I have written it", () => {
    expect(merge({ at: 1, n: 1 }, { at: 5, n: 2 }, { at: 7, n: 3 }, "/at")).toEqual({
      tree: { at: 5, n: 4 },
      conflicts: [],
    });
    expect(merge("x", "mine", "theirs", "")).toEqual({ tree: "mine", conflicts: [] });
    expect(merge({ a: 1 }, { b: 1 }, undefined, "")).toEqual({ tree: { b: 1 }, conflicts: [] });
  });
});
