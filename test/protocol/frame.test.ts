import { decodePacket } from "engine.io-parser";
import { describe, expect, test } from "vitest";
import { toSid } from "../../lib/ids.ts";
import { ProtocolError } from "../../lib/protocol/errors.ts";
import * as frames from "../../lib/protocol/frame.ts";
import type { Frame } from "../../lib/protocol/frame.ts";
import { MAX_POST_BYTES } from "../../lib/protocol/limits.ts";
import { failure } from "./failure.ts";

const { assertPostable, decodeFrame, encodeMessage, openFrame } = frames;

describe("decodeFrame", () => {
  const readable: readonly [string, Frame][] = [
    ["0", { type: "open", data: "" }],
    ['0{"sid":"x"}', { type: "open", data: '{"sid":"x"}' }],
    ["1", { type: "close" }],
    ["1whatever", { type: "close" }],
    ["2", { type: "ping", data: "" }],
    ["2probe", { type: "ping", data: "probe" }],
    ["3", { type: "pong", data: "" }],
    ["3probe", { type: "pong", data: "probe" }],
    ["4", { type: "message", data: "" }],
    ["40", { type: "message", data: "0" }],
    ['42["x","\u00e9\ud83d\ude00"]', { type: "message", data: '2["x","é😀"]' }],
    ["4\ud83d", { type: "message", data: "\ud83d" }],
    ["5", { type: "upgrade" }],
    ["6", { type: "noop" }],
    ["b", { type: "message", data: Buffer.alloc(0) }],
    ["bAQIDBA==", { type: "message", data: Buffer.from([1, 2, 3, 4]) }],
    ["bAQIDBA", { type: "message", data: Buffer.from([1, 2, 3, 4]) }],
    ["b-_8=", { type: "message", data: Buffer.from([0xfb, 0xff]) }],
    ["b!A*Q#I D\nBA==", { type: "message", data: Buffer.from([1, 2, 3, 4]) }],
    ["b!!!", { type: "message", data: Buffer.alloc(0) }],
  ];

  test.each(readable)("reads %j", (text, frame) => {
    expect(decodeFrame(text)).toEqual(frame);
  });

  test.each(readable)("reads %j as the official parser does", (text, frame) => {
    const official = decodePacket(text, "nodebuffer");

    expect(official.type).toBe(frame.type);
    if ("data" in frame) expect(official.data ?? "").toEqual(frame.data);
  });

  test("hands out bytes as a Buffer", () => {
    const frame = decodeFrame("bAQI=");

    expect("data" in frame && Buffer.isBuffer(frame.data)).toBe(true);
  });

  test.each([
    "",
    "7",
    "8",
    "9",
    "a",
    "B",
    " ",
    "\x1e",
    " 4",
    "-1",
    "\u0664",
    "\ud83d",
    "__proto__",
    '{"message":1}',
  ])("refuses %j, as the official parser does", (text) => {
    const error = failure(() => decodeFrame(text));

    expect(error.code).toBe("protocol.bad_frame");
    expect(error.closeReason).toBe("parse error");
    expect(decodePacket(text).type).toBe("error");
  });

  test("keeps the text of a bad frame out of the error", () => {
    const error = failure(() => decodeFrame("secret token"));

    expect(error.evidence).toEqual({ first: "s", characters: 12 });
    expect(error.message).toBe('expected a frame to begin with 0 to 6 or b, got "s"');
  });
});

describe("encodeMessage", () => {
  const bytes = new Uint8Array([9, 1, 2, 3, 4, 9]);

  test.each<[string, string | Uint8Array, string]>([
    ["text", '2["x"]', '42["x"]'],
    ["no text", "", "4"],
    ["a Buffer", Buffer.from([1, 2, 3, 4]), "bAQIDBA=="],
    ["no bytes", new Uint8Array(0), "b"],
    ["a view into more bytes", bytes.subarray(1, 5), "bAQIDBA=="],
  ])("writes %s", (_, data, frame) => {
    expect(encodeMessage(data)).toBe(frame);
  });
});

describe("openFrame", () => {
  test("holds the five official keys in the official order", () => {
    const frame = openFrame({
      sid: toSid("lv_VI97HAXpY6yYWAAAB"),
      upgrades: ["websocket"],
      pingIntervalMs: 25000,
      pingTimeoutMs: 20000,
      maxPayloadBytes: 1000000,
    });

    expect(frame).toBe(
      '0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
    );
  });

  test("names no upgrade with an empty list", () => {
    const frame = openFrame({
      sid: toSid("lv_VI97HAXpY6yYWAAAB"),
      upgrades: [],
      pingIntervalMs: 240000,
      pingTimeoutMs: 90000,
      maxPayloadBytes: 32768,
    });

    expect(frame).toBe(
      '0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingInterval":240000,"pingTimeout":90000,"maxPayload":32768}',
    );
  });
});

test("the fixed frames are the official ones", () => {
  expect([frames.CLOSE_FRAME, frames.PING_FRAME, frames.PONG_FRAME, frames.UPGRADE_FRAME]).toEqual([
    "1",
    "2",
    "3",
    "5",
  ]);
  expect([frames.NOOP_FRAME, frames.PROBE_PING_FRAME, frames.PROBE_PONG_FRAME]).toEqual([
    "6",
    "2probe",
    "3probe",
  ]);
});

describe("assertPostable", () => {
  const tooLong = /^expected a frame of at most 131072 bytes, got (\d+) \(frame (\d+) of (\d+)\)$/;

  test.each<[string, string[]]>([
    ["nothing", []],
    ["frames of any number", Array.from({ length: 20 }, () => "4".repeat(MAX_POST_BYTES))],
    ["a frame of exactly the limit", ["4".repeat(131_072)]],
    ["a frame of exactly the limit in bytes", ["\u00e9".repeat(65_536)]],
  ])("lets %s pass", (_, list) => {
    expect(() => assertPostable(list)).not.toThrow();
  });

  test.each<[string, string[], string[]]>([
    ["one byte too many", ["4".repeat(131_073)], ["131073", "1", "1"]],
    ["characters that fit and bytes that do not", ["é".repeat(65_537)], ["131074", "1", "1"]],
    ["a long attachment behind a short header", ["451-", "b".repeat(140_000)], ["140000", "2", "2"]],
  ])("refuses %s", (_, list, numbers) => {
    const error = failure(() => assertPostable(list));

    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.code).toBe("protocol.payload_too_large");
    expect(error.closeReason).toBeUndefined();
    expect(tooLong.exec(error.message)?.slice(1)).toEqual(numbers);
    expect(error.evidence).toMatchObject({ bytes: Number(numbers[0]), limitBytes: 131_072 });
  });
});
