import type { Clock } from "../clock.ts";
import { openedAtMs } from "../ids.ts";
import { sessionExpiresAtSeconds, sweepExpiresAtSeconds } from "./expiry.ts";
import { toIntervalKey, type MemoryRows } from "./memory-rows.ts";
import { requireSid } from "./row-limits.ts";
import type { Store } from "./store.ts";

export type BeatMethods = Pick<
  Store,
  | "openBeat"
  | "recordPong"
  | "getBeat"
  | "deleteBeat"
  | "listBeats"
  | "hasBeats"
  | "listSweeps"
  | "saveSweep"
  | "deleteSweep"
>;

/** Of a memory store: who is alive, and how far the walk over them has come. */
export function createMemoryBeats(
  { beats, sweeps }: MemoryRows,
  { clock, pageSize }: { readonly clock: Clock; readonly pageSize: number },
): BeatMethods {
  return {
    async openBeat(beat) {
      const interval = toIntervalKey(beat.pingIntervalMs);
      const lastPongAtMs = beats.get(interval, requireSid(beat.sid))?.lastPongAtMs ?? beat.lastPongAtMs;
      beats.put(interval, beat.sid, { ...beat, lastPongAtMs }, sessionExpiresAtSeconds(beat.sid));
    },

    async recordPong(sid, pingIntervalMs, atMs) {
      const beat = beats.get(toIntervalKey(pingIntervalMs), requireSid(sid));
      if (beat === undefined) return false;
      const lastPongAtMs = Math.max(beat.lastPongAtMs, atMs);
      beats.put(toIntervalKey(pingIntervalMs), sid, { ...beat, lastPongAtMs }, sessionExpiresAtSeconds(sid));
      return true;
    },

    async getBeat(sid, pingIntervalMs) {
      return beats.get(toIntervalKey(pingIntervalMs), requireSid(sid));
    },
    async deleteBeat(sid, pingIntervalMs) {
      beats.remove(toIntervalKey(pingIntervalMs), requireSid(sid));
    },

    async *listBeats(pingIntervalMs, fromPhaseMs, toPhaseMs) {
      for await (const page of beats.pages(toIntervalKey(pingIntervalMs), pageSize)) {
        const due = page.filter(({ sid }) => {
          const phaseMs = openedAtMs(sid) % pingIntervalMs;
          return fromPhaseMs <= phaseMs && phaseMs < toPhaseMs;
        });
        if (due.length > 0) yield due;
      }
    },

    async hasBeats(pingIntervalMs) {
      for await (const page of beats.pages(toIntervalKey(pingIntervalMs), pageSize))
        if (page.length > 0) return true;
      return false;
    },

    async listSweeps() {
      return sweeps.list("");
    },
    async saveSweep(sweep, previousPingedUntilMs) {
      const key = toIntervalKey(sweep.pingIntervalMs);
      if (sweeps.get("", key)?.pingedUntilMs !== previousPingedUntilMs) return false;
      sweeps.put("", key, sweep, sweepExpiresAtSeconds(clock));
      return true;
    },
    async deleteSweep(pingIntervalMs) {
      sweeps.remove("", toIntervalKey(pingIntervalMs));
    },
  };
}
