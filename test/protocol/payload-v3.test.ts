import { createRequire } from "node:module";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../lib/protocol/errors.ts";
import { joinBytesV3, joinPayloadV3, splitBytesV3, splitPayloadV3 } from "../../lib/protocol/payload-v3.ts";
import { failure } from "./failure.ts";

const require = createRequire(createRequire(import.meta.url).resolve("socket.io"));
/** The official server's reader and writer of these payloads, which its package does not export. */
const official = require(path.join(path.dirname(require.resolve("engine.io")), "parser-v3")) as {
  decodePayload(data: string | Buffer, callback: (packet: { type?: string; data?: unknown }) => void): void;
  encodePayload(
    packets: readonly { type: string; data?: unknown }[],
    supportsBinary: boolean,
    callback: (payload: string | Buffer) => void,
  ): void;
};

/** The frames up to the first fault, and whether there was one. */
function read(frames: Iterable<string>): { frames: string[]; isFaulty: boolean } {
  const read: string[] = [];
  try {
    for (const frame of frames) read.push(frame);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { frames: read, isFaulty: true };
  }
  return { frames: read, isFaulty: false };
}

/** The same of the official reader, its packets put back into text. */
function readOfficially(data: string | Buffer): { frames: string[]; isFaulty: boolean } {
  const types = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
  const frames: string[] = [];
  let isFaulty = false;
  official.decodePayload(data, ({ type, data }) => {
    if (type === "error") isFaulty = true;
    else if (Buffer.isBuffer(data))
      frames.push(type === undefined ? "b" : `b${types.indexOf(type)}${data.toString("base64")}`);
    else frames.push(`${types.indexOf(type ?? "")}${String(data ?? "")}`);
  });
  return { frames, isFaulty };
}

describe("a payload in text", () => {
  it.each([
    [["4hello"], "6:4hello"],
    [["4test1", "4test2", "4test3"], "6:4test16:4test26:4test3"],
    [["4hello", "b4AQIDBA=="], "6:4hello10:b4AQIDBA=="],
    [["2"], "1:2"],
    [["4€"], "2:4€"],
    [["4👍", "6"], "3:4👍1:6"],
    [["410:4x"], "6:410:4x"],
    [["4", "4:"], "1:42:4:"],
  ])("of %j is %j", (frames, payload) => {
    expect(joinPayloadV3(frames)).toBe(payload);
    expect([...splitPayloadV3(payload)]).toEqual(frames);
    expect(readOfficially(payload)).toEqual({ frames, isFaulty: false });
  });

  it.each([
    ["", []],
    ["abc", []],
    [":", []],
    [":4x", []],
    ["6:4hell", []],
    ["6", []],
    ["-1:4", []],
    ["x:4", []],
    ["Infinity:4", []],
    ["6:4hello3", ["4hello"]],
    ["6:4hello7:4hello", ["4hello"]],
    ["6:4hello4x", ["4hello"]],
  ])("is faulty as %j", (payload, before) => {
    expect(read(splitPayloadV3(payload))).toEqual({ frames: before, isFaulty: true });
    expect(readOfficially(payload)).toEqual({ frames: before, isFaulty: true });
    expect(failure(() => [...splitPayloadV3(payload)])).toMatchObject({
      code: "protocol.bad_frame",
      closeReason: "parse error",
    });
  });

  it.each([
    ["0:", []],
    ["0:6:4hello0:", ["4hello"]],
    ["06:4hello", ["4hello"]],
    [" 6:4hello", ["4hello"]],
    ["0x6:4hello", ["4hello"]],
    ["6.0:4hello", ["4hello"]],
  ])("is read leniently as %j", (payload, frames) => {
    expect(read(splitPayloadV3(payload))).toEqual({ frames, isFaulty: false });
    expect(readOfficially(payload)).toEqual({ frames, isFaulty: false });
  });

  it("is read as by the official server, whatever it is", () => {
    const piece = fc.constantFrom(
      "4x",
      "6:4hello",
      "1:2",
      ":",
      "1",
      "0:",
      "2:4👍",
      "3:4👍",
      "-",
      " ",
      "10:b4AQIDBA==",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const payload = pieces.join("");
        const { frames, isFaulty } = read(splitPayloadV3(payload));
        // The official reader stops at a frame of no type; here that is left to whoever decodes the frames.
        const known = frames.findIndex((frame) => !/^(b4|[0-6])/.test(frame));
        const expected =
          known === -1 ? { frames, isFaulty } : { frames: frames.slice(0, known), isFaulty: true };
        expect(expected).toEqual(readOfficially(payload));
      }),
    );
  });
});

describe("a payload in bytes", () => {
  it.each([
    ["text", ["4hello"], [0, 6, 255, 52, 104, 101, 108, 108, 111]],
    [
      "text and bytes",
      ["4hello", "b4AQIDBA=="],
      [0, 6, 255, 52, 104, 101, 108, 108, 111, 1, 5, 255, 4, 1, 2, 3, 4],
    ],
    ["text beyond ASCII, counted in bytes", ["4€"], [0, 4, 255, 52, 0xe2, 0x82, 0xac]],
    ["no bytes at all", ["b4"], [1, 1, 255, 4]],
    ["a length of two digits", ["4234567890"], [0, 1, 0, 255, ...Buffer.from("4234567890")]],
    ["bytes like the end of a length", ["b4/////w=="], [1, 5, 255, 4, 255, 255, 255, 255]],
  ])("of %s", (_, frames, bytes) => {
    const payload = Buffer.from(bytes);

    expect(joinBytesV3(frames)).toEqual(payload);
    expect([...splitBytesV3(payload)]).toEqual(frames);
    expect(readOfficially(payload)).toEqual({ frames, isFaulty: false });
  });

  it("is written as by the official server", () => {
    const packet = fc.oneof(
      fc.string({ unit: "grapheme" }).map((data) => ({ type: "message", data })),
      fc.uint8Array().map((data) => ({ type: "message", data: Buffer.from(data) })),
    );
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1 }), (packets) => {
        const frames = packets.map(({ data }) =>
          typeof data === "string" ? `4${data}` : `b4${data.toString("base64")}`,
        );
        const isBinary = packets.some(({ data }) => typeof data !== "string");
        official.encodePayload(packets, true, (payload) => {
          expect(isBinary ? joinBytesV3(frames) : joinPayloadV3(frames)).toEqual(payload);
        });
      }),
    );
  });

  it("says nothing when it is empty", () => {
    expect([...splitBytesV3(Buffer.of())]).toEqual([]);
  });

  it("has frames of no type, which are for whoever decodes them", () => {
    expect([...splitBytesV3(Buffer.of(1, 2, 255, 7, 1))]).toEqual(["b"]);
  });

  it.each([
    ["no length", [0]],
    ["an empty length", [0, 255, 52]],
    ["a length without an end", [0, 6, 52, 104]],
    ["less than it announces", [0, 6, 255, 52, 104]],
    ["nothing of what it announces", [0, 6, 255]],
    ["a frame of no length", [0, 0, 255]],
    ["a length of eleven digits", [0, ...Array<number>(11).fill(9), 255, 52]],
    ["digits that are none", [0, 77, 255, 52]],
  ])("is faulty with %s", (_, bytes) => {
    expect(failure(() => [...splitBytesV3(Buffer.from(bytes))]).code).toBe("protocol.bad_frame");
  });

  it("is a value or an error of ours, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const { frames } = read(splitBytesV3(Buffer.from(bytes)));
        expect(frames.every((frame) => typeof frame === "string")).toBe(true);
      }),
    );
  });
});
