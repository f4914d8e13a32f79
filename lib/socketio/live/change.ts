import { toLiveAmount, type LiveWrite } from "../../state/live/live-store.ts";
import type { Place } from "./live-value.ts";
import { isSame, mergeThreeWays, type Conflict } from "./three-way.ts";
import type { Tree } from "./tree.ts";

/** What turns of this instance have made of one row. */
export interface Change {
  readonly place: Place;
  /** What it was before, and what it is now. */
  readonly base: Tree | undefined;
  readonly mine: Tree | undefined;
  readonly assigned: ReadonlySet<string>;
  readonly rank: number;
}

/** What of it is to be written, over what the table has by now. */
export interface PlannedChange {
  readonly change: Change;
  /** What the row will say; of an addition as far as it is known. */
  readonly next: Tree | undefined;
  /** Undefined: the table has it already. */
  readonly write: LiveWrite | undefined;
  readonly conflicts: readonly Conflict[];
}

/** How a change is written, where others may have changed the row since. */
export function planChange(change: Change): PlannedChange {
  const { place, base, mine, assigned, rank } = change;
  const { name } = place.value;
  const at = { name, key: place.key };
  const isUntouched = isSame(place.stored, base);
  const { tree: next, conflicts } = isUntouched
    ? { tree: mine, conflicts: [] }
    : mergeThreeWays(base, mine, place.stored, assigned);
  const toPlan = (write: LiveWrite | undefined): PlannedChange => ({ change, next, write, conflicts });
  if (
    isSame(next, place.stored) &&
    (next === undefined || rank === place.storedRank || place.key === undefined)
  )
    return toPlan(undefined);
  const by = additionOf(place, next, assigned);
  if (by !== undefined) return toPlan({ ...at, kind: "add", by });
  if (next === undefined && !place.value.hasInitially(place.key)) {
    if (place.version === undefined) return toPlan(undefined);
    return toPlan({ ...at, kind: "remove", previous: place.version });
  }
  const text = next === undefined ? undefined : JSON.stringify(next);
  return toPlan({ ...at, kind: "put", previous: place.version, entry: { text, rank } });
}

/** A number to which the table can add, so that nobody else's addition is in the way. */
function additionOf(
  { stored, version }: Place,
  next: Tree | undefined,
  assigned: ReadonlySet<string>,
): number | undefined {
  if (version === undefined || assigned.has("")) return undefined;
  const [before, after] = [stored, next].map((tree) => toLiveAmount(JSON.stringify(tree)));
  if (before === undefined || after === undefined) return undefined;
  const by = after - before;
  return Number.isSafeInteger(by) && by !== 0 ? by : undefined;
}

/** For a log: what a value says, or as much of it as fits a line. */
export function shorten(tree: Tree | undefined): string {
  const text = JSON.stringify(tree) ?? "nothing";
  if (text.length <= MAX_SHOWN) return text;
  return `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`;
}

const MAX_SHOWN = 200;
