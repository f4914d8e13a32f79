import { describe, expect, it } from "vitest";
import {
  deleteSweepParams,
  listSweepsParams,
  saveSweepParams,
} from "../../../../lib/state/dynamo/items/sweep-item.ts";
import { START_MS, sweepOf } from "../../fixtures.ts";

const key = { pk: "sweep", sk: "0000240000" };
const save = (previousPingedUntilMs: number | undefined) =>
  saveSweepParams("table", {
    sweep: sweepOf(),
    previousPingedUntilMs,
    attempt: "attempt-1",
    expiresAtSeconds: 1773566814,
    nowSeconds: 1773480413,
  });
const item = {
  ...key,
  pingTimeoutMs: 120_000,
  pingedUntilMs: START_MS,
  reapedUntilMs: START_MS - 120_000,
  noReapBeforeMs: 0,
  configuredAtMs: START_MS,
  attempt: "attempt-1",
  expiresAt: 1773566814,
};

describe("the requests about sweeps", () => {
  it("save the first one of an interval", () => {
    expect(save(undefined)).toStrictEqual({
      TableName: "table",
      Item: item,
      ConditionExpression: "attribute_not_exists(pk) OR expiresAt <= :now OR attempt = :attempt",
      ExpressionAttributeValues: { ":attempt": "attempt-1", ":now": 1773480413 },
    });
  });

  it("save one that goes on from another", () => {
    expect(save(START_MS - 60_000)).toStrictEqual({
      TableName: "table",
      Item: item,
      ConditionExpression: "expiresAt > :now AND (pingedUntilMs = :previous OR attempt = :attempt)",
      ExpressionAttributeValues: { ":attempt": "attempt-1", ":now": 1773480413, ":previous": 1773480353589 },
    });
  });

  it("list and delete them", () => {
    expect(listSweepsParams("table")).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": "sweep" },
    });
    expect(deleteSweepParams("table", 240_000)).toStrictEqual({ TableName: "table", Key: key });
  });
});
