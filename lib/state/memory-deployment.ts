import type { Clock } from "../clock.ts";
import type { DeploymentStore } from "./deployment.ts";
import { countExpiresAtSeconds, sweepExpiresAtSeconds } from "./expiry.ts";
import type { MemoryRows } from "./memory-rows.ts";

/** Of a memory store: what its stack is made of, and how many of its processes poll. */
export function createMemoryDeployment({ deployments, pollers }: MemoryRows, clock: Clock): DeploymentStore {
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
  };
}
