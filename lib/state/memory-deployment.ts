import type { Clock } from "../clock.ts";
import type { DeploymentStore } from "./deployment.ts";
import { countExpiresAtSeconds, sweepExpiresAtSeconds } from "./expiry.ts";
import type { MemoryRows } from "./memory-rows.ts";
import { MAX_RESERVED_MS, type PaceStore } from "./pace-store.ts";

/** Of a memory store: what its stack is made of, how many of its processes poll, and how fast they may post. */
export function createMemoryDeployment(
  { deployments, pollers, paces }: MemoryRows,
  clock: Clock,
): DeploymentStore & PaceStore {
  return {
    async saveDeployment(deployment) {
      deployments.put("", "", deployment, sweepExpiresAtSeconds(clock));
    },
    async getDeployment() {
      return deployments.get("", "");
    },
    async countPoller(span) {
      const counted = (pollers.get("", String(span)) ?? 0) + 1;
      pollers.put("", String(span), counted, countExpiresAtSeconds(clock));
      return Math.max(counted, pollers.get("", String(span - 1)) ?? 0);
    },

    async reservePosts({ durationMs, nowMs }) {
      const row = paces.get("", "");
      const reservedMs = row?.untilMs ?? 0;
      const isAhead = reservedMs > nowMs && reservedMs <= nowMs + MAX_RESERVED_MS;
      const reserved = { ...row, untilMs: (isAhead ? reservedMs : nowMs) + durationMs };
      paces.put("", "", reserved, countExpiresAtSeconds(clock));
      return reserved;
    },

    async cutPace(cut, unlessSinceMs) {
      const row = paces.get("", "");
      if (row?.cut !== undefined && row.cut.atMs >= unlessSinceMs) return false;
      paces.put("", "", { untilMs: row?.untilMs ?? 0, cut }, countExpiresAtSeconds(clock));
      return true;
    },
  };
}
