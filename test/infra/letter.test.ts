import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf } from "./compile.ts";
import { templateEngines, type TemplateRenderer } from "./template-engines.ts";

const sid = "q83vEjRWeJCrze8BI0Vn";
const connectionId = "PJqB0fHsqRcCHlw=";

let template: string;

beforeAll(async () => {
  const compiled = await compileTemplate({ stage: "dev", ordering: "fifo" });
  template = propertiesOf(compiled, "InIntegration").RequestTemplates.$default;
}, COMPILE_TIMEOUT_MS);

interface GatewayEvent {
  readonly eventType: "CONNECT" | "MESSAGE" | "DISCONNECT";
  readonly body?: string | undefined;
  readonly status?: string | number;
  /** What else the authorizer said. */
  readonly said?: Readonly<Record<string, string>>;
}

describe.each(templateEngines)("$name", ({ start }) => {
  let engine: TemplateRenderer;
  beforeAll(() => {
    engine = start();
  }, COMPILE_TIMEOUT_MS);
  afterAll(() => engine.stop());

  /** The form API Gateway would send to the queue: as text, and as the queue reads it. */
  async function write({ eventType, body, status, said = {} }: GatewayEvent): Promise<{
    form: string;
    fields: Record<string, string>;
  }> {
    const form = await engine.render(template, {
      context: {
        eventType,
        connectionId,
        requestId: "fDzLTGTjIAMFxMw=",
        ...(eventType === "MESSAGE" ? { messageId: "fDzLTeEFIAMCLPg=" } : {}),
        requestTimeEpoch: "1708327306706",
        ...(status === undefined ? {} : { disconnectStatusCode: status }),
        "authorizer.sid": sid,
        "authorizer.principalId": "nonsticky",
        ...Object.fromEntries(Object.entries(said).map(([name, value]) => [`authorizer.${name}`, value])),
      },
      ...(body === undefined ? {} : { body }),
    });
    return { form, fields: Object.fromEntries(new URLSearchParams(form)) };
  }

  const frameOf = (fields: Record<string, string>): string =>
    Buffer.from(fields.MessageBody!.split(",")[4]!, "base64").toString("utf8");

  describe("a frame", () => {
    it("becomes one message of its session", async () => {
      const { fields } = await write({ eventType: "MESSAGE", body: '42["chat message","hello"]' });

      expect(fields).toEqual({
        Action: "SendMessage",
        MessageGroupId: "q83vEjRWeJCrze8BI0Vn",
        MessageDeduplicationId: "fDzLTeEFIAMCLPg=",
        MessageBody:
          "MESSAGE,q83vEjRWeJCrze8BI0Vn,PJqB0fHsqRcCHlw=,1708327306706,NDJbImNoYXQgbWVzc2FnZSIsImhlbGxvIl0=",
      });
    });

    it.each([
      ["quotes of both kinds", `42["say","it's \\"quoted\\""]`],
      ["the separators of a form", '42["a&MessageGroupId=other&Action=DeleteQueue","100%","1+1=2"]'],
      ["the separators of the letter", '42["a,b,c",","]'],
      ["line breaks", '42["first\r\nsecond\u2028third\t"]\n'],
      ["text of every plane", '42["žluťoučký","日本語","👩‍👩‍👧‍👦","\u0000\u001f"]'],
      [
        "what looks like a template",
        '42["$context.connectionId","#set($group = 1)","#end","${x}","##","#*"]',
      ],
      ["what looks like JSON", '{"action":"$connect"}'],
      ["backslashes", '42["\\\\","C:\\\\new"]'],
      ["blanks at both ends", "  4 "],
      ["base64 of an attachment", "bAQIDBA=="],
      ["32 KB", `42["${'ž&"$'.repeat(6_000)}"]`],
      ["nothing", ""],
    ])("arrives intact with %s", async (_, frame) => {
      const { form, fields } = await write({ eventType: "MESSAGE", body: frame });

      expect(frameOf(fields)).toBe(frame);
      expect(Object.keys(fields)).toEqual([
        "Action",
        "MessageGroupId",
        "MessageDeduplicationId",
        "MessageBody",
      ]);
      expect(fields.Action).toBe("SendMessage");
      expect(fields.MessageBody).toMatch(
        /^MESSAGE,[\w-]{20},PJqB0fHsqRcCHlw=,1708327306706,[A-Za-z0-9+/]*=*$/,
      );
      expect(form).toMatch(/^[\x21-\x7e]+$/);
    });

    it("of no body at all is an empty one", async () => {
      const { fields } = await write({ eventType: "MESSAGE" });

      expect(frameOf(fields)).toBe("");
      expect(fields.MessageGroupId).toBe(sid);
    });

    it.each([
      ["a pong", "3"],
      ["a ping of a client of Socket.IO 2", "2"],
    ])("travels in the lane of signs of life when it is %s", async (_, frame) => {
      expect((await write({ eventType: "MESSAGE", body: frame })).fields.MessageGroupId).toBe(
        "q83vEjRWeJCrze8BI0Vn.a",
      );
    });

    it.each([
      ["an ack", '431["done"]'],
      ["an ack of a namespace", '43/admin,12[{"ok":true}]'],
      ["an ack with nothing in it", "43"],
    ])("has a group of its own when it is %s", async (_, frame) => {
      expect((await write({ eventType: "MESSAGE", body: frame })).fields.MessageGroupId).toBe(
        "q83vEjRWeJCrze8BI0Vn.k.fDzLTeEFIAMCLPg=",
      );
    });

    it.each([
      [
        "an ack of the app's own parser",
        "bhKR0eXBlA6JpZACkZGF0YZCjbnNwoS8=",
        "bhKR0eXBlA6Jp",
        ".k.fDzLTeEFIAMCLPg=",
      ],
      ["another packet of that parser", "bhKR0eXBlAqJpZACkZGF0YZCjbnNwoS8=", "bhKR0eXBlA6Jp", ""],
      ["what would be an ack of the stock parser", "430[]", "bhKR0eXBlA6Jp", ""],
      ["an ack of a parser of texts", '4{"type":3,"id":1}', '4{"type":3,"id":', ".k.fDzLTeEFIAMCLPg="],
      ["an ack, and the authorizer says nothing of acks", "430[]", "", ".k.fDzLTeEFIAMCLPg="],
      ["an event, and the authorizer says nothing of acks", '42["a"]', "", ""],
      ["a pong, whatever the parser", "3", "bhKR0eXBlA6Jp", ".a"],
    ])("goes by what the authorizer says of acks: %s", async (_, frame, acks, lane) => {
      const { fields } = await write({ eventType: "MESSAGE", body: frame, said: { acks } });

      expect(fields.MessageGroupId).toBe(`q83vEjRWeJCrze8BI0Vn${lane}`);
    });

    it.each([
      ["a pong that an upgrade probe asked for", "3probe"],
      ["an event that mentions an ack", '42["43"]'],
      ["an event whose id is 43", '4243["question"]'],
      ["a binary ack", '461-1[{"_placeholder":true,"num":0}]'],
      ["an attachment", "b43AA"],
      ["a probe of an upgrade", "2probe"],
      ["a close", "1"],
      ["a connect", "40"],
      ["a number that begins like a pong", "31"],
      ["a pong behind a blank", " 3"],
      ["an ack behind a line break", "\n43[]"],
      ["empty", ""],
    ])("travels in the main lane when it is %s", async (_, frame) => {
      expect((await write({ eventType: "MESSAGE", body: frame })).fields.MessageGroupId).toBe(
        "q83vEjRWeJCrze8BI0Vn",
      );
    });
  });

  describe.each(["CONNECT", "DISCONNECT"] as const)("%s", (eventType) => {
    it.each([
      ["no body", undefined],
      ["an empty body", ""],
      ["what API Gateway shows for an absent one", "{}"],
      ["a body like a pong", "3"],
    ])("goes to the main lane without a frame, given %s", async (_, body) => {
      expect((await write({ eventType, body })).fields).toEqual({
        Action: "SendMessage",
        MessageGroupId: "q83vEjRWeJCrze8BI0Vn",
        MessageDeduplicationId: "fDzLTGTjIAMFxMw=",
        MessageBody: `${eventType},q83vEjRWeJCrze8BI0Vn,PJqB0fHsqRcCHlw=,1708327306706,`,
      });
    });
  });

  it("says why a connection ended, if API Gateway says so", async () => {
    for (const status of [1003, "1003"]) {
      const { fields } = await write({ eventType: "DISCONNECT", status });

      expect(fields.MessageBody).toBe("DISCONNECT,q83vEjRWeJCrze8BI0Vn,PJqB0fHsqRcCHlw=,1708327306706,1003");
    }
  });
});

it("leaves no room for a line break to become part of a value", () => {
  expect(template).not.toMatch(/[\r\n]/);
  expect(template).not.toMatch(/#end\w/);
});
