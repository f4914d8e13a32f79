import type { BeatRecord } from "../../state/records.ts";
import { endSession } from "../end-session.ts";
import { connectionOf, type Runtime } from "../runtime.ts";

const MAX_CONCURRENT = 16;

/**
 * Ends every session. They are found by their beats: each session has exactly one, those that have joined no
 * namespace yet as well, under the interval it was opened with; the sweeps say which intervals there are.
 */
export async function closeEverySession(runtime: Runtime, configuredIntervalMs: number): Promise<void> {
  const sweeps = await runtime.store.listSweeps();
  const intervals = new Set([configuredIntervalMs, ...sweeps.map((sweep) => sweep.pingIntervalMs)]);
  for (const pingIntervalMs of intervals) {
    for await (const beats of runtime.store.listBeats(pingIntervalMs, 0, pingIntervalMs)) {
      for (let from = 0; from < beats.length; from += MAX_CONCURRENT) {
        await Promise.all(
          beats.slice(from, from + MAX_CONCURRENT).map((beat) => closeSession(runtime, beat)),
        );
      }
    }
  }
}

const closeSession = (runtime: Runtime, { sid, route }: BeatRecord): Promise<void> =>
  endSession(runtime, sid, connectionOf(route), "server shutting down");
