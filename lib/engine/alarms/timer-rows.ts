import { randomBytes } from "node:crypto";
import { gather } from "../../gather.ts";
import type { SharedEntry, SharedPlace, SharedRecord } from "../../state/shared-store.ts";
import type { Store } from "../../state/store.ts";
import type { Alarm } from "./alarm.ts";

/** Timers are kept as entries of maps whose names begin like this; the app's own may not. */
export const RESERVED_MAPS = "nonsticky.";

/** How much longer than its timer a row is kept: the longest outage after which it still rings. */
const KEPT_AFTER_DUE_SECONDS = 14 * 24 * 60 * 60;

/** Of a read; a batch of a queue has ten. */
const MOST_ROWS = 100;

/** What is armed: which version is in force, and what its handler is to be called with. */
export interface TimerRow {
  readonly version: string;
  readonly payload?: unknown;
  /** By the clock of whoever set it. Tells nothing but that a row is long past it. */
  readonly dueAtMs: number;
}

/** One that was read, to be changed if it is still that. */
export interface StoredTimer extends TimerRow {
  readonly record: SharedRecord;
}

export const placeOf = ({ of, name, key }: Pick<Alarm, "of" | "name" | "key">): SharedPlace => ({
  map: `${RESERVED_MAPS}${of}.${name}`,
  key,
});

export function toTimerEntry(row: TimerRow): SharedEntry {
  return {
    value: { kind: "json", text: JSON.stringify(row) },
    expiresAtSeconds: Math.ceil(row.dueAtMs / 1000) + KEPT_AFTER_DUE_SECONDS,
  };
}

/**
 * Sees every write that has resolved. One read for all that are asked for at one moment, as those of a batch are, of
 * alarms or of letters.
 */
export async function readTimer(
  store: RowStore,
  alarm: Pick<Alarm, "of" | "name" | "key">,
): Promise<StoredTimer | undefined> {
  const read = readers.get(store) ?? createReader(store);
  readers.set(store, read);
  const record = await read(placeOf(alarm));
  if (record?.value.kind !== "json") return undefined;
  return { ...(JSON.parse(record.value.text) as TimerRow), record };
}

type RowStore = Pick<Store, "getManyShared">;

const readers = new WeakMap<RowStore, ReturnType<typeof createReader>>();

const createReader = (store: RowStore) =>
  gather<SharedPlace, SharedRecord | undefined>({ most: MOST_ROWS, soon: queueMicrotask }, async (places) =>
    (await store.getManyShared(places)).map((value) => ({ status: "fulfilled", value })),
  );

/** Of a timer that is set: the version is its own. */
export const createVersion = (): string => randomBytes(9).toString("base64url");

/** The version of what runs again and again: a name for the whole line, and a number that grows. */
export const createLine = (): string => toLineVersion(createVersion(), 0);

export const nextInLine = (version: string): string => {
  const { line, count } = readLineVersion(version);
  return toLineVersion(line, count + 1);
};

/** Whether an alarm rings for what the row says, or is about to say: the next of a line rings while one still runs. */
export const isInForce = ({ of, version }: Alarm, row: TimerRow): boolean =>
  version === row.version || (of === "every" && version === nextInLine(row.version));

const toLineVersion = (line: string, count: number): string => `${line}.${count}`;

function readLineVersion(version: string): { readonly line: string; readonly count: number } {
  const [line = "", count] = version.split(".");
  return { line, count: Number(count) };
}
