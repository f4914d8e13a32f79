import type { Clock } from "../clock.ts";
import type { DeploymentStore } from "./deployment.ts";
import { sweepExpiresAtSeconds } from "./expiry.ts";
import type { MemoryRows } from "./memory-rows.ts";

/** Of a memory store: what its stack is made of. */
export function createMemoryDeployment({ deployments }: MemoryRows, clock: Clock): DeploymentStore {
  return {
    async saveDeployment(deployment) {
      deployments.put("", "", deployment, sweepExpiresAtSeconds(clock));
    },
    async getDeployment() {
      return deployments.get("", "");
    },
  };
}
