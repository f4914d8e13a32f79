import { describe, expect, it } from "vitest";
import {
  fromAckItem,
  listAnswersParams,
  saveAnswerParams,
  toAckItems,
} from "../../../../lib/state/dynamo/items/ack-item.ts";
import { answerOf, questionOf, START_MS } from "../../fixtures.ts";

const key = { pk: "ack#7", sk: "szCOXzHB0f5jTgjMgg2V" };

describe("the items of a question", () => {
  it("are one for each session, with nothing but where and how long it was asked", () => {
    const items = toAckItems(questionOf([1, 2], { nsp: "/chat" }));

    expect(items).toStrictEqual([
      { ...key, nsp: "/chat", expiresAt: 1773480424 },
      { ...key, sk: items[1]?.sk, nsp: "/chat", expiresAt: 1773480424 },
    ]);
  });

  it("are read as answers once there are any", () => {
    const [item = {}] = toAckItems(questionOf([1]));

    expect(fromAckItem(item)).toBeUndefined();
    expect(
      fromAckItem({ ...item, messages: ["370", new Uint8Array([1])], atMs: START_MS, attempt: "a" }),
    ).toStrictEqual(answerOf(1, ["370", new Uint8Array([1])]));
  });
});

describe("the requests about answers", () => {
  it("save the first one of who was asked", () => {
    const answer = answerOf(1, ["370", new Uint8Array([1])]);

    expect(saveAnswerParams("table", { answer, attempt: "attempt-1", nowSeconds: 1773480413 })).toStrictEqual(
      {
        TableName: "table",
        Key: key,
        UpdateExpression: "SET messages = :messages, atMs = :atMs, attempt = :attempt",
        ConditionExpression:
          "expiresAt > :now AND nsp = :nsp AND (attribute_not_exists(messages) OR attempt = :attempt)",
        ExpressionAttributeValues: {
          ":messages": ["370", new Uint8Array([1])],
          ":atMs": 1773480413589,
          ":attempt": "attempt-1",
          ":nsp": "/",
          ":now": 1773480413,
        },
      },
    );
  });

  it("list them", () => {
    expect(listAnswersParams("table", { ackId: 9_007_199_254_740_991, pageLimit: 5 })).toStrictEqual({
      TableName: "table",
      ConsistentRead: true,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": "ack#9007199254740991" },
      Limit: 5,
    });
  });
});
