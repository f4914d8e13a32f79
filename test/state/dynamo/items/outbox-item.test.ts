import { describe, expect, it } from "vitest";
import { toConnectionId } from "../../../../lib/ids.ts";
import {
  deleteOutboxParams,
  endProbeParams,
  fromOutboxItem,
  getOutboxParams,
  moveOutboxParams,
  startProbeParams,
  toHoldItem,
  toOutboxItem,
} from "../../../../lib/state/dynamo/items/outbox-item.ts";
import { probeOf, sidOf, START_MS } from "../../fixtures.ts";

const sid = sidOf(1);
const key = { pk: "out#szCOXzHB0f5jTgjMgg2V", sk: "outbox" };
const connectionId = toConnectionId("ws=");
const nowSeconds = 1773480413;

describe("an outbox's item", () => {
  it("is empty at first, and read back without what is for repeated requests", () => {
    const item = toOutboxItem(sid);

    expect(item).toStrictEqual({
      ...key,
      frames: [],
      bytes: 0,
      held: 0,
      lastGetUntilMs: START_MS,
      expiresAt: 1773489414,
    });
    expect(fromOutboxItem({ ...item, taken: ["2"], takenBy: "a", marks0: new Set(["b"]) })).toStrictEqual({
      sid,
      frames: [],
      lastGetUntilMs: START_MS,
      closed: false,
    });
  });

  it("has the probe that it is for, when it is a hold", () => {
    const item = toHoldItem(sid, connectionId);

    expect(item).toStrictEqual({
      ...toOutboxItem(sid),
      probe: "ws=",
      probeUntilMs: 9_007_199_254_740_991,
    });
    expect(fromOutboxItem(item)).toMatchObject({ probe: { target: "ws=" }, closed: false });
  });

  it("is read whole", () => {
    const item = {
      ...toOutboxItem(sid),
      frames: ["2"],
      getId: "g1",
      getUntilMs: 1,
      probe: "ws=",
      probeUntilMs: 2,
      connectionId: "moved=",
      closed: "attempt",
    };

    expect(fromOutboxItem(item)).toStrictEqual({
      sid,
      frames: ["2"],
      movedTo: "moved=",
      probe: { target: "ws=", untilMs: 2 },
      get: { id: "g1", untilMs: 1 },
      lastGetUntilMs: START_MS,
      closed: true,
    });
  });
});

describe("the requests about an outbox", () => {
  it("get and delete it", () => {
    expect(getOutboxParams("table", sid)).toStrictEqual({
      TableName: "table",
      Key: key,
      ConsistentRead: true,
    });
    expect(deleteOutboxParams("table", sid)).toStrictEqual({ TableName: "table", Key: key });
  });

  it("start a probe where there is no other", () => {
    expect(startProbeParams("table", { ...probeOf(sid, "ws="), nowSeconds })).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET probe = :connectionId, probeUntilMs = :untilMs",
      ConditionExpression:
        "expiresAt > :now AND attribute_not_exists(closed) AND attribute_not_exists(connectionId) " +
        "AND (attribute_not_exists(probe) OR probeUntilMs <= :nowMs OR probe = :connectionId)",
      ExpressionAttributeValues: {
        ":connectionId": "ws=",
        ":untilMs": START_MS + 10_000,
        ":nowMs": START_MS,
        ":now": nowSeconds,
      },
    });
  });

  it("end a probe by its own name", () => {
    expect(endProbeParams("table", { sid, connectionId, attempt: "attempt", nowSeconds })).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET probeEnd = :attempt REMOVE probe, probeUntilMs",
      ConditionExpression: "expiresAt > :now AND probe = :connectionId",
      ExpressionAttributeValues: { ":connectionId": "ws=", ":attempt": "attempt", ":now": nowSeconds },
    });
  });

  it("move it when it is empty, or to where it is", () => {
    expect(moveOutboxParams("table", { sid, target: connectionId, nowSeconds })).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression:
        "SET connectionId = :connectionId, held = bytes REMOVE probe, probeUntilMs, taken, takenBy",
      ConditionExpression:
        "expiresAt > :now AND (connectionId = :connectionId OR (attribute_not_exists(connectionId) " +
        "AND attribute_not_exists(closed) AND bytes = :none AND probe = :connectionId))",
      ExpressionAttributeValues: { ":connectionId": "ws=", ":none": 0, ":now": nowSeconds },
    });
  });
});
