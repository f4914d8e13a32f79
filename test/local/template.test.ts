import { describe, expect, it } from "vitest";
import { compileTemplate } from "../../infra/local/gateway/template.ts";
import { topology } from "./fixtures/topology.ts";

const context = {
  eventType: "MESSAGE",
  connectionId: "PJqB0fHsqRcCHlw=",
  requestId: "PJqB1F5nRcwFdWQ=",
  messageId: "PJqB1FbGRcwCHlw=",
  requestTimeEpoch: 1_708_326_702_789,
  authorizer: { sid: "abc_-123" },
};

describe("a mapping template", () => {
  const route = topology.routes.$default;
  const render = compileTemplate(route.kind === "queue" ? route.template : "");

  it("renders the form of a message", () => {
    expect(render({ context, body: '42["hé",1]' })).toBe(
      "Action=SendMessage&MessageGroupId=abc_-123&MessageDeduplicationId=PJqB1FbGRcwCHlw%3D" +
        "&MessageBody=MESSAGE,abc_-123,PJqB0fHsqRcCHlw%3D,1708326702789,NDJbImjDqSIsMV0%3D",
    );
  });

  it.each(["3", '430["ok"]', '43/admin,7["ok"]'])("puts the answer %s into the second lane", (body) => {
    expect(render({ context, body })).toContain("MessageGroupId=abc_-123.a&");
  });

  it.each(["2", "33", "31", '42["3"]', "40", "", "4", '{"a":1}'])("leaves %j in the first lane", (body) => {
    expect(render({ context, body })).toContain("MessageGroupId=abc_-123&");
  });

  it("renders no frame for a connect", () => {
    expect(render({ context: { ...context, eventType: "CONNECT", messageId: "" }, body: undefined })).toBe(
      "Action=SendMessage&MessageGroupId=abc_-123&MessageDeduplicationId=PJqB1F5nRcwFdWQ%3D" +
        "&MessageBody=CONNECT,abc_-123,PJqB0fHsqRcCHlw%3D,1708326702789,",
    );
  });

  it.each([
    ["$util.urlEncode('a b&c=d~é!')", "a+b%26c%3Dd%7E%C3%A9%21"],
    ["$util.urlDecode('a+b%26')", "a b&"],
    ["$util.base64Encode($input.body)", "JCM0MiI="],
    ["$util.base64Decode('JCM0MiI=')", '$#42"'],
    ["$util.escapeJavaScript($input.body)", '$#42\\"'],
    [String.raw`$util.escapeJavaScript("it's").replaceAll("\\'", "'")`, "it's"],
    ["$context.authorizer.missing", "$context.authorizer.missing"],
    ["$!context.authorizer.missing", ""],
    ["#if($input.body.equals('x'))no#{else}yes#end", "yes"],
    ["$input.body.length()", "5"],
  ])("evaluates %s", (template, expected) => {
    expect(compileTemplate(template)({ context, body: '$#42"' })).toBe(expected);
  });

  it("does not evaluate what a client writes", () => {
    const hostile = "$context.connectionId #set($lane = 'x') ${util.urlEncode('a')}";

    expect(compileTemplate('#set($frame = "$!input.body")$frame')({ context, body: hostile })).toBe(hostile);
  });
});
