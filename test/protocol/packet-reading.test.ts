import { Decoder, PacketType } from "socket.io-parser";
import { describe, expect, test } from "vitest";
import { decodeFrame, encodeMessage } from "../../lib/protocol/frame.ts";
import { NO_ACK_ID, defaultCodec, type Packet } from "../../lib/protocol/packet.ts";
import { receiveMessage, type Received } from "../../lib/protocol/reassembly.ts";
import { failure } from "./failure.ts";
import { officialVerdict } from "./official.ts";

const bytes = (...values: number[]): Buffer => Buffer.from(values);

function receive(frames: readonly string[]): Received {
  let received: Received | undefined;
  for (const text of frames) {
    const frame = decodeFrame(text);
    if (frame.type !== "message") throw new Error(`expected a message, got ${frame.type}`);
    const pending = received && "pending" in received ? received.pending : undefined;
    received = receiveMessage(defaultCodec, pending, frame.data);
  }
  if (!received) throw new Error("expected at least one frame");
  return received;
}

/** The parts of the official packet that ours must agree with; ids of a connect or a disconnect mean nothing. */
function wireParts(packet: Packet): Record<string, unknown> {
  switch (packet.type) {
    case "connect":
      return { type: PacketType.CONNECT, nsp: packet.nsp, ...(packet.auth && { data: packet.auth }) };
    case "disconnect":
      return { type: PacketType.DISCONNECT, nsp: packet.nsp };
    case "event":
      return {
        type: PacketType.EVENT,
        nsp: packet.nsp,
        data: packet.args,
        ...("id" in packet && { id: packet.id }),
      };
    case "ack":
      return {
        type: PacketType.ACK,
        nsp: packet.nsp,
        ...(packet.args.length > 0 && { data: packet.args }),
        ...(packet.id !== NO_ACK_ID && { id: packet.id }),
      };
    default:
      throw new Error("clients send no CONNECT_ERROR");
  }
}

test("the official decoder that all of this is compared with is the one whose rules were read", () => {
  expect(() => new Decoder().add('50-["x"]')).toThrow("Illegal attachments");
});

