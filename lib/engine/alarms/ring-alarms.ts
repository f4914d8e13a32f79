import { createSid } from "../../ids.ts";
import type { Runtime } from "../runtime.ts";
import type { Ringing } from "./alarm.ts";
import { isInForce, readTimer } from "./timer-rows.ts";

/** What is this close is waited for. Further away it goes back to the carrier, whose longest wait may be shorter. */
const LONGEST_WAIT_MS = 1_000;

/**
 * Turns alarms into letters to their timers, each when it is due. What has been cancelled or replaced is dropped, for
 * one read: most timers are, before they ring. Resolves with the ids of those that must be handed over again.
 */
export async function ringAlarms(runtime: Runtime, ringing: readonly Ringing[]): Promise<readonly string[]> {
  const failed: string[] = [];
  await Promise.all(
    ringing.map(async (one) => {
      try {
        await ring(runtime, one);
      } catch (error) {
        const { of, name } = one.alarm;
        runtime.logger.error("an alarm failed, and comes again", { of, timer: name, error });
        failed.push(one.id);
      }
    }),
  );
  return failed;
}

async function ring(runtime: Runtime, { alarm, dueAtMs, leftMs }: Ringing): Promise<void> {
  const startedMs = runtime.clock.nowMs();
  const row = await readTimer(runtime.store, alarm);
  if (row === undefined || !isInForce(alarm, row)) return;
  if (leftMs > LONGEST_WAIT_MS) return runtime.alarms.set(alarm, { inMs: leftMs, dueAtMs });
  const readMs = Math.max(0, runtime.clock.nowMs() - startedMs);
  if (leftMs > readMs) await runtime.clock.sleep(leftMs - readMs);
  const atMs = runtime.clock.nowMs();
  await runtime.mailbox.send({ kind: "timer", sid: createSid(atMs), atMs, dueAtMs, ...alarm });
}
