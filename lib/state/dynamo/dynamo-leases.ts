import type { LeaseStore } from "../leases.ts";
import { createAttempt } from "./attempt.ts";
import { endLeaseParams, getLeaseParams, takeLeaseParams } from "./items/lease-item.ts";
import type { Table } from "./table.ts";

/** Of the DynamoDB store: who writes to a connection. */
export function createDynamoLeases(table: Table): LeaseStore {
  const { name } = table;
  return {
    async takeLease(lease) {
      const params = takeLeaseParams(name, { ...lease, nowSeconds: table.nowSeconds() });
      return (await table.update(params)) !== undefined;
    },
    async endLease(sid, holder) {
      const call = { sid, holder, attempt: createAttempt(), nowSeconds: table.nowSeconds() };
      if ((await table.update(endLeaseParams(name, call))) !== undefined) return true;
      return (await table.get(getLeaseParams(name, sid)))?.["endedBy"] === call.attempt;
    },
  };
}
