import { Decoder, PacketType, type Packet as WirePacket } from "socket.io-parser";
import { describe, expect, test } from "vitest";
import { encodeMessage } from "../../lib/protocol/frame.ts";
import { defaultCodec, type Packet } from "../../lib/protocol/packet.ts";
import { failure } from "./failure.ts";
import { officialFrames } from "./official.ts";

const bytes = (...values: number[]): Buffer => Buffer.from(values);

const send = (packet: Packet): string[] => defaultCodec.encode(packet).map(encodeMessage);

function toOfficial(packet: Packet): WirePacket {
  const { type, nsp } = packet;
  if (type === "connect") return { type: PacketType.CONNECT, nsp, data: packet.auth };
  if (type === "disconnect") return { type: PacketType.DISCONNECT, nsp };
  if (type === "connect_error") return { type: PacketType.CONNECT_ERROR, nsp, data: packet.data };
  const wire = { type: type === "event" ? PacketType.EVENT : PacketType.ACK, nsp, data: packet.args };
  return packet.id === undefined ? wire : { ...wire, id: packet.id };
}

test("the official decoder that all of this is compared with is the one whose rules were read", () => {
  expect(() => new Decoder().add('50-["x"]')).toThrow("Illegal attachments");
});

describe("the server's packets become frames", () => {
  class Point {
    readonly x = 1;
    toJSON(): unknown {
      return { x: this.x, raw: bytes(7) };
    }
  }
  const shared = new Uint8Array([0, 1, 2, 3, 4]);

  const encoded: readonly [Packet, string[]][] = [
    [{ type: "connect", nsp: "/" }, ["40"]],
    [{ type: "connect", nsp: "/", auth: { sid: "abc" } }, ['40{"sid":"abc"}']],
    [{ type: "connect", nsp: "/custom", auth: { sid: "a", pid: "b" } }, ['40/custom,{"sid":"a","pid":"b"}']],
    [{ type: "disconnect", nsp: "/" }, ["41"]],
    [{ type: "disconnect", nsp: "/custom" }, ["41/custom,"]],
    [{ type: "connect_error", nsp: "/", data: { message: "no" } }, ['44{"message":"no"}']],
    [
      { type: "connect_error", nsp: "/unknown", data: { message: "Invalid namespace" } },
      ['44/unknown,{"message":"Invalid namespace"}'],
    ],
    [
      { type: "connect_error", nsp: "/no", data: { message: "not authorized", data: { code: "E1" } } },
      ['44/no,{"message":"not authorized","data":{"code":"E1"}}'],
    ],
    [{ type: "connect_error", nsp: "/", data: { message: "no", data: undefined } }, ['44{"message":"no"}']],
    [{ type: "event", nsp: "/", args: ["x"] }, ['42["x"]']],
    [{ type: "event", nsp: "/", id: 0, args: ["x"] }, ['420["x"]']],
    [{ type: "event", nsp: "/", args: [1, 2] }, ["42[1,2]"]],
    [{ type: "event", nsp: "/a", id: 12, args: ["x", undefined, Number.NaN] }, ['42/a,12["x",null,null]']],
    [{ type: "event", nsp: "/", args: ["x", new Date(0)] }, ['42["x","1970-01-01T00:00:00.000Z"]']],
    [{ type: "event", nsp: "/", args: ["x", "\ud83d"] }, ['42["x","\\ud83d"]']],
    [{ type: "ack", nsp: "/", id: 0, args: [] }, ["430[]"]],
    [{ type: "ack", nsp: "/a", id: 3, args: ["x", { y: null }] }, ['43/a,3["x",{"y":null}]']],
    [
      { type: "event", nsp: "/", args: ["x", bytes(1, 2, 3, 4)] },
      ['451-["x",{"_placeholder":true,"num":0}]', "bAQIDBA=="],
    ],
    [
      { type: "event", nsp: "/", args: ["x", new Uint8Array([1, 2]).buffer] },
      ['451-["x",{"_placeholder":true,"num":0}]', "bAQI="],
    ],
    [
      { type: "event", nsp: "/", args: ["x", shared.subarray(1, 3), new DataView(shared.buffer, 3, 2)] },
      ['452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', "bAQI=", "bAwQ="],
    ],
    [
      { type: "event", nsp: "/", args: ["x", new Uint16Array([1, 256])] },
      ['451-["x",{"_placeholder":true,"num":0}]', "bAQAAAQ=="],
    ],
    [
      { type: "event", nsp: "/a", id: 5, args: ["x", { b: [bytes()], c: { d: bytes(255) } }, "y"] },
      [
        '452-/a,5["x",{"b":[{"_placeholder":true,"num":0}],"c":{"d":{"_placeholder":true,"num":1}}},"y"]',
        "b",
        "b/w==",
      ],
    ],
    [
      { type: "event", nsp: "/", args: ["x", new Point()] },
      ['451-["x",{"x":1,"raw":{"_placeholder":true,"num":0}}]', "bBw=="],
    ],
    [{ type: "ack", nsp: "/", id: 0, args: [bytes(1)] }, ['461-0[{"_placeholder":true,"num":0}]', "bAQ=="]],
    [
      { type: "ack", nsp: "/a", id: 456, args: [bytes(1)] },
      ['461-/a,456[{"_placeholder":true,"num":0}]', "bAQ=="],
    ],
  ];

  test.each(encoded)("%j", (packet, frames) => {
    expect(send(packet)).toEqual(frames);
  });

  test.each(encoded)("%j, byte for byte as officially", (packet, frames) => {
    expect(officialFrames(toOfficial(packet))).toEqual(frames);
  });

  test("binary packets leave the app's own arguments alone", () => {
    const args: [string, { file: Buffer }] = ["x", { file: bytes(1) }];

    send({ type: "event", nsp: "/", args });

    expect(args).toEqual(["x", { file: bytes(1) }]);
  });

  test("attachments of any kind come out as bytes", () => {
    const messages = defaultCodec.encode({
      type: "event",
      nsp: "/",
      args: ["x", new ArrayBuffer(2), new Float32Array(1)],
    });

    expect(messages.slice(1)).toEqual([bytes(0, 0), bytes(0, 0, 0, 0)]);
  });

  const circular: Record<string, unknown> = {};
  circular["self"] = circular;

  test.each<[string, unknown]>([
    ["a cycle", circular],
    ["a BigInt", { n: 1n }],
    ["a Blob", new Blob(["x"])],
    ["a Blob in a list", [new Blob(["x"])]],
  ])("%s is refused", (_, value) => {
    const error = failure(() => send({ type: "event", nsp: "/", args: ["x", value] }));

    expect(error.code).toBe("protocol.unencodable");
    expect(error.closeReason).toBeUndefined();
  });
});
