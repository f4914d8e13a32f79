import type { Runtime } from "../runtime.ts";
import type { Alarm, AlarmTime } from "./alarm.ts";

/** How much earlier than asked for a carrier may ring, and a bit. */
const EARLY_MS = 750;

/**
 * Sets an alarm and writes the row that says it is in force, in this order: what crashes in between leaves the row as it
 * was, and an alarm that rings for nobody. The other way round a timer would be replaced by one that never rings.
 *
 *     this   sets the alarm, in one second
 *     this   writes the row, and gets no answer for that long
 *     alarm  comes, finds no row that knows it, and is dropped
 *     this   writes the row: nothing would ever ring  → sets the alarm again
 *
 * The alarm is set at once, whatever comes before `write` in the turn: so the alarms of a turn are one message each in
 * one request.
 */
export async function arm<T>(
  { alarms, clock }: Pick<Runtime, "alarms" | "clock">,
  alarm: Alarm,
  { inMs, ...time }: AlarmTime,
  write: () => Promise<T>,
  inOrder: (stage: () => Promise<T>) => Promise<T> = (stage) => stage(),
): Promise<T> {
  const startedMs = clock.nowMs();
  const isSet = alarms.set(alarm, { inMs, ...time });
  // The stage that waits for it may begin later, or never.
  isSet.catch(() => undefined);
  return inOrder(async () => {
    await isSet;
    const outcome = await write();
    const leftMs = inMs - (clock.nowMs() - startedMs);
    if (leftMs < EARLY_MS) await alarms.set(alarm, { inMs: Math.max(0, leftMs), ...time });
    return outcome;
  });
}
