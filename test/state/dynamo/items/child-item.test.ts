import { describe, expect, it } from "vitest";
import {
  fromChildItem,
  listChildrenParams,
  toChildItem,
} from "../../../../lib/state/dynamo/items/child-item.ts";

describe("a child namespace", () => {
  it("is a row of its parent, with nothing but its name", () => {
    const item = toChildItem("/p", "/a#1", 1773489414);

    expect(item).toStrictEqual({ pk: "children#2:/p", sk: "4:/a#1", expiresAt: 1773489414 });
    expect(fromChildItem(item)).toBe("/a#1");
  });

  it("is listed with its siblings", () => {
    expect(listChildrenParams("table", { parent: "/p" })).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": "children#2:/p" },
    });
  });
});
