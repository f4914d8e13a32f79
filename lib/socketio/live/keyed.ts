import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";
import { define } from "./define.ts";
import { isContainer } from "./views.ts";

/** `one` is a row, the others have a row a key. */
export type Kind = "record" | "map" | "set" | "one";

export function kindOf(value: unknown): Kind {
  if (value instanceof Map) return "map";
  if (value instanceof Set) return "set";
  return isContainer(value) && !Array.isArray(value) ? "record" : "one";
}

export function keysOf(root: unknown): string[] {
  if (root instanceof Map || root instanceof Set) return [...root.keys()].map((key) => JSON.stringify(key));
  return Object.keys(root as object);
}

export function hasKey(root: unknown, key: string): boolean {
  if (root instanceof Map || root instanceof Set) return root.has(JSON.parse(key));
  return Object.hasOwn(root as object, key);
}

export const fromKey = (root: unknown, key: string | undefined): unknown =>
  key !== undefined && (root instanceof Map || root instanceof Set) ? (JSON.parse(key) as unknown) : key;

/** The keys of maps, and what is in sets, are told apart by their JSON. */
export function toKey(kind: Kind, key: unknown, name: string): string {
  if (kind === "record" && typeof key === "string") return key;
  const isPlain = key === null || typeof key === "string" || typeof key === "boolean" || Number.isFinite(key);
  if (kind !== "record" && isPlain) return JSON.stringify(key);
  throw new CoreError(
    "core.live_bad_key",
    `expected keys of the live value ${JSON.stringify(name)} to be ` +
      `${kind === "record" ? "text" : "text, finite numbers, booleans or null"}, got ${described(key)}; ` +
      "the table knows them by what they say",
    { evidence: { name } },
  );
}

/** Of what the app has put in past our views. Throws `core.live_bad_key`. */
export function requireKeys(kind: Kind, root: unknown, name: string): void {
  if (root instanceof Map || root instanceof Set) for (const key of root.keys()) toKey(kind, key, name);
}

export function valueAt(root: object, key: string): unknown {
  if (root instanceof Set) return true;
  if (root instanceof Map) return root.get(JSON.parse(key)) as unknown;
  return Object.hasOwn(root, key) ? (root as Record<string, unknown>)[key] : undefined;
}

export function setAt(root: object, key: string, value: unknown): void {
  if (root instanceof Set) root.add(JSON.parse(key));
  else if (root instanceof Map) root.set(JSON.parse(key), value);
  else define(root, key, value);
}

export function removeAt(root: object, key: string): void {
  if (root instanceof Set || root instanceof Map) root.delete(JSON.parse(key));
  else Reflect.deleteProperty(root, key);
}

/** How errors call one. */
export const kindNames: Readonly<Record<Kind, string>> = {
  record: "an object",
  map: "a Map",
  set: "a Set",
  one: "a value",
};
