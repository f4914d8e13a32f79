import { mergeLists } from "./merged-lists.ts";
import { isList, joinPath, type Tree } from "./tree.ts";

/** A place that both have changed after they had read it, each to something else. */
export interface Conflict {
  readonly path: string;
  readonly mine: Tree | undefined;
  readonly theirs: Tree | undefined;
}

export interface Merged {
  /** Undefined: nothing is left. */
  readonly tree: Tree | undefined;
  /** In each, what is in the tree is theirs. */
  readonly conflicts: readonly Conflict[];
}

/**
 * What becomes of a value that two have changed at once, mine the later: as if the one had come behind the other, as far
 * as that can be told from what was before.
 *
 * - What I have written without having read it is as I have written it: so it would be in a process.
 * - Numbers that I had read differ by what I have added.
 * - Of lists, what I have added and removed is added and removed. See `mergeLists`.
 * - Objects are merged property by property. What one removes, and the other changes inside, is gone.
 * - Everything else that both have changed to something else has no answer; nor have texts to which both have added.
 */
export function mergeThreeWays(
  base: Tree | undefined,
  mine: Tree | undefined,
  theirs: Tree | undefined,
  /** Paths, as `joinPath` makes them, which I have written without reading them. */
  assigned: ReadonlySet<string>,
): Merged {
  const conflicts: Conflict[] = [];
  return { tree: merge(base, mine, theirs, [], { assigned, conflicts }), conflicts };
}

export const isSame = (a: Tree | undefined, b: Tree | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b));

interface Merging {
  readonly assigned: ReadonlySet<string>;
  readonly conflicts: Conflict[];
}

function merge(
  base: Tree | undefined,
  mine: Tree | undefined,
  theirs: Tree | undefined,
  path: readonly string[] | undefined,
  merging: Merging,
): Tree | undefined {
  if (isSame(mine, base)) return theirs;
  if (isSame(theirs, base)) return mine;
  if (path && merging.assigned.has(joinPath(path))) return mine;
  if (mine === undefined || theirs === undefined) return undefined;
  if (typeof mine === "number" && typeof theirs === "number") {
    if (typeof base === "number") return theirs + (mine - base);
    // `scores[id] = (scores[id] ?? 0) + 1`. Inside of what both have made anew there was nothing to add to.
    if (base === undefined && path?.length === 0) return theirs + mine;
  }
  if (isList(mine) && isList(theirs)) {
    const inside = (...[before, my, their]: [Tree, Tree, Tree]) =>
      merge(before, my, their, undefined, merging) as Tree;
    return mergeLists(isList(base) ? base : [], mine, theirs, inside);
  }
  if (isRecord(mine) && isRecord(theirs) && mine["$"] === theirs["$"]) {
    const before = isRecord(base) && base["$"] === mine["$"] ? base : {};
    return mergeRecords(before, mine, theirs, path, merging);
  }
  if (isSame(mine, theirs) && !isLonger(mine, base)) return mine;
  merging.conflicts.push({ path: joinPath(path ?? []), mine, theirs });
  return theirs;
}

/** `log += line` by both, of which one is lost though they are the same: nobody else makes a text of it and more. */
const isLonger = (text: Tree, base: Tree | undefined): boolean =>
  typeof text === "string" && typeof base === "string" && base !== "" && text.startsWith(base);

function mergeRecords(
  base: TreeRecord,
  mine: TreeRecord,
  theirs: TreeRecord,
  path: readonly string[] | undefined,
  merging: Merging,
): Tree {
  const keys = new Set([...Object.keys(theirs), ...Object.keys(mine)]);
  const merged = [...keys].map((key): [string, Tree | undefined] => {
    const [before, my, their] = [base, mine, theirs].map((of) =>
      Object.hasOwn(of, key) ? of[key] : undefined,
    );
    return [key, merge(before, my, their, path && [...path, key], merging)];
  });
  return Object.fromEntries(merged.filter((entry): entry is [string, Tree] => entry[1] !== undefined));
}

type TreeRecord = Readonly<Record<string, Tree>>;

const isRecord = (tree: Tree | undefined): tree is TreeRecord =>
  typeof tree === "object" && tree !== null && !isList(tree);
