import { describe, expect, it } from "vitest";
import {
  countPollerParams,
  fromPollersItem,
  getPollersParams,
} from "../../../lib/state/dynamo/items/pollers-item.ts";

describe("the requests about processes that poll", () => {
  it("count one more in a span, and learn how many there are", () => {
    expect(countPollerParams("table", { span: 59_118_893, expiresAtSeconds: 1773567414 })).toStrictEqual({
      TableName: "table",
      Key: { pk: "pollers", sk: "0059118893" },
      UpdateExpression: "SET expiresAt = :expires ADD counted :one",
      ExpressionAttributeValues: { ":expires": 1773567414, ":one": 1 },
      ReturnValues: "ALL_NEW",
    });
    expect(fromPollersItem({ counted: 3 })).toBe(3);
  });

  it("read the span before", () => {
    expect(getPollersParams("table", 59_118_892)).toStrictEqual({
      TableName: "table",
      Key: { pk: "pollers", sk: "0059118892" },
      ConsistentRead: true,
    });
  });
});
