import { describe, expect, it } from "vitest";
import type { SQSRecord } from "aws-lambda";
import { encodeLetter, fromRouteEvent, fromSqsRecord, parseLetter } from "../../lib/aws/letters.ts";
import { toQueueText, type Letter } from "../../lib/engine/letter.ts";
import { toConnectionId, toSid, toSocketId } from "../../lib/ids.ts";
import { connectEvent, disconnectEvent, messageEvent, sid } from "./events.ts";

const connectionId = toConnectionId("PJqB0fHsqRcCHlw=");
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("a message body of the mapping template", () => {
  it.each([
    ["CONNECT", "", { kind: "opened" }],
    ["DISCONNECT", "", { kind: "closed", reason: "transport close" }],
    ["DISCONNECT", "1003", { kind: "closed", reason: "transport close", statusCode: 1003 }],
    ["DISCONNECT", "Unsupported data", { kind: "closed", reason: "transport close" }],
    [
      "MESSAGE",
      base64('42["chat message","hé, 🦄"]'),
      { kind: "frame", text: '42["chat message","hé, 🦄"]' },
    ],
    ["MESSAGE", "", { kind: "frame", text: "" }],
  ])("of %s with %j is a letter", (eventType, frame, letter) => {
    const body = `${eventType},${sid},PJqB0fHsqRcCHlw=,1708327306706,${frame}`;

    expect(parseLetter(body)).toEqual({ sid, connectionId, atMs: 1_708_327_306_706, ...letter });
  });

  it.each([
    ["nothing", ""],
    ["a word", "hello"],
    ["another event", `OTHER,${sid},PJqB0fHsqRcCHlw=,1,`],
    ["no connection", `MESSAGE,${sid},,1,Mg==`],
    ["no sid", "MESSAGE,,PJqB0fHsqRcCHlw=,1,Mg=="],
    ["a sid of the wrong form", "MESSAGE,../../etc,PJqB0fHsqRcCHlw=,1,Mg=="],
    ["the second lane as sid", `MESSAGE,${sid}.a,PJqB0fHsqRcCHlw=,1,Mg==`],
    ["no time", `MESSAGE,${sid},PJqB0fHsqRcCHlw=,then,Mg==`],
    ["no frame field", `MESSAGE,${sid},PJqB0fHsqRcCHlw=,1`],
    ["half a JSON letter", '{"kind":"closed"'],
    ["an empty JSON letter", "{}"],
    ["a JSON letter of no known kind", `{"kind":"constructor","sid":"${sid}"}`],
    ["a JSON letter to no session", '{"kind":"closed","sid":"x"}'],
    ["a JSON frame, which no code of ours writes", `{"kind":"frame","sid":"${sid}"}`],
  ])("with %s is refused with aws.bad_letter", (_, body) => {
    expect(() => parseLetter(body)).toThrow(expect.objectContaining({ code: "aws.bad_letter" }));
  });
});

describe("a letter of our own", () => {
  it.each<Letter>([
    { kind: "opened", sid: toSid(sid), connectionId, atMs: 1 },
    { kind: "born", sid: toSid(sid), atMs: 1 },
    { kind: "closed", sid: toSid(sid), connectionId, atMs: 1, reason: "ping timeout" },
    { kind: "closed", sid: toSid(sid), atMs: 1, reason: "forced close" },
    { kind: "closed", sid: toSid(sid), atMs: 1, reason: "transport error", abrupt: true },
    { kind: "kick", sid: toSid(sid), nsp: "/a,b", socketId: toSocketId("s"), close: true, atMs: 1 },
    { kind: "reap", sid: toSid(sid), atMs: 1, pingIntervalMs: 2, lastPongAtMs: 3 },
  ])("of kind $kind is read as it was written", (letter) => {
    expect(parseLetter(encodeLetter(letter))).toEqual(letter);
  });
});

/** "A message can include only XML, JSON, and unformatted text": the characters that SendMessage allows. */
const ALLOWED = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u;

describe("what a client or an app has written into a letter", () => {
  /** Every UTF-16 code unit, halves of pairs alone among them, and the last characters of some planes. */
  const everything =
    Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit)).join(" ") +
    "\u{1fffe}\u{1ffff}\u{10fffe}\u{10ffff}";
  const common = { sid: toSid(sid), atMs: 1 };

  it.each<Letter>([
    { kind: "payload", ...common, lane: "main", texts: [`42["x","${everything}"]`] },
    { kind: "kick", ...common, nsp: `/${everything}`, socketId: toSocketId("s"), close: true },
    { kind: "serverSide", ...common, nsp: `/${everything}`, packed: everything },
  ])("of kind $kind goes through the queue whatever characters it has", (letter) => {
    const body = encodeLetter(letter);

    expect(ALLOWED.test(body)).toBe(true);
    expect(parseLetter(body)).toEqual(letter);
  });

  it("counts as long as it is in the queue", () => {
    expect(toQueueText(["\ufffe\uffff"])).toBe('["\\ufffe\\uffff"]');
  });
});

describe("a record of the queue", () => {
  const record = (receives: string) =>
    ({
      messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
      receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
      body: `MESSAGE,${sid},PJqB0fHsqRcCHlw=,1708327306706,Mw==`,
      attributes: {
        ApproximateReceiveCount: receives,
        ApproximateFirstReceiveTimestamp: "1708327306750",
      },
    }) as SQSRecord;

  it.each([
    ["1", false],
    ["2", true],
    ["10", true],
  ])("received %s times is redelivered: %s", (receives, redelivered) => {
    expect(fromSqsRecord(record(receives))).toEqual({
      id: "059f36b4-87a3-44ab-83d2-661975830a7d",
      receipt: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
      redelivered,
      receivedAtMs: 1_708_327_306_750,
      letter: { kind: "frame", sid, connectionId, atMs: 1_708_327_306_706, text: "3" },
    });
  });
});

describe("an event of a WebSocket route", () => {
  it.each([
    ["$connect", connectEvent(), { kind: "opened" }],
    ["$default", messageEvent('42["x"]'), { kind: "frame", text: '42["x"]' }],
    ["$disconnect", disconnectEvent(), { kind: "closed", reason: "transport close", statusCode: 1001 }],
  ])("%s is a letter that cannot be released", (_, event, letter) => {
    const delivery = fromRouteEvent(event);

    expect(delivery.letter).toMatchObject({ sid, connectionId, ...letter });
    expect(delivery).not.toHaveProperty("receipt");
    expect(delivery.redelivered).toBe(false);
  });

  it("with no body is an empty frame", () => {
    const { body: _, ...event } = messageEvent("");

    expect(fromRouteEvent(event as never).letter).toMatchObject({ kind: "frame", text: "" });
  });

  it("without the authorizer's context is refused with aws.no_sid", () => {
    const event = messageEvent("2");
    delete (event.requestContext as { authorizer?: unknown }).authorizer;

    expect(() => fromRouteEvent(event)).toThrow(expect.objectContaining({ code: "aws.no_sid" }));
  });
});
