import { describe, expect, it } from "vitest";
import { deletePendingParams, savePendingParams } from "../../../../lib/state/dynamo/items/pending-item.ts";
import { sidOf } from "../../fixtures.ts";

const key = { pk: "s#szCOXzHB0f5jTgjMgg2V", sk: "1#pending" };

describe("the requests about a pending packet", () => {
  it("put header and parts, as they came", () => {
    const pending = { header: "51-[]", parts: [new Uint8Array([1, 2]), new Uint8Array()] };

    expect(savePendingParams("table", sidOf(1), pending)).toStrictEqual({
      TableName: "table",
      Item: {
        ...key,
        header: "51-[]",
        parts: [new Uint8Array([1, 2]), new Uint8Array()],
        expiresAt: 1773489414,
      },
    });
  });

  it("delete it", () => {
    expect(deletePendingParams("table", sidOf(1))).toStrictEqual({ TableName: "table", Key: key });
  });
});