describe("a client's frames become a packet", () => {
  const accepted: readonly [string[], Packet][] = [
    [["40"], { type: "connect", nsp: "/" }],
    [["40{}"], { type: "connect", nsp: "/", auth: {} }],
    [['40{"a":1}'], { type: "connect", nsp: "/", auth: { a: 1 } }],
    [["40/custom"], { type: "connect", nsp: "/custom" }],
    [["40/custom,"], { type: "connect", nsp: "/custom" }],
    [["40/custom,{}"], { type: "connect", nsp: "/custom", auth: {} }],
    [["40/custom?token=1,"], { type: "connect", nsp: "/custom?token=1" }],
    [['40/é,{"token":"ü"}'], { type: "connect", nsp: "/é", auth: { token: "ü" } }],
    [["401"], { type: "connect", nsp: "/" }],
    [["40123"], { type: "connect", nsp: "/" }],
    [["4 "], { type: "connect", nsp: "/" }],
    [['4 1{"a":1}'], { type: "connect", nsp: "/", auth: { a: 1 } }],
    [["41"], { type: "disconnect", nsp: "/" }],
    [["411"], { type: "disconnect", nsp: "/" }],
    [["41/custom"], { type: "disconnect", nsp: "/custom" }],
    [["41/custom,"], { type: "disconnect", nsp: "/custom" }],
    [['42["x"]'], { type: "event", nsp: "/", args: ["x"] }],
    [['42["x",null,{"y":[1]}]'], { type: "event", nsp: "/", args: ["x", null, { y: [1] }] }],
    [['42/custom,7["x"]'], { type: "event", nsp: "/custom", id: 7, args: ["x"] }],
    [['42/["x"],["y"]'], { type: "event", nsp: '/["x"]', args: ["y"] }],
    [["42[1]"], { type: "event", nsp: "/", args: [1] }],
    [["42[1,2]"], { type: "event", nsp: "/", args: [1, 2] }],
    [['42[""]'], { type: "event", nsp: "/", args: [""] }],
    [['42["error"]'], { type: "event", nsp: "/", args: ["error"] }],
    [['42["connection"]'], { type: "event", nsp: "/", args: ["connection"] }],
    [['42["message"]'], { type: "event", nsp: "/", args: ["message"] }],
    [['42["Connect"]'], { type: "event", nsp: "/", args: ["Connect"] }],
    [['420["ack"]'], { type: "event", nsp: "/", id: 0, args: ["ack"] }],
    [['4200012["ack"]'], { type: "event", nsp: "/", id: 12, args: ["ack"] }],
    [['42 1["ack"]'], { type: "event", nsp: "/", id: 1, args: ["ack"] }],
    [['42 ["ack"]'], { type: "event", nsp: "/", id: 0, args: ["ack"] }],
    [['429007199254740993["ack"]'], { type: "event", nsp: "/", id: 9007199254740992, args: ["ack"] }],
    [["43[]"], { type: "ack", nsp: "/", id: NO_ACK_ID, args: [] }],
    [["43"], { type: "ack", nsp: "/", id: NO_ACK_ID, args: [] }],
    [['43["a"]'], { type: "ack", nsp: "/", id: NO_ACK_ID, args: ["a"] }],
    [["431"], { type: "ack", nsp: "/", id: 1, args: [] }],
    [['43/custom,13["a",{}]'], { type: "ack", nsp: "/custom", id: 13, args: ["a", {}] }],
    [
      ['451-["img",{"_placeholder":true,"num":0}]', "bAQID"],
      { type: "event", nsp: "/", args: ["img", bytes(1, 2, 3)] },
    ],
    [
      [
        '452-/custom,9["img",{"b":{"_placeholder":true,"num":1},"a":[{"_placeholder":true,"num":0}]}]',
        "bAQ==",
        "bAg==",
      ],
      { type: "event", nsp: "/custom", id: 9, args: ["img", { b: bytes(2), a: [bytes(1)] }] },
    ],
    [
      ['461-/custom,456[{"_placeholder":true,"num":0}]', "bAQID"],
      { type: "ack", nsp: "/custom", id: 456, args: [bytes(1, 2, 3)] },
    ],
    [['45 1-["x",{"_placeholder":true,"num":0}]', "b"], { type: "event", nsp: "/", args: ["x", bytes()] }],
    [
      ['450x1-["x",{"_placeholder":true,"num":0}]', "bAQ=="],
      { type: "event", nsp: "/", args: ["x", bytes(1)] },
    ],
    [['451-["x"]', "bAQ=="], { type: "event", nsp: "/", args: ["x"] }],
    [
      ['451-["x",{"_placeholder":1,"num":9}]', "bAQ=="],
      { type: "event", nsp: "/", args: ["x", { _placeholder: 1, num: 9 }] },
    ],
    [
      ['451-["x",{"_placeholder":true,"num":0.5}]', "bAQ=="],
      { type: "event", nsp: "/", args: ["x", undefined] },
    ],
    [
      ['451-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]', "bAQ=="],
      { type: "event", nsp: "/", args: ["x", bytes(1), bytes(1)] },
    ],
    [
      [
        '4510-["x",{"_placeholder":true,"num":9}]',
        ...Array.from({ length: 10 }, (_, i) => encodeMessage(bytes(i))),
      ],
      { type: "event", nsp: "/", args: ["x", bytes(9)] },
    ],
  ];

  test.each(accepted)("%j", (frames, packet) => {
    expect(receive(frames)).toEqual({ packet });
  });

  test.each(accepted)("%j, as officially", (frames, packet) => {
    expect(officialVerdict(frames)).toEqual([expect.objectContaining(wireParts(packet))]);
  });

  test.each([["42"], ["42/custom"], ["451-", "bAQ=="]])(
    "a missing payload (%j) is an event without a name",
    (...frames) => {
      const received = receive(frames);

      expect(received).toMatchObject({ packet: { type: "event", args: ["undefined"] } });
      expect(officialVerdict(frames)).toEqual([expect.not.objectContaining({ data: expect.anything() })]);
    },
  );

  test("`__proto__` is a key like any other", () => {
    const received = receive(['40{"__proto__":{"admin":true}}']);

    const auth =
      "packet" in received && received.packet.type === "connect" ? received.packet.auth : undefined;
    expect(Object.keys(auth ?? {})).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(auth)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });

  test("an attachment in a `__proto__` key stays there", () => {
    const received = receive(['451-["x",{"__proto__":{"_placeholder":true,"num":0}}]', "bAQ=="]);

    const arg =
      "packet" in received && received.packet.type === "event" ? received.packet.args[1] : undefined;
    expect(Object.entries(arg ?? {})).toEqual([["__proto__", bytes(1)]]);
    expect(Object.getPrototypeOf(arg)).toBe(Object.prototype);
  });

  test("attachments are handed out as Buffers without a copy", () => {
    const stored = new Uint8Array([0, 1, 2]).subarray(1);

    const packet = defaultCodec.assemble('51-["x",{"_placeholder":true,"num":0}]', [stored]);

    const attachment = packet.type === "event" ? packet.args[1] : undefined;
    expect(attachment).toEqual(bytes(1, 2));
    expect(Buffer.isBuffer(attachment) && attachment.buffer).toBe(stored.buffer);
  });
});

describe("assemble", () => {
  test.each<[string, string, number]>([
    ["fewer attachments than announced", '52-["x"]', 1],
    ["no attachment", '51-["x"]', 0],
    ["more attachments than announced", '51-["x"]', 2],
    ["a header that announces none", '2["x"]', 0],
    ["a header that announces none, with an attachment", '2["x"]', 1],
    ["a number of attachments in a packet that has none", '21-["x"]', 1],
    ["an empty header", "", 0],
  ])("refuses %s", (_, header, count) => {
    const parts = Array.from({ length: count }, () => bytes(1));

    const error = failure(() => defaultCodec.assemble(header, parts));

    expect(error.code).toMatch(/^protocol\.bad_(attachment_count|packet)$/);
  });

  test("gives the same packet twice for the same stored parts", () => {
    const header = '51-["x",{"_placeholder":true,"num":0}]';
    const parts = [bytes(5)];

    const first = defaultCodec.assemble(header, parts);
    const second = defaultCodec.assemble(header, parts);

    expect(second).toEqual(first);
    expect(parts).toEqual([bytes(5)]);
  });
});
