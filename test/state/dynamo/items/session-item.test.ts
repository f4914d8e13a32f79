import { describe, expect, it } from "vitest";
import {
  beginCloseParams,
  finishCloseParams,
  fromSessionItem,
  getSessionParams,
  loadSessionParams,
  noteRemovedParams,
  severSessionParams,
  toSessionItem,
} from "../../../../lib/state/dynamo/items/session-item.ts";
import { sessionOf, sidOf } from "../../fixtures.ts";

const sid = sidOf(1);
const key = { pk: "s#szCOXzHB0f5jTgjMgg2V", sk: "0#session" };
const change = { sid, attempt: "attempt-1", nowSeconds: 1773480413 };

describe("a session's item", () => {
  it("is the record, its key and its expiry", () => {
    expect(toSessionItem(sessionOf(sid))).toStrictEqual({
      pk: "s#szCOXzHB0f5jTgjMgg2V",
      sk: "0#session",
      protocol: 4,
      transport: "websocket",
      connectionId: "PJqB0fHsqRcCHlw=",
      pingIntervalMs: 240_000,
      pingTimeoutMs: 120_000,
      phase: "open",
      expiresAt: 1773489414,
    });
  });

  it("is read back without what belongs to the close", () => {
    const item = { ...toSessionItem(sessionOf(sid)), closeLeaseUntilMs: 1, attempt: "attempt-1" };

    expect(fromSessionItem(item)).toStrictEqual(sessionOf(sid));
  });
});

describe("the requests about a session", () => {
  it("note how far a close has come, of a session that has not expired", () => {
    expect(
      noteRemovedParams("table", { sid, removedUpTo: '["/","a"]', nowSeconds: 1773480413 }),
    ).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET removedUpTo = :removedUpTo",
      ConditionExpression: "expiresAt > :now",
      ExpressionAttributeValues: { ":removedUpTo": '["/","a"]', ":now": 1773480413 },
    });
  });

  it("load its partition up to the handshake, or all of it", () => {
    expect(loadSessionParams("table", { sid, handshake: false })).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk AND sk < :before",
      ExpressionAttributeValues: { ":pk": "s#szCOXzHB0f5jTgjMgg2V", ":before": "~" },
    });
    expect(loadSessionParams("table", { sid, handshake: true, pageLimit: 7 })).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": "s#szCOXzHB0f5jTgjMgg2V" },
      Limit: 7,
    });
  });

  it("get its row", () => {
    expect(getSessionParams("table", sid)).toStrictEqual({
      TableName: "table",
      Key: key,
      ConsistentRead: true,
    });
  });

  it("sever it while it is open", () => {
    expect(severSessionParams("table", change)).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET phase = :to, attempt = :attempt",
      ConditionExpression: "expiresAt > :now AND (phase = :from OR attempt = :attempt)",
      ExpressionAttributeValues: {
        ":from": "open",
        ":to": "severed",
        ":attempt": "attempt-1",
        ":now": 1773480413,
      },
    });
  });

  it("take the lease on its close", () => {
    const close = {
      ...change,
      reason: "ping timeout",
      nowMs: 1773480413589,
      leaseUntilMs: 1773480443589,
    } as const;

    expect(beginCloseParams("table", close)).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression:
        "SET phase = :closing, closeReason = if_not_exists(closeReason, :reason), " +
        "closedAtMs = if_not_exists(closedAtMs, :nowMs), closeLeaseUntilMs = :leaseUntilMs, attempt = :attempt",
      ConditionExpression:
        "expiresAt > :now AND (attempt = :attempt OR (phase <> :closed AND " +
        "(attribute_not_exists(closeLeaseUntilMs) OR closeLeaseUntilMs <= :nowMs)))",
      ExpressionAttributeValues: {
        ":closing": "closing",
        ":closed": "closed",
        ":reason": "ping timeout",
        ":nowMs": 1773480413589,
        ":leaseUntilMs": 1773480443589,
        ":attempt": "attempt-1",
        ":now": 1773480413,
      },
      ReturnValues: "ALL_NEW",
    });
  });

  it("finish its close", () => {
    expect(finishCloseParams("table", change)).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET phase = :to, attempt = :attempt",
      ConditionExpression: "expiresAt > :now AND (phase = :from OR attempt = :attempt)",
      ExpressionAttributeValues: {
        ":from": "closing",
        ":to": "closed",
        ":attempt": "attempt-1",
        ":now": 1773480413,
      },
    });
  });
});
