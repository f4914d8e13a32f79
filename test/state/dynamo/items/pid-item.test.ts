import { describe, expect, it } from "vitest";
import type { Pid } from "../../../../lib/ids.ts";
import {
  fromPidItem,
  getPidParams,
  movePidParams,
  toPidItem,
} from "../../../../lib/state/dynamo/items/pid-item.ts";
import { sidOf, socketIdOf, START_MS } from "../../fixtures.ts";

const pid = "p".repeat(20) as Pid;
const key = { pk: "pid#pppppppppppppppppppp", sk: "pid" };
const to = sidOf(2, START_MS + 60_000);

describe("a private id's item", () => {
  it("says whose state it stands for, and whose it was before that", () => {
    const record = { pid, nsp: "/chat", socketId: socketIdOf(1), sid: sidOf(1) };

    const item = toPidItem(record);

    expect(item).toStrictEqual({
      ...key,
      nsp: "/chat",
      socketId: "hpifMT9Ylqq64982elBg",
      sid: "szCOXzHB0f5jTgjMgg2V",
      expiresAt: 1773489414,
    });
    expect(fromPidItem(item)).toStrictEqual(record);
    expect(fromPidItem({ ...item, sid: to, previousSid: sidOf(1) })).toStrictEqual({
      ...record,
      sid: to,
      previousSid: sidOf(1),
    });
  });
});

describe("the requests about a private id", () => {
  it("read it", () => {
    expect(getPidParams("table", pid)).toStrictEqual({ TableName: "table", Key: key, ConsistentRead: true });
  });

  it("move it from one session to another, to live as long as that, or find it moved", () => {
    expect(movePidParams("table", { pid, from: sidOf(1), to, nowSeconds: 1773480413 })).toStrictEqual({
      TableName: "table",
      Key: key,
      UpdateExpression: "SET sid = :to, previousSid = :from, expiresAt = :expiresAt",
      ConditionExpression: "expiresAt > :now AND (sid = :from OR (sid = :to AND previousSid = :from))",
      ExpressionAttributeValues: {
        ":from": "szCOXzHB0f5jTgjMgg2V",
        ":to": to,
        ":expiresAt": 1773489474,
        ":now": 1773480413,
      },
    });
  });
});
