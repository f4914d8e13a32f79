import { describe, expect, it } from "vitest";
import type { Pid } from "../../../../lib/ids.ts";
import {
  fromSocketItem,
  saveSocketParams,
  toSocketItem,
} from "../../../../lib/state/dynamo/items/socket-item.ts";
import type { SocketChanges } from "../../../../lib/state/store.ts";
import { connectOf, sidOf, socketIdOf, START_MS } from "../../fixtures.ts";

const sid = sidOf(1);
const key = { pk: "s#szCOXzHB0f5jTgjMgg2V", sk: "2#socket#5:/chat" };
const save = (changes: Partial<SocketChanges>) =>
  saveSocketParams("table", {
    sid,
    nsp: "/chat",
    socketId: socketIdOf(1),
    changes: { set: {}, remove: [], spent: [], ...changes },
    nowSeconds: 1773480413,
  });

describe("a socket's item", () => {
  it("has an empty map for no data, and no attribute for nothing spent", () => {
    expect(toSocketItem(sid, connectOf(1, "/chat").socket)).toStrictEqual({
      ...key,
      socketId: "hpifMT9Ylqq64982elBg",
      connectedAtMs: START_MS,
      data: {},
      expiresAt: 1773489414,
    });
  });

  it("names the private id and the parent, where there are any", () => {
    const { socket } = connectOf(1, "/chat", [], { pid: "p".repeat(20) as Pid, parent: "/" });

    const item = toSocketItem(sid, socket);

    expect(item).toMatchObject({ pid: "pppppppppppppppppppp", parent: "/" });
    expect(fromSocketItem(item)).toStrictEqual(socket);
  });

  it("dots the names that an app chose, and is read back without the dots", () => {
    const { socket } = connectOf(1, "/chat", [], { data: { "": "1", a: "2" }, spent: ["", "b"] });

    const item = toSocketItem(sid, socket);

    expect(item).toMatchObject({ data: { ".": "1", ".a": "2" }, spent: new Set([".", ".b"]) });
    expect(fromSocketItem(item)).toStrictEqual(socket);
  });
});

describe("saving a socket", () => {
  it("sets, removes and adds in one update", () => {
    const params = save({ set: { a: "1", "b.c": "2" }, remove: ["d", "a"], spent: ["hello"] });

    expect(params).toStrictEqual([
      {
        TableName: "table",
        Key: key,
        ConditionExpression: "expiresAt > :now AND socketId = :socketId",
        UpdateExpression: "SET #data.#0 = :0, #data.#1 = :1 REMOVE #data.#2 ADD spent :spent",
        ExpressionAttributeNames: { "#data": "data", "#0": ".a", "#1": ".b.c", "#2": ".d" },
        ExpressionAttributeValues: {
          ":socketId": "hpifMT9Ylqq64982elBg",
          ":now": 1773480413,
          ":0": "1",
          ":1": "2",
          ":spent": new Set([".hello"]),
        },
      },
    ]);
  });

  it("names nothing that it does not use", () => {
    const condition = {
      TableName: "table",
      Key: key,
      ConditionExpression: "expiresAt > :now AND socketId = :socketId",
    };
    const values = { ":socketId": "hpifMT9Ylqq64982elBg", ":now": 1773480413 };

    expect(save({})).toStrictEqual([{ ...condition, ExpressionAttributeValues: values }]);
    expect(save({ spent: ["a", "a"] })).toStrictEqual([
      {
        ...condition,
        UpdateExpression: "ADD spent :spent",
        ExpressionAttributeValues: { ...values, ":spent": new Set([".a"]) },
      },
    ]);
    expect(save({ remove: ["a", "a"] })).toStrictEqual([
      {
        ...condition,
        UpdateExpression: "REMOVE #data.#0",
        ExpressionAttributeNames: { "#data": "data", "#0": ".a" },
        ExpressionAttributeValues: values,
      },
    ]);
  });

  it("stays under the 4 KB that an expression may have, and adds what is spent once", () => {
    const set = Object.fromEntries(Array.from({ length: 301 }, (_, index) => [`k${index}`, "1"]));

    const params = save({ set, spent: ["a"] });

    expect(params.map(({ ExpressionAttributeNames: names = {} }) => Object.keys(names).length - 1)).toEqual([
      150, 150, 1,
    ]);
    expect(params.map(({ UpdateExpression = "" }) => UpdateExpression.includes("ADD"))).toEqual([
      true,
      false,
      false,
    ]);
    for (const { UpdateExpression = "" } of params) expect(UpdateExpression.length).toBeLessThan(4096);
  });
});
