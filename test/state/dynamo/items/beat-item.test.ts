import { describe, expect, it } from "vitest";
import {
  deleteBeatParams,
  getBeatParams,
  hasBeatsParams,
  listBeatsParams,
  openBeatParams,
  recordPongParams,
} from "../../../../lib/state/dynamo/items/beat-item.ts";
import { beatOf, sidOf, START_MS } from "../../fixtures.ts";

const sid = sidOf(1);
const key = { pk: "beat#0000240000#6", sk: "0000173589#szCOXzHB0f5jTgjMgg2V" };

describe("the requests about a beat", () => {
  it("open it and keep a pong that is there", () => {
    expect(openBeatParams("table", beatOf(sid))).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression:
        "SET route = :route, expiresAt = :expiresAt, lastPongAtMs = if_not_exists(lastPongAtMs, :lastPongAtMs)",
      ExpressionAttributeValues: {
        ":route": "c:PJqB0fHsqRcCHlw=",
        ":expiresAt": 1773489414,
        ":lastPongAtMs": START_MS,
      },
    });
  });

  it("record a pong that is not older than the last", () => {
    const pong = { sid, pingIntervalMs: 240_000, atMs: START_MS + 5, nowSeconds: 1773480413 };

    expect(recordPongParams("table", pong)).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET lastPongAtMs = :atMs",
      ConditionExpression: "expiresAt > :now AND lastPongAtMs <= :atMs",
      ExpressionAttributeValues: { ":atMs": 1773480413594, ":now": 1773480413 },
    });
  });

  it("get and delete it", () => {
    expect(getBeatParams("table", sid, 240_000)).toStrictEqual({
      TableName: "table",
      Key: key,
      ConsistentRead: true,
    });
    expect(deleteBeatParams("table", sid, 240_000)).toStrictEqual({ TableName: "table", Key: key });
  });

  it("query few of a shard, to know whether there are any", () => {
    expect(hasBeatsParams("table", 240_000, 6)).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": "beat#0000240000#6" },
      Limit: 20,
    });
  });

  it("query a range of phases in one shard", () => {
    const walk = { pingIntervalMs: 240_000, shard: 6, fromPhaseMs: 1_000, toPhaseMs: 240_000 };

    expect(listBeatsParams("table", walk)).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
      ExpressionAttributeValues: { ":pk": "beat#0000240000#6", ":from": "0000001000", ":to": "0000240000" },
    });
  });
});
