import { arm } from "../../engine/alarms/arm.ts";
import {
  createLine,
  nextInLine,
  placeOf,
  readTimer,
  toTimerEntry,
  type StoredTimer,
} from "../../engine/alarms/timer-rows.ts";
import type { Letter } from "../../engine/letter.ts";
import type { Runtime } from "../../engine/runtime.ts";

/** How long after its time a row is taken for one that nothing rings for any more; far more than clocks differ. */
const LOST_AFTER_MS = 5 * 60_000;

export interface Recurring {
  readonly name: string;
  readonly everyMs: number;
  readonly isWhileConnected: boolean;
  /** By which sessions are found. */
  readonly pingIntervalMs: number;
}

/**
 * Begins it, unless it runs already: the first time is a period from now. One read; a message and a write to begin. Of
 * several that begin it at once one does.
 */
export async function begin(runtime: Runtime, recurring: Recurring): Promise<void> {
  const id = toId(recurring);
  const row = await readTimer(runtime.store, id);
  const nowMs = runtime.clock.nowMs();
  if (row !== undefined && nowMs < row.dueAtMs + 2 * recurring.everyMs + LOST_AFTER_MS) return;
  const version = createLine();
  const inMs = recurring.everyMs;
  await arm(runtime, { ...id, version }, { inMs }, () =>
    replace(runtime, recurring, row, { version, dueAtMs: nowMs + inMs }),
  );
}

/**
 * One time of it. The next is set before the handler runs, at a multiple of the period whatever this one was late, and
 * is in force when it has ended: a crash has this one come again, and the next, if it is due by then, wait behind it.
 */
export async function recur(
  runtime: Runtime,
  recurring: Recurring,
  letter: Letter & { kind: "timer" },
  receivedAtMs: number | undefined,
  handle: () => Promise<void>,
): Promise<void> {
  const id = toId(recurring);
  const row = await readTimer(runtime.store, id);
  if (row === undefined || row.version !== letter.version) return;
  if (recurring.isWhileConnected && !(await isAnyoneConnected(runtime, recurring)))
    return endUnlessConnected(runtime, recurring, row);
  const version = nextInLine(row.version);
  const lateMs = Math.max(0, (receivedAtMs ?? letter.dueAtMs) - letter.dueAtMs);
  const inMs = recurring.everyMs - (lateMs % recurring.everyMs);
  const next = { version, dueAtMs: runtime.clock.nowMs() + inMs };
  await runtime.alarms.set({ ...id, version }, { inMs, dueAtMs: letter.dueAtMs + lateMs + inMs });
  await handle();
  await replace(runtime, recurring, row, next);
}

/**
 * Nobody is there. A client that comes meanwhile either finds the row gone, or is found here:
 *
 *     client  its beat is written, then it asks for the row: there, so it begins nothing
 *     this    removes the row                                ← nothing would ring for that client
 *     this    asks for beats: there is one → begins again
 */
async function endUnlessConnected(runtime: Runtime, recurring: Recurring, row: StoredTimer): Promise<void> {
  await runtime.store.replaceShared(placeOf(toId(recurring)), row.record, undefined);
  if (await isAnyoneConnected(runtime, recurring)) await begin(runtime, recurring);
}

/** Whether there is any session, by its beat. One read where there are many. */
async function isAnyoneConnected({ store }: Runtime, { pingIntervalMs }: Recurring): Promise<boolean> {
  if (await store.hasBeats(pingIntervalMs)) return true;
  // Of before a deploy that has changed it.
  for (const sweep of await store.listSweeps()) {
    if (sweep.pingIntervalMs !== pingIntervalMs && (await store.hasBeats(sweep.pingIntervalMs))) return true;
  }
  return false;
}

const replace = (
  { store }: Runtime,
  recurring: Recurring,
  row: StoredTimer | undefined,
  next: { readonly version: string; readonly dueAtMs: number },
): Promise<boolean> => store.replaceShared(placeOf(toId(recurring)), row?.record, toTimerEntry(next));

const toId = ({ name }: Recurring) => ({ of: "every", name, key: "" }) as const;
