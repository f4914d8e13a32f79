import type { Clock } from "../clock.ts";
import { isLive } from "./expiry.ts";

/**
 * Rows of one kind: partition, then key, then value. Values are copied in and out, as a network would; expired ones
 * are there for nobody.
 */
export interface Shelf<Value> {
  get(partition: string, key: string): Value | undefined;
  put(partition: string, key: string, value: Value, expiresAtSeconds: number): void;
  remove(partition: string, key: string): void;
  /** Live values in ascending order of key. */
  list(partition: string): Value[];
  /**
   * The same a page at a time, of keys between both ends; a page is read when it is asked for, so a walk sees changes ahead
   * of it.
   */
  pages(partition: string, pageSize: number, range?: KeyRange): AsyncGenerator<Value[]>;
  count(): number;
}

/** Both ends included. */
interface KeyRange {
  readonly from: string;
  readonly upTo: string;
}

interface Row<Value> {
  readonly key: string;
  readonly value: Value;
  readonly expiresAtSeconds: number;
}

export function createShelf<Value>(clock: Clock): Shelf<Value> {
  const partitions = new Map<string, Map<string, Row<Value>>>();

  const liveRows = (partition: string): Row<Value>[] => {
    const rows = partitions.get(partition);
    if (rows === undefined) return [];
    return [...rows.values()]
      .filter((row) => isLive(row.expiresAtSeconds, clock))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  };

  return {
    get(partition, key) {
      const row = partitions.get(partition)?.get(key);
      return row !== undefined && isLive(row.expiresAtSeconds, clock) ? copyOf(row.value) : undefined;
    },

    put(partition, key, value, expiresAtSeconds) {
      const rows = partitions.get(partition) ?? new Map<string, Row<Value>>();
      rows.set(key, { key, value: copyOf(value), expiresAtSeconds });
      partitions.set(partition, rows);
    },

    remove(partition, key) {
      const rows = partitions.get(partition);
      rows?.delete(key);
      if (rows?.size === 0) partitions.delete(partition);
    },

    list: (partition) => liveRows(partition).map((row) => copyOf(row.value)),

    async *pages(partition, pageSize, range) {
      const isWithin = (key: string) => range === undefined || (key >= range.from && key <= range.upTo);
      let after = "";
      for (;;) {
        const page = liveRows(partition)
          .filter((row) => row.key > after && isWithin(row.key))
          .slice(0, pageSize);
        if (page.length > 0) yield page.map((row) => copyOf(row.value));
        if (page.length < pageSize) return;
        after = page.at(-1)?.key ?? after;
      }
    },

    count: () => [...partitions.keys()].reduce((total, partition) => total + liveRows(partition).length, 0),
  };
}

/** What a network would make of a row: it has nothing in common with the row itself. */
function copyOf<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf) as Value;
  // Bytes, for example.
  if (Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value);
  const copy = { ...value };
  // Also one that is called `__proto__`: it is the copy's own by now.
  for (const name of Object.keys(copy) as (keyof Value)[]) copy[name] = copyOf(copy[name]);
  return copy;
}
