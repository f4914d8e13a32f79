import { define } from "./define.ts";
import { isOpen } from "./plain-changes.ts";
import { isContainer } from "./views.ts";

/**
 * Has a value say what `wanted` says, in place: aliases that handlers keep of what is inside go on to show the present. An
 * item of a list that is still there stays the object it was. Resolves with what is to stand in its place.
 */
export function patch(present: unknown, wanted: unknown, textOf: (value: unknown) => string): unknown {
  if (!isContainer(present) || !isContainer(wanted) || kindOf(present) !== kindOf(wanted)) return wanted;
  // The app may have frozen an object of its own after it was put here.
  if (!isOpen(present)) return wanted;
  if (Array.isArray(present) && Array.isArray(wanted)) patchList(present, wanted, textOf);
  else if (present instanceof Map && wanted instanceof Map) patchMap(present, wanted, textOf);
  else if (present instanceof Set && wanted instanceof Set) {
    present.clear();
    for (const item of wanted) present.add(item);
  } else patchRecord(present as Fields, wanted as Fields, textOf);
  return present;
}

type TextOf = (value: unknown) => string;
type Fields = Record<string, unknown>;

function patchList(present: unknown[], wanted: readonly unknown[], textOf: TextOf): void {
  const before = [...present];
  const byText = new Map<string, unknown[]>();
  for (const item of before.filter(isContainer)) {
    const text = textOf(item);
    byText.set(text, [...(byText.get(text) ?? []), item]);
  }
  const reused = new Set<unknown>();
  const same = wanted.map((item) => {
    const found = isContainer(item) ? byText.get(textOf(item))?.shift() : undefined;
    if (found !== undefined) reused.add(found);
    return found;
  });
  const next = wanted.map((item, index) => {
    if (same[index] !== undefined) return same[index];
    const old = before[index];
    return isContainer(old) && !reused.has(old) ? patch(old, item, textOf) : item;
  });
  present.splice(0, present.length, ...next);
}

function patchMap(present: Map<unknown, unknown>, wanted: Map<unknown, unknown>, textOf: TextOf): void {
  const before = new Map(present);
  present.clear();
  for (const [key, value] of wanted) present.set(key, patch(before.get(key), value, textOf));
}

function patchRecord(present: Fields, wanted: Fields, textOf: TextOf): void {
  const before = { ...present };
  const isInOrder = Object.keys(present).join("\0") === Object.keys(wanted).join("\0");
  for (const key of Object.keys(present))
    if (!isInOrder || !Object.hasOwn(wanted, key)) Reflect.deleteProperty(present, key);
  for (const key of Object.keys(wanted)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    define(present, key, patch(old, wanted[key], textOf));
  }
}

const kindOf = (value: object): string =>
  Array.isArray(value) ? "list" : value instanceof Map ? "map" : value instanceof Set ? "set" : "record";
