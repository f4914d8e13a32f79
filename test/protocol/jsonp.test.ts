import { describe, expect, it } from "vitest";
import { fromForm, toScript } from "../../lib/protocol/jsonp.ts";

describe("an answer as a script", () => {
  it.each([
    ["0", "2:40", '___eio[0]("2:40");'],
    ["12", '8:42["x\\"]', '___eio[12]("8:42[\\"x\\\\\\"]");'],
    ["", "1:6", '___eio[]("1:6");'],
    ["0](alert(1));//", "1:6", '___eio[01]("1:6");'],
    ["0", "4\u2028\u2029\n", '___eio[0]("4\\u2028\\u2029\\n");'],
  ])("for j=%j and %j is %j", (index, payload, script) => {
    expect(toScript(index, payload)).toBe(script);
  });
});

describe("what a form carries", () => {
  it.each([
    ["d=6%3A4hello", "6:4hello"],
    ["d=7%3A4a+b%2Bc", "7:4a b+c"],
    ["d=4%3A4a%5Cnb", "4:4a\nb"],
    ["d=5%3A4a%5C%5Cnb", "5:4a\\nb"],
    ["d=6%3A4a%5C%5C%5Cnb", "6:4a\\\\nb"],
    ["t=1&d=1%3A2", "1:2"],
    ["d=", ""],
    ["", undefined],
    ["x=1", undefined],
    ["d=1%3A2&d=1%3A2", undefined],
  ])("%j is %j", (body, payload) => {
    expect(fromForm(body)).toBe(payload);
  });
});
