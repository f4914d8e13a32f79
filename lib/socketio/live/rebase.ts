import type { LiveRecord } from "../../state/live/live-store.ts";
import type { LiveValue, Place } from "./live-value.ts";
import { isSame } from "./three-way.ts";
import type { Tree } from "./tree.ts";

/**
 * What handlers find goes from `from` to `to`, unless they have changed it since: then it stays, with what they had begun
 * from, and is merged when it is stored itself. Were it merged here, nobody would be told of what that loses.
 */
export function rebase(place: Place, from: Tree | undefined, to: Tree | undefined): void {
  if (isSame(from, to) || !isSame(place.sealed, from) || !isAt(place, from)) return;
  place.sealed = to;
  place.value.write(place, to);
}

/**
 * Takes over what the table says of rows that are meant. Returns the names of values that have rows of another kind.
 * `stored only`: the present is left as it is, for a change that is about to be merged.
 */
export function takeRecords(
  values: ReadonlyMap<string, LiveValue>,
  records: readonly LiveRecord[],
  isMeant: (place: Place) => boolean,
  how: "present too" | "stored only" = "present too",
): ReadonlySet<string> {
  const unfit = new Set<string>();
  const there = new Set<Place>();
  const moved = new Set<LiveValue>();
  for (const record of records) {
    const value = values.get(record.name);
    if (value === undefined) continue;
    if (value.isWhole !== (record.key === undefined)) {
      unfit.add(record.name);
      continue;
    }
    value.noteRank(record.rank);
    const place = value.placeAt(record.key);
    there.add(place);
    if (isMeant(place) && take(place, record, how)) moved.add(value);
  }
  for (const value of values.values())
    for (const place of value.places)
      if (place.version !== undefined && !there.has(place) && isMeant(place)) take(place, undefined, how);
  for (const value of moved) value.reorder();
  return unfit;
}

/** Whether it has another place among its neighbours. */
function take(place: Place, record: LiveRecord | undefined, how: "present too" | "stored only"): boolean {
  if (place.version === record?.version && !place.isGuess) return false;
  const before = place.stored;
  place.stored = record?.text === undefined ? undefined : (JSON.parse(record.text) as Tree);
  place.storedRank = record?.rank;
  place.version = record?.version;
  place.isGuess = false;
  if (how === "stored only") return false;
  rebase(place, before, place.stored);
  const isMoved = place.rank !== record?.rank;
  place.rank = record?.rank;
  place.sealedRank = record?.rank;
  return isMoved;
}

function isAt(place: Place, tree: Tree | undefined): boolean {
  try {
    return isSame(place.value.read(place).tree, tree);
  } catch {
    // What cannot be stored is told where it is to be.
    return false;
  }
}
