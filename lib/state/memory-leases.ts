import { sessionExpiresAtSeconds } from "./expiry.ts";
import type { LeaseStore } from "./leases.ts";
import type { MemoryRows } from "./memory-rows.ts";
import { requireSid } from "./row-limits.ts";

/** Of a memory store: who writes to a connection. */
export function createMemoryLeases({ leases }: MemoryRows): LeaseStore {
  return {
    async takeLease({ sid, holder, nowMs, untilMs }) {
      const lease = leases.get(requireSid(sid), "");
      if (lease !== undefined && lease.holder !== holder && lease.untilMs > nowMs) return false;
      leases.put(sid, "", { holder, untilMs }, sessionExpiresAtSeconds(sid));
      return true;
    },

    async endLease(sid, holder) {
      if (leases.get(requireSid(sid), "")?.holder !== holder) return false;
      leases.remove(sid, "");
      return true;
    },
  };
}
