import { describe, expect, it } from "vitest";
import { markLine, readMark, toCause } from "../../../infra/local/inspector/cause.ts";
import { keysOf } from "../../../infra/local/dynamodb/report-request.ts";

describe("a mark on a line of the log", () => {
  it.each([
    ["one line\n", true, ["one line"], ["i/l/0"]],
    ["two\nlines\n", true, ["two", "lines"], ["i/l/0", "i/l/0"]],
    ["the rest of a line\nand one\n", false, ["the rest of a line", "and one"], [undefined, "i/l/0"]],
    ["\n", true, ["", ""], [undefined, undefined]],
  ])("is taken off again: %j", (text, isAtStart, lines, causes) => {
    const marked = markLine(text, "i/l/0", isAtStart).split("\n");

    expect(marked.slice(0, lines.length).map((line) => readMark(line).text)).toEqual(lines);
    expect(marked.slice(0, lines.length).map((line) => readMark(line).cause)).toEqual(causes);
  });

  it("names an invocation, and a packet where there is one", () => {
    expect(toCause("3f-1")).toEqual({ invocation: "3f-1" });
    expect(toCause("3f-1/9a/2")).toEqual({ invocation: "3f-1", letter: "9a", index: 2 });
    expect(toCause(undefined)).toBeUndefined();
  });
});

describe("the keys of a request to the table", () => {
  const row = { pk: { S: "s#1" }, sk: { S: "0#session" } };

  it.each([
    ["GetItem", { Key: row }, ["s#1 0#session"]],
    ["PutItem", { Item: { ...row, more: { S: "x" } } }, ["s#1 0#session"]],
    [
      "Query",
      {
        KeyConditionExpression: "pk = :pk AND sk < :end",
        ExpressionAttributeValues: { ":pk": { S: "s#1" }, ":end": { S: "~" }, ":now": { N: "5" } },
      },
      ["s#1 ~"],
    ],
    [
      "BatchWriteItem",
      { RequestItems: { table: [{ PutRequest: { Item: row } }, { DeleteRequest: { Key: row } }] } },
      ["s#1 0#session", "s#1 0#session"],
    ],
    ["TransactWriteItems", { TransactItems: [{ Update: { Key: row } }] }, ["s#1 0#session"]],
  ])("are read of %s", (action, input, keys) => {
    expect(keysOf(action, input)).toEqual(keys);
  });
});
