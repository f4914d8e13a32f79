import { describe, expect, it } from "vitest";
import { dialects, PacketFrames } from "../../lib/protocol/dialect.ts";
import { failure } from "./failure.ts";

const { 3: version3, 4: version4 } = dialects;
const bytes = Buffer.from([1, 2, 3, 4]);

describe("messages", () => {
  it.each([
    ["hello", "4hello", "4hello"],
    ["", "4", "4"],
    [bytes, "b4AQIDBA==", "bAQIDBA=="],
    [Buffer.of(), "b4", "b"],
  ])("of %j are %j in protocol 3, %j in protocol 4, and back", (data, third, fourth) => {
    expect(version3.encodeMessage(data)).toBe(third);
    expect(version4.encodeMessage(data)).toBe(fourth);
    expect(version3.decodeFrame(third)).toEqual({ type: "message", data });
    expect(version4.decodeFrame(fourth)).toEqual({ type: "message", data });
  });
});

describe("a frame of protocol 3", () => {
  it.each([
    ["2", { type: "ping", data: "" }],
    ["2probe", { type: "ping", data: "probe" }],
    ["1", { type: "close" }],
    ["b2AQID", { type: "ping", data: "" }],
    ["b1", { type: "close" }],
    ["b", { type: "noop" }],
    ["bAQID", { type: "noop" }],
    ["b7AQID", { type: "noop" }],
    ["b4A?", { type: "message", data: Buffer.of() }],
  ])("%j is %j", (text, frame) => {
    expect(version3.decodeFrame(text)).toEqual(frame);
  });

  it.each(["", "7", "abc", " 4"])("%j is bad", (text) => {
    expect(failure(() => version3.decodeFrame(text)).code).toBe("protocol.bad_frame");
  });
});

describe("payloads", () => {
  it("are in bytes where the client takes them, and there are any", () => {
    expect(version3.encodePayload(["4x", "b4AQ=="], true)).toEqual(
      Buffer.of(0, 2, 255, 52, 120, 1, 2, 255, 4, 1),
    );
    expect(version3.encodePayload(["4x", "b4AQ=="], false)).toBe("2:4x6:b4AQ==");
    expect(version3.encodePayload(["4x"], true)).toBe("2:4x");
    expect(version4.encodePayload(["4x", "bAQ=="], true)).toBe("4x\x1ebAQ==");
  });

  it("are read in the form they have", () => {
    expect([...version3.decodePayload("2:4x")]).toEqual(["4x"]);
    expect([...version3.decodePayload(Buffer.of(1, 2, 255, 4, 1))]).toEqual(["b4AQ=="]);
    expect([...version4.decodePayload("4x\x1e2")]).toEqual(["4x", "2"]);
  });
});

describe("the frames of a packet", () => {
  it("are made once for each protocol", () => {
    const frames = new PacketFrames(['51-["x",{"_placeholder":true,"num":0}]', bytes]);

    expect(frames.in(4)).toEqual(['451-["x",{"_placeholder":true,"num":0}]', "bAQIDBA=="]);
    expect(frames.in(3)).toEqual(['451-["x",{"_placeholder":true,"num":0}]', "b4AQIDBA=="]);
    expect(frames.in(3)).toBe(frames.in(3));
    expect(frames.in(4)).toBe(frames.in(4));
  });
});
