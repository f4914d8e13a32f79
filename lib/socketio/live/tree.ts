import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";

/** What a value is in the table: JSON, in which an object with `$` says what else it stands for. */
export type Tree = string | number | boolean | null | readonly Tree[] | { readonly [key: string]: Tree };

/** How to come from what the app holds to what is stored of it. */
export interface TreeReading {
  /** What is behind a view. */
  unwrap(value: unknown): unknown;
  /** Told of each array, object, map and set, with its properties' names from the top; undefined inside of lists. */
  onContainer(container: object, path: readonly string[] | undefined): void;
}

/** Between the names of a path, which have none. */
export const joinPath = (path: readonly string[]): string => path.map((name) => `/${name}`).join("");

/**
 * A value as it is stored: JSON, and besides it maps, sets, dates, bytes, `undefined`, and numbers that are not finite.
 * Anything else is an error that names where it is: it would be something else for the next handler.
 *
 * @throws {CoreError} `core.unserialisable`
 */
export function toTree(value: unknown, title: string, reading: TreeReading): Tree {
  try {
    return read(value, title, [], { ...reading, above: new Set() });
  } catch (error) {
    if (error instanceof RangeError) throw unserialisable(title, "a value nested too deep");
    throw error;
  }
}

/** The same value again, its containers new ones. */
export function fromTree(tree: Tree): unknown {
  if (tree === null || typeof tree !== "object") return tree;
  if (isList(tree)) return tree.map(fromTree);
  const { $: kind, of } = tree as { readonly $?: string; readonly of?: Tree };
  switch (kind) {
    case undefined:
      return fromEntries(tree);
    case "object":
      return fromEntries(of as Record<string, Tree>);
    case "map":
      return new Map((of as readonly [Tree, Tree][]).map(([key, one]) => [fromTree(key), fromTree(one)]));
    case "set":
      return new Set((of as readonly Tree[]).map(fromTree));
    case "date":
      return new Date(of as string);
    case "bytes":
      return Buffer.from(of as string, "base64");
    case "number":
      return Number(of);
    default:
      return undefined;
  }
}

export const isList = (tree: unknown): tree is readonly Tree[] => Array.isArray(tree);

type State = TreeReading & { readonly above: Set<object> };

function read(given: unknown, title: string, path: readonly string[] | undefined, state: State): Tree {
  const value = state.unwrap(given);
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { $: "number", of: String(value) };
    case "undefined":
      return { $: "undefined" };
    case "bigint":
    case "symbol":
    case "function":
      throw unserialisable(title, described(value));
    case "object":
      break;
  }
  if (value === null) return null;
  if (value instanceof Date) return { $: "date", of: value.toISOString() };
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return { $: "bytes", of: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
  }
  if (state.above.has(value)) throw unserialisable(title, "a value that contains itself");
  state.above.add(value);
  state.onContainer(value, path);
  const tree = readContainer(value, title, path, state);
  state.above.delete(value);
  return tree;
}

function readContainer(
  value: object,
  title: string,
  path: readonly string[] | undefined,
  state: State,
): Tree {
  const item = (one: unknown, index: number) => read(one, `${title}[${index}]`, undefined, state);
  // Holes are undefined to whoever reads them.
  if (Array.isArray(value)) return Array.from(value, item);
  if (value instanceof Set) return { $: "set", of: Array.from(value, item) };
  if (value instanceof Map) {
    const entries = Array.from(value, ([key, one], index): Tree => [item(key, index), item(one, index)]);
    return { $: "map", of: entries };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw unserialisable(title, described(value));
  }
  const entries = Object.entries(value).map(([key, one]): [string, Tree] => [
    key,
    read(one, `${title}.${key}`, path && [...path, key], state),
  ]);
  const tree = Object.fromEntries(entries);
  return Object.hasOwn(tree, "$") ? { $: "object", of: tree } : tree;
}

/** Also a key that is called `__proto__`, which `Object.fromEntries` defines and does not set. */
const fromEntries = (tree: Readonly<Record<string, Tree>>): object =>
  Object.fromEntries(Object.entries(tree).map(([key, one]) => [key, fromTree(one)]));

const unserialisable = (title: string, got: string): CoreError =>
  new CoreError(
    "core.unserialisable",
    `expected ${title} to be plain data (text, numbers, booleans, null, dates, bytes, and arrays, objects, maps and sets of these), ` +
      `got ${got}; it is kept in the table, for every instance`,
    { evidence: { property: title } },
  );
