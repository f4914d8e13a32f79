import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../lib/protocol/errors.ts";
import { defaultCodec, type Packet, type PacketCodec } from "../../lib/protocol/packet.ts";
import { receiveMessage, toPending, type PendingPacket } from "../../lib/protocol/reassembly.ts";
import { failure } from "./failure.ts";

const first = Buffer.from([1]);
const second = Buffer.from([2]);
const header = '52-["img",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
const packet: Packet = { type: "event", nsp: "/", args: ["img", first, second] };

describe("receiveMessage", () => {
  test("a text packet without attachments is whole at once", () => {
    const received = receiveMessage(defaultCodec, undefined, '2["x"]');

    expect(received).toEqual({ packet: { type: "event", nsp: "/", args: ["x"] } });
  });

  test("attachments join their header one by one, in order of arrival", () => {
    const asked = receiveMessage(defaultCodec, undefined, header);
    expect(asked).toEqual({ pending: { header, attachments: 2, parts: [] } });

    const halfway = receiveMessage(defaultCodec, pendingOf(asked), first);
    expect(halfway).toEqual({ pending: { header, attachments: 2, parts: [first] } });

    const whole = receiveMessage(defaultCodec, pendingOf(halfway), second);
    expect(whole).toEqual({ packet });
  });

  test("a session may start over after a binary packet", () => {
    const next = receiveMessage(defaultCodec, undefined, '51-["img",{"_placeholder":true,"num":0}]');

    const whole = receiveMessage(defaultCodec, pendingOf(next), second);

    expect(whole).toEqual({ packet: { type: "event", nsp: "/", args: ["img", second] } });
  });

  test("what is pending is never changed, so a repeated call gives the same", () => {
    const pending: PendingPacket = Object.freeze({ header, attachments: 2, parts: Object.freeze([first]) });

    const once = receiveMessage(defaultCodec, pending, second);
    const again = receiveMessage(defaultCodec, pending, second);

    expect(again).toEqual(once);
    expect(pending).toEqual({ header, attachments: 2, parts: [first] });
  });

  test("a text while attachments are due says which one was due", () => {
    const pending = { header, attachments: 2, parts: [first] };

    const error = failure(() => receiveMessage(defaultCodec, pending, '2["x"]'));

    expect(error.code).toBe("protocol.unexpected_text");
    expect(error.message).toBe("expected attachment 2 of 2, got a text message");
    expect(error.evidence).toEqual({ received: 1, attachments: 2 });
  });

  test("an empty text is no message, also while attachments are due", () => {
    const pending = { header, attachments: 2, parts: [] };

    expect(failure(() => receiveMessage(defaultCodec, pending, "")).code).toBe("protocol.bad_packet");
  });

  test("bytes that no packet announced say how many they were, and not which", () => {
    const error = failure(() => receiveMessage(defaultCodec, undefined, Buffer.from("secret")));

    expect(error.code).toBe("protocol.unexpected_attachment");
    expect(error.evidence).toEqual({ bytes: 6 });
    expect(error.message).not.toContain("secret");
  });

  test("a bad placeholder shows when the last attachment is there", () => {
    const bad = '52-["img",{"_placeholder":true,"num":2}]';
    const halfway = receiveMessage(defaultCodec, { header: bad, attachments: 2, parts: [] }, first);

    const error = failure(() => receiveMessage(defaultCodec, pendingOf(halfway), second));

    expect(error.code).toBe("protocol.illegal_attachment");
  });
});

describe("toPending", () => {
  test.each<[string, Buffer[], number]>([
    [header, [first], 2],
    ['51-["x"]', [], 1],
    ['610-/custom,3["x"]', [first, second], 10],
    ['5 2-["x"]', [first], 2],
  ])("reads the number of attachments out of %j", (text, parts, attachments) => {
    expect(toPending(text, parts)).toEqual({ header: text, attachments, parts });
  });

  test("a stored packet goes on where it was left", () => {
    const stored = { header, parts: [new Uint8Array([1])] };

    const received = receiveMessage(defaultCodec, toPending(stored.header, stored.parts), second);

    expect(received).toEqual({ packet });
  });

  test.each([
    ["", "bad_packet"],
    ['2["x"]', "bad_attachment_count"],
    ['50-["x"]', "bad_attachment_count"],
  ])("refuses %j", (text, code) => {
    expect(failure(() => toPending(text, [])).code).toBe(`protocol.${code}`);
  });
});

describe("a codec of the app", () => {
  /** In the manner of socket.io-msgpack-parser: one binary message per packet. */
  const binaryCodec: PacketCodec = {
    name: "binary",
    encode: (value) => [Buffer.from(JSON.stringify(value))],
    decodeText: () => {
      throw new ProtocolError("protocol.bad_packet", "expected bytes, got text");
    },
    decodeBinary: (data) => JSON.parse(Buffer.from(data).toString()) as Packet,
    assemble: () => {
      throw new ProtocolError("protocol.bad_packet", "expected no attachments");
    },
  };

  test("a binary message may be a whole packet", () => {
    const event: Packet = { type: "event", nsp: "/", args: ["x"] };
    const [message = ""] = binaryCodec.encode(event);

    const received = receiveMessage(binaryCodec, undefined, message);

    expect(received).toEqual({ packet: event });
  });

  test("it says itself what a text is", () => {
    expect(failure(() => receiveMessage(binaryCodec, undefined, '2["x"]')).code).toBe("protocol.bad_packet");
  });

  test("it says itself what a stored header asks for", () => {
    const threeAlways: PacketCodec = { ...binaryCodec, decodeText: () => ({ attachments: 3 }) };

    expect(toPending("anything", [first], threeAlways)).toEqual({
      header: "anything",
      attachments: 3,
      parts: [first],
    });
  });
});

function pendingOf(received: ReturnType<typeof receiveMessage>): PendingPacket {
  if ("pending" in received) return received.pending;
  throw new Error("expected a pending packet");
}
