import * as msgpack from "socket.io-msgpack-parser";
import * as stock from "socket.io-parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCustomCodec, type Parser } from "../../lib/protocol/custom-codec.ts";
import { toAckPrefix } from "../../lib/protocol/dialect.ts";
import { ProtocolError } from "../../lib/protocol/errors.ts";
import { encodeMessage } from "../../lib/protocol/frame.ts";
import type { Packet } from "../../lib/protocol/packet.ts";
import { receiveMessage } from "../../lib/protocol/reassembly.ts";

const codec = createCustomCodec(msgpack);
const encode = (packet: unknown): Buffer => (new msgpack.Encoder().encode(packet) as unknown as [Buffer])[0];
const read = (packet: unknown): Packet => codec.decodeBinary!(encode(packet));

/** A parser of texts, each a whole packet in JSON. */
const json: Parser = {
  Encoder: class {
    encode = (packet: unknown) => [JSON.stringify(packet)];
  },
  Decoder: class {
    #listener: (packet: unknown) => void = () => undefined;
    on = (_: string, listener: (packet: unknown) => void) => (this.#listener = listener);
    add = (text: string) => this.#listener(JSON.parse(text));
  },
};

describe("with socket.io-msgpack-parser", () => {
  it.each<[string, object, Packet]>([
    ["a connect", { type: 0, nsp: "/" }, { type: "connect", nsp: "/" }],
    [
      "a connect with auth",
      { type: 0, data: { token: "t" }, nsp: "/a" },
      { type: "connect", nsp: "/a", auth: { token: "t" } },
    ],
    ["a disconnect", { type: 1, nsp: "/" }, { type: "disconnect", nsp: "/" }],
    ["an event", { type: 2, data: ["e", 1], nsp: "/" }, { type: "event", nsp: "/", args: ["e", 1] }],
    [
      "an event that asks",
      { type: 2, data: ["e"], options: { compress: true }, id: 5, nsp: "/" },
      { type: "event", nsp: "/", id: 5, args: ["e"] },
    ],
    [
      "an event with bytes in it",
      { type: 2, data: ["e", { deep: [Buffer.from([1, 2])] }], nsp: "/" },
      { type: "event", nsp: "/", args: ["e", { deep: [Buffer.from([1, 2])] }] },
    ],
    ["an ack", { type: 3, id: 7, data: ["ok"], nsp: "/" }, { type: "ack", nsp: "/", id: 7, args: ["ok"] }],
    ["an ack of nothing", { type: 3, data: [], nsp: "/" }, { type: "ack", nsp: "/", id: -1, args: [] }],
  ])("reads %s", (_, wire, packet) => {
    expect(read(wire)).toEqual(packet);
  });

  it.each([
    ["no object", [1]],
    ["a disconnect with nil, as python-socketio says it", { type: 1, nsp: "/", data: null }],
    ["no type", { nsp: "/", data: [] }],
    ["a type that does not exist", { type: 9, nsp: "/", data: [] }],
    ["a type in words", { type: "2", nsp: "/", data: ["e"] }],
    ["no namespace", { type: 2, data: ["e"] }],
    ["a namespace that is no text", { type: 2, nsp: 1, data: ["e"] }],
    ["a namespace without its slash", { type: 0, nsp: "admin" }],
    ["an auth that is a list", { type: 0, nsp: "/", data: [] }],
    ["an event with no name", { type: 2, nsp: "/", data: [] }],
    ["an event with an object as name", { type: 2, nsp: "/", data: [{}] }],
    ["an event with a reserved name", { type: 2, nsp: "/", data: ["disconnect"] }],
    ["an event that is no list", { type: 2, nsp: "/", data: "e" }],
    ["a half id", { type: 2, nsp: "/", id: 1.5, data: ["e"] }],
    ["a negative id", { type: 3, nsp: "/", id: -1, data: [] }],
    ["an id in words", { type: 2, nsp: "/", id: "1", data: ["e"] }],
    ["an ack that is no list", { type: 3, nsp: "/", id: 1, data: {} }],
  ])("refuses %s", (_, wire) => {
    expect(() => read(wire)).toThrow(expect.objectContaining({ code: "protocol.bad_packet" }));
  });

  it("reads a packet that only servers send, which is for its reader to refuse", () => {
    expect(read({ type: 4, nsp: "/", data: { message: "no" } })).toMatchObject({
      type: "connect_error",
      nsp: "/",
    });
  });

  it.each(["", "0", '2["e"]', "40"])("refuses the text %j of a client with the stock parser", (text) => {
    expect(() => codec.decodeText(text)).toThrow(expect.objectContaining({ code: "protocol.bad_packet" }));
  });

  it("refuses a length beyond the packet before anything is allocated", () => {
    const huge = Buffer.from("84a47479706502a36e7370a12fa46461746192a165c9ffffffff00", "hex");

    expect(() => codec.decodeBinary!(huge)).toThrow(expect.objectContaining({ code: "protocol.bad_packet" }));
  });

  it("shows an auth as JSON can hold it, as later turns will", () => {
    expect(read({ type: 0, data: { n: NaN, b: Buffer.from([1]) }, nsp: "/" })).toEqual({
      type: "connect",
      nsp: "/",
      auth: { n: null, b: { type: "Buffer", data: [1] } },
    });
  });

  it("reads nothing into one packet from another", () => {
    expect(() => codec.decodeBinary!(encode({ type: 2, nsp: "/", data: ["a"] }).subarray(0, -1))).toThrow(
      ProtocolError,
    );

    expect(read({ type: 2, nsp: "/", data: ["b"] })).toEqual({ type: "event", nsp: "/", args: ["b"] });
  });

  it("writes one message a packet, bytes and all, as the official server does", () => {
    const args: Packet & { type: "event" } = {
      type: "event",
      nsp: "/",
      args: ["e", { deep: [Buffer.from([1, 2])] }],
    };

    const [message, ...rest] = codec.encode(args);

    expect(rest).toEqual([]);
    expect(codec.decodeBinary!(message as Uint8Array)).toEqual(args);
  });

  it("says so when an argument has no form on the wire", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);

    for (const value of [cycle, 1n, () => undefined]) {
      expect(() => codec.encode({ type: "event", nsp: "/", args: ["e", value] })).toThrow(
        expect.objectContaining({ code: "protocol.unencodable" }),
      );
    }
  });

  it("answers anything with a packet or with one of our errors", () => {
    const anyBytes = fc.uint8Array({ maxLength: 60 });
    const nearly = fc
      .record({
        type: fc.oneof(fc.nat(6), fc.anything()),
        nsp: fc.constantFrom("/", "", 1),
        data: fc.anything(),
      })
      .map((packet) => new Uint8Array(encode(JSON.parse(JSON.stringify(packet)))));
    fc.assert(
      fc.property(fc.oneof(anyBytes, nearly), (bytes) => {
        try {
          expect(receiveMessage(codec, undefined, bytes)).toHaveProperty("packet");
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { seed: 20_250_101, numRuns: 1_000 },
    );
  });
});

describe("how acks begin", () => {
  it("is found for socket.io-msgpack-parser, as base64 of either protocol", () => {
    expect([toAckPrefix(codec, 4), toAckPrefix(codec, 3)]).toEqual(["bhKR0eXBlA6Jp", "b4hKR0eXBlA6Jp"]);
  });

  it.each([0, 1, 127, 128, 65_536, 2 ** 32])(
    "is how an ack of id %i begins, as stock clients write it",
    (id) => {
      const frame = encodeMessage(encode({ type: 3, id, data: [Buffer.alloc(50), { a: 1 }], nsp: "/admin" }));

      expect(frame.startsWith("bhKR0eXBlA6Jp")).toBe(true);
    },
  );

  it("is not how an event begins", () => {
    for (const packet of [
      { type: 2, data: ["e"], nsp: "/" },
      { type: 2, data: ["e"], options: { compress: true }, id: 0, nsp: "/" },
    ]) {
      expect(encodeMessage(encode(packet)).startsWith("bhKR0eXBlA6Jp")).toBe(false);
    }
  });

  it("is kept for acks: nothing else may overtake what the client sent before", () => {
    // { type: 3, id: 1, __proto__: { nsp: "/", data: ["e"] }, type: 2 }
    const inherited = `a9${Buffer.from("__proto__").toString("hex")}82a36e7370a12fa46461746191a165`;
    const event = Buffer.from(`84a47479706503a2696401${inherited}a47479706502`, "hex");
    expect(encodeMessage(event).startsWith("bhKR0eXBlA6Jp")).toBe(true);

    expect(() => codec.decodeBinary!(event)).toThrow("expected an ack");
  });

  it.each<[string, Parser, string | undefined]>([
    ["one that writes texts", json, '4{"type":3,"id":'],
    ["the stock parser itself", stock, "43"],
    [
      "one that writes all packets alike",
      {
        ...json,
        Encoder: class {
          encode = (packet: object) => [JSON.stringify(Object.entries(packet).reverse())];
        },
      },
      undefined,
    ],
  ])("is found, or is not, for %s", (_, parser, prefix) => {
    expect(toAckPrefix(createCustomCodec(parser), 4)).toBe(prefix);
  });
});

describe("with other parsers", () => {
  it("reads texts that are whole packets", () => {
    expect(createCustomCodec(json).decodeText('{"type":2,"nsp":"/","data":["e",1]}')).toEqual({
      packet: { type: "event", nsp: "/", args: ["e", 1] },
    });
  });

  it("puts together what announces attachments as the stock parser does", () => {
    const wrapped = createCustomCodec(stock);
    const header = '51-["img",{"_placeholder":true,"num":0}]';

    expect(wrapped.decodeText(header)).toEqual({ attachments: 1 });
    expect(wrapped.assemble(header, [Buffer.from([1])])).toEqual({
      type: "event",
      nsp: "/",
      args: ["img", Buffer.from([1])],
    });
  });

  it("refuses more attachments than the stock parser takes", () => {
    class Decoder {
      on = () => undefined;
      add = () => undefined;
    }
    const odd = createCustomCodec({ ...json, Decoder });

    expect(odd.decodeText("510-[]")).toEqual({ attachments: 10 });
    expect(() => odd.decodeText("511-[]")).toThrow(expect.objectContaining({ code: "protocol.bad_packet" }));
  });

  it("reads what a parser reads whose encoder can do nothing", () => {
    class Encoder {
      encode = () => {
        throw new Error("read only");
      };
    }
    const reading = createCustomCodec({ ...json, Encoder });

    expect(reading.decodeText('{"type":1,"nsp":"/"}')).toEqual({ packet: { type: "disconnect", nsp: "/" } });
    expect(() => reading.encode({ type: "disconnect", nsp: "/" })).toThrow(
      expect.objectContaining({ code: "protocol.unencodable" }),
    );
  });

  it.each([
    [
      "answers later",
      class {
        on = () => undefined;
        add = () => undefined;
      },
    ],
    [
      "answers twice",
      class {
        #listener: (packet: unknown) => void = () => undefined;
        on = (_: string, listener: (packet: unknown) => void) => (this.#listener = listener);
        add = () => [1, 2].forEach(() => this.#listener({ type: 1, nsp: "/" }));
      },
    ],
  ])("refuses what a decoder %s", (_, Decoder) => {
    const odd = createCustomCodec({ ...json, Decoder });

    expect(() => odd.decodeText("{}")).toThrow(expect.objectContaining({ code: "protocol.bad_packet" }));
  });
});
