import { createHash } from "node:crypto";
import type { FaultProxy, Passing } from "../support/fault-proxy.ts";

/** How often a request meets what, from 0 to 1. */
export interface TableFaults {
  readonly throttled: number;
  readonly failed: number;
  /** It has its effect, and nobody hears of it. */
  readonly unanswered: number;
  readonly slow: number;
}

export interface TableCounts {
  /** By what DynamoDB calls them. */
  readonly requests: Map<string, number>;
  readonly faults: Record<keyof TableFaults, number>;
}

/** So often in a row is one request met: the SDK tries six times, so none is lost for good, and each is tried again. */
const MOST_IN_A_ROW = 2;
const SLOW_MS = 250;

/** Counts what passes, and lets some of it meet a fault, the same ones for the same seed and order. */
export function hurtTable(proxy: FaultProxy, faults: TableFaults, random: () => number): TableCounts {
  const counts: TableCounts = {
    requests: new Map(),
    faults: { throttled: 0, failed: 0, unanswered: 0, slow: 0 },
  };
  const inARow = new Map<string, number>();
  const meets = (fault: keyof TableFaults, passing: Passing): boolean => {
    if (random() >= faults[fault]) return false;
    if (fault !== "slow") {
      const id = idOf(passing);
      const before = inARow.get(id) ?? 0;
      if (before >= MOST_IN_A_ROW) return false;
      inARow.set(id, before + 1);
    }
    counts.faults[fault] += 1;
    return true;
  };
  proxy.onDelay = (passing) => {
    counts.requests.set(passing.action, (counts.requests.get(passing.action) ?? 0) + 1);
    return meets("slow", passing) ? SLOW_MS * random() : 0;
  };
  proxy.onRefuse = (passing) => {
    if (meets("throttled", passing)) return ["ProvisionedThroughputExceededException", "Slow down"];
    if (meets("failed", passing)) return ["InternalServerError", "Try again", 500];
    return undefined;
  };
  proxy.onAfter = (passing) => meets("unanswered", passing);
  return counts;
}

export function healTable(proxy: FaultProxy): void {
  proxy.onDelay = () => 0;
  proxy.onRefuse = () => undefined;
  proxy.onAfter = () => false;
}

const idOf = ({ action, body }: Passing): string =>
  createHash("sha1").update(action).update(body).digest("base64");
