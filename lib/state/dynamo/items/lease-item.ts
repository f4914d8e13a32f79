import type { GetCommandInput, UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Sid } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { LeaseRequest } from "../../leases.ts";
import { IS_LIVE } from "../expressions.ts";
import { leaseKey } from "../keys.ts";

/** The holder passes at any time: it may be the repetition of a request that was done. */
export const takeLeaseParams = (
  tableName: string,
  lease: LeaseRequest & { readonly nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: leaseKey(lease.sid),
  UpdateExpression: "SET holder = :holder, untilMs = :untilMs, expiresAt = :expiresAt",
  ConditionExpression:
    "attribute_not_exists(holder) OR holder = :holder OR untilMs <= :nowMs OR expiresAt <= :now",
  ExpressionAttributeValues: {
    ":holder": lease.holder,
    ":untilMs": lease.untilMs,
    ":nowMs": lease.nowMs,
    ":expiresAt": sessionExpiresAtSeconds(lease.sid),
    ":now": lease.nowSeconds,
  },
});

/**
 * The row stays, without a holder, for the call that ended the lease: refused when it comes again, it finds itself in
 * `endedBy`, also behind the next holder's back.
 */
export const endLeaseParams = (
  tableName: string,
  lease: { sid: Sid; holder: string; attempt: string; nowSeconds: number },
): UpdateCommandInput => ({
  TableName: tableName,
  Key: leaseKey(lease.sid),
  UpdateExpression: "SET endedBy = :attempt REMOVE holder, untilMs",
  ConditionExpression: `${IS_LIVE} AND holder = :holder`,
  ExpressionAttributeValues: {
    ":holder": lease.holder,
    ":attempt": lease.attempt,
    ":now": lease.nowSeconds,
  },
});

export const getLeaseParams = (tableName: string, sid: Sid): GetCommandInput => ({
  TableName: tableName,
  Key: leaseKey(sid),
  ConsistentRead: true,
});
