import "../../../lib/live.ts";
import type { MemoryStore } from "../../../lib/state/memory-store.ts";
import type { Model } from "../explorer.ts";
import { seat, type Guest } from "../guest.ts";
import { World, type Instance, type WorldOptions } from "../world.ts";

/** What is in the table at the end, by the names of the values; of keys, in their order. */
export type Stored = Readonly<Record<string, unknown>>;

export interface LivePlay {
  /** The app's module, with what its handlers say. */
  readonly app: (instance: Instance, say: (line: string) => void) => void;
  /** What each of the clients does. */
  readonly letters: readonly ((guest: Guest) => ReturnType<Guest["frame"]>[])[];
  readonly options?: WorldOptions;
  /** For controls: a table that is wrong. */
  readonly spoil?: (store: MemoryStore) => void;
  readonly check: (stored: Stored, world: World, guests: readonly Guest[]) => string | undefined;
}

/** Clients of an app with live values, whose letters run on an instance each. */
export const playLive =
  ({ app, letters, options = {}, spoil, check }: LivePlay): Model =>
  async (schedule) => {
    const world: World = new World(schedule, {
      ...options,
      app: (instance) => app(instance, (line) => world.said.push(line)),
    });
    spoil?.(world.table.own);
    const guests: Guest[] = [];
    for (const [index, toLetters] of letters.entries()) {
      const guest = await seat(world, index + 1);
      guests.push(guest);
      for (const letter of toLetters(guest)) world.prepare(letter);
    }
    return async () => check(toStored(await world.table.own.listLive()), world, guests);
  };

function toStored(rows: Awaited<ReturnType<MemoryStore["listLive"]>>): Stored {
  const stored: Record<string, unknown> = {};
  for (const { name, key, text } of rows.toSorted((a, b) => a.rank - b.rank)) {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    if (key === undefined) stored[name] = value;
    else stored[name] = { ...(stored[name] as object | undefined), [key]: value };
  }
  return stored;
}

/** A table that writes whatever is in a row by then. */
export function writeBlindly(store: MemoryStore): void {
  const { commitLive } = store;
  store.commitLive = async (commit) => {
    const rows = await store.listLive();
    const writes = commit.writes.map((write) =>
      write.kind === "add"
        ? write
        : {
            ...write,
            previous: rows.find(({ name, key }) => name === write.name && key === write.key)?.version ?? "",
          },
    );
    const there = writes.map((write) =>
      write.kind === "put" && write.previous === "" ? { ...write, previous: undefined } : write,
    );
    return commitLive({ ...commit, writes: there });
  };
}

/** A table that keeps no note of what letters have changed. */
export function forgetStrokes(store: MemoryStore): void {
  const { commitLive } = store;
  store.commitLive = (commit) => commitLive({ ...commit, strokes: [] });
}

export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
