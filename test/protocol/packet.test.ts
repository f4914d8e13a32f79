import { Decoder, PacketType, type Packet as WirePacket } from "socket.io-parser";
import { describe, expect, test } from "vitest";
import type { ProtocolErrorCode } from "../../lib/protocol/errors.ts";
import { decodeFrame, encodeMessage } from "../../lib/protocol/frame.ts";
import { NO_ACK_ID, defaultCodec, type Packet } from "../../lib/protocol/packet.ts";
import { receiveMessage, type Received } from "../../lib/protocol/reassembly.ts";
import { failure } from "./failure.ts";
import { officialFrames, officialVerdict } from "./official.ts";

const bytes = (...values: number[]): Buffer => Buffer.from(values);

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

describe("a client's frames are refused", () => {
  const refused: readonly [ProtocolErrorCode, string[][]][] = [
    [
      "protocol.bad_packet",
      [
        ["4"],
        ["40null"],
        ["40[]"],
        ['40"x"'],
        ["40{"],
        ["40custom,"],
        ["40/custom,null"],
        ["40/custom,[]"],
        ["41{}"],
        ['41["x"]'],
        ["41,"],
        ["41/custom,{}"],
        ["42[]"],
        ["42[null]"],
        ["42[{}]"],
        ["42[true]"],
        ["42[[]]"],
        ['42{"0":"x"}'],
        ['42"x"'],
        ["42null"],
        ["42,"],
        ['42["x"'],
        ['42["x"]]'],
        ['42["connect"]'],
        ['42["connect_error"]'],
        ['42["disconnect"]'],
        ['42["disconnecting"]'],
        ['42["newListener"]'],
        ['42["removeListener"]'],
        ['42/custom,1["connect"]'],
        ['42abc["x"]'],
        ['42-1["x"]'],
        ['421.5["x"]'],
        ['421e1["x"]'],
        ["431{}"],
        ["431null"],
        ['431"x"'],
        ["44["],
        ["44null"],
        ["47"],
        ["48"],
        ["49"],
        ["4abc"],
        ["4-1"],
        ["4\ud83d\ude00"],
        ["4__proto__"],
        ['451-["connect"]'],
        ["451-[]"],
        ['451-[{"_placeholder":true,"num":0}]'],
        ["451-{}"],
        ["461-{}"],
      ],
    ],
    [
      "protocol.bad_attachment_count",
      [
        ["45"],
        ["46"],
        ['45["x"]'],
        ['45-["x"]'],
        ['45a-["x"]'],
        ['451.5-["x"]'],
        ['45-1-["x"]'],
        ['450-["x"]'],
        ['460-["x"]'],
        ['4511-["x"]'],
        ['45999999999999999999999-["x"]'],
        ['45Infinity-["x"]'],
        ['45NaN-["x"]'],
        ['45 -["x"]'],
        ['451["x"]'],
        ['45/custom,1-["x"]'],
      ],
    ],
    [
      "protocol.illegal_attachment",
      [
        ['451-["x",{"_placeholder":true,"num":1}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":-1}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":"0"}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":"splice"}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":"__proto__"}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":null}]', "bAQ=="],
        ['451-["x",{"_placeholder":true,"num":1e999}]', "bAQ=="],
        ['451-["x",{"_placeholder":true}]', "bAQ=="],
        ['461-1[{"deep":[{"_placeholder":true,"num":7}]}]', "bAQ=="],
      ],
    ],
    [
      "protocol.unexpected_attachment",
      [["b"], ["bAQ=="], ['42["x"]', "bAQ=="], ['451-["x",{"_placeholder":true,"num":0}]', "bAQ==", "bAg=="]],
    ],
    [
      "protocol.unexpected_text",
      [
        ['451-["x",{"_placeholder":true,"num":0}]', '42["y"]'],
        ['451-["x",{"_placeholder":true,"num":0}]', "41"],
        ['452-["x"]', "bAQ==", '451-["x"]'],
      ],
    ],
  ];
  const rows = refused.flatMap(([code, lists]) => lists.map((frames) => [frames, code] as const));

  test.each(rows)("%j", (frames, code) => {
    const error = failure(() => receive(frames));

    expect(error.code).toBe(code);
    expect(error.closeReason).toBe("forced close");
    expect(error.expose).toBe(false);
  });

  test.each(rows)("%j, as officially", (frames) => {
    expect(officialVerdict(frames)).toBe("closes");
  });

  test.each(['421 2["x"]', `42${"9".repeat(400)}["x"]`, "43 1 1[]"])(
    "%j is refused here, while the official server acks NaN or Infinity",
    (frame) => {
      const error = failure(() => receive([frame]));

      expect(error.code).toBe("protocol.bad_packet");
      expect(officialVerdict([frame])).toEqual([
        expect.objectContaining({ id: expect.not.toSatisfy(Number.isFinite) }),
      ]);
    },
  );

  test("nesting too deep for the parser is an error of ours", () => {
    const depth = 200_000;
    const header = `51-["x",${"[".repeat(depth)}${"]".repeat(depth)}]`;

    const error = failure(() => defaultCodec.assemble(header, [bytes(1)]));

    expect(error.code).toMatch(/^protocol\.(illegal_attachment|bad_packet)$/);
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

const send = (packet: Packet): string[] => defaultCodec.encode(packet).map(encodeMessage);

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
