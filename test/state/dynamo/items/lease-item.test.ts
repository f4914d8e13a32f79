import { describe, expect, it } from "vitest";
import {
  endLeaseParams,
  getLeaseParams,
  takeLeaseParams,
} from "../../../../lib/state/dynamo/items/lease-item.ts";
import { sidOf, START_MS } from "../../fixtures.ts";

const sid = sidOf(1);
const key = { pk: "lease#szCOXzHB0f5jTgjMgg2V", sk: "lease" };
const nowSeconds = 1773480413;

describe("the requests about a lease", () => {
  it("take it when nobody holds it, or the same holder does", () => {
    const lease = { sid, holder: "a", nowMs: START_MS, untilMs: START_MS + 5000, nowSeconds };

    expect(takeLeaseParams("table", lease)).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET holder = :holder, untilMs = :untilMs, expiresAt = :expiresAt",
      ConditionExpression:
        "attribute_not_exists(holder) OR holder = :holder OR untilMs <= :nowMs OR expiresAt <= :now",
      ExpressionAttributeValues: {
        ":holder": "a",
        ":untilMs": 1773480418589,
        ":nowMs": 1773480413589,
        ":expiresAt": 1773489414,
        ":now": 1773480413,
      },
    });
  });

  it("end it, leave the name of the call, and look for that", () => {
    expect(endLeaseParams("table", { sid, holder: "a", attempt: "attempt-1", nowSeconds })).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET endedBy = :attempt REMOVE holder, untilMs",
      ConditionExpression: "expiresAt > :now AND holder = :holder",
      ExpressionAttributeValues: { ":holder": "a", ":attempt": "attempt-1", ":now": 1773480413 },
    });
    expect(getLeaseParams("table", sid)).toStrictEqual({
      TableName: "table",
      Key: key,
      ConsistentRead: true,
    });
  });
});
