import type { Tree } from "./tree.ts";

/** What is merged inside of one item that both have changed. */
type MergeItem = (base: Tree, mine: Tree, theirs: Tree) => Tree;

/** What a list has become, told by the items it had. */
interface Edits {
  /** By the place in the list before: as it was, changed, or gone. */
  readonly kept: readonly (Tree | undefined)[];
  /** What comes in front of each of these places, and behind the last of them. */
  readonly added: readonly Tree[][];
}

/** Beyond so many pairs of items, lists are compared by what they hold, without regard to order. */
const MAX_PAIRS = 4_000_000;

/**
 * A list that two have changed at once. What either has removed is gone; what either has added is there, theirs first,
 * behind the same neighbour; an item that only one has changed is changed. An item that I have moved is where I have put
 * it, as they have changed it, unless they have removed it.
 */
export function mergeLists(
  base: readonly Tree[],
  mine: readonly Tree[],
  theirs: readonly Tree[],
  mergeItem: MergeItem,
): Tree[] {
  const [my, their] = [toEdits(base, mine), toEdits(base, theirs)];
  const moved = new Map<string, (Tree | undefined)[]>();
  for (const [index, item] of base.entries()) {
    if (my.kept[index] !== undefined) continue;
    const places = moved.get(textOf(item)) ?? [];
    moved.set(textOf(item), [...places, their.kept[index]]);
  }
  const toAdded = (item: Tree): Tree[] => {
    const places = moved.get(textOf(item));
    if (places === undefined || places.length === 0) return [item];
    const [theirItem] = places.splice(0, 1);
    return theirItem === undefined ? [] : [theirItem];
  };
  return Array.from({ length: base.length + 1 }, (_, index) => [
    ...(their.added[index] ?? []),
    ...(my.added[index] ?? []).flatMap(toAdded),
    ...mergeKept(base[index], my.kept[index], their.kept[index], mergeItem),
  ]).flat();
}

/** A record that one changes and the other removes is gone; a text or a number that has taken its place is not it. */
function mergeKept(
  base: Tree | undefined,
  mine: Tree | undefined,
  theirs: Tree | undefined,
  mergeItem: MergeItem,
): Tree[] {
  if (base === undefined) return [];
  if (mine !== undefined && theirs !== undefined) return [mergeItem(base, mine, theirs)];
  const left = mine ?? theirs;
  const isAnother = left !== undefined && typeof left !== "object" && textOf(left) !== textOf(base);
  return isAnother ? [left] : [];
}

function toEdits(base: readonly Tree[], next: readonly Tree[]): Edits {
  const before = base.map(textOf);
  const after = next.map(textOf);
  const kept: (Tree | undefined)[] = base.map(() => undefined);
  const added: Tree[][] = Array.from({ length: base.length + 1 }, () => []);
  let [from, to] = [0, 0];
  for (const [i, j] of [...pairs(before, after), [before.length, after.length] as const]) {
    settleGap(base.slice(from, i), next.slice(to, j), { kept, added, from });
    if (i < base.length) kept[i] = next[j];
    [from, to] = [i + 1, j + 1];
  }
  return { kept, added };
}

/** Between two items that stayed: as many as there were are taken for what these have become. */
function settleGap(
  gone: readonly Tree[],
  come: readonly Tree[],
  { kept, added, from }: { kept: (Tree | undefined)[]; added: Tree[][]; from: number },
): void {
  if (gone.length === come.length) for (const [index, item] of come.entries()) kept[from + index] = item;
  else added[from + gone.length]?.push(...come);
}

/** The longest line of items that both have, as pairs of their places. */
function pairs(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [middleA, middleB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const middle = middleA.length * middleB.length > MAX_PAIRS ? [] : longestLine(middleA, middleB);
  return [
    ...Array.from({ length: start }, (_, index) => [index, index] as const),
    ...middle.map(([i, j]) => [i + start, j + start] as const),
    ...Array.from({ length: end }, (_, index) => [a.length - end + index, b.length - end + index] as const),
  ];
}

function longestLine(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const line: [number, number][] = [];
  for (let [i, j] = [0, 0]; i < a.length && j < b.length;) {
    if (a[i] === b[j]) line.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return line;
}

const textOf = (tree: Tree): string => JSON.stringify(tree);
