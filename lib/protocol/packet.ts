import { Decoder, Encoder, PacketType } from "socket.io-parser";
import type { Packet as WirePacket } from "socket.io-parser";
import { ProtocolError } from "./errors.ts";
import { MAX_ATTACHMENTS } from "./limits.ts";

/** The `id` of an ack that names none. Clients cannot write it, so it answers nothing. */
export const NO_ACK_ID = -1;

/** One Socket.IO packet, its attachments in place. Whether it is binary on the wire follows from what it holds. */
export type Packet =
  /** From a client `auth` is what it shows; from the server it holds `sid` and, with recovery, `pid`. */
  | { type: "connect"; nsp: string; auth?: Record<string, unknown> }
  | { type: "disconnect"; nsp: string }
  /** `id` is set when an ack is wanted: 0 or more, echoed as it came, possibly beyond `MAX_SAFE_INTEGER`. */
  | { type: "event"; nsp: string; id?: number; args: [string | number, ...unknown[]] }
  | { type: "ack"; nsp: string; id: number; args: unknown[] }
  /** An object with a `message`; a client of Socket.IO 2 may be told anything. */
  | { type: "connect_error"; nsp: string; data: unknown };

/** A whole packet, or the number of binary messages that must follow before it is one. */
export type Decoded = { packet: Packet } | { attachments: number };

/**
 * How packets become messages. Codecs keep nothing between two calls: what was received so far is in the arguments.
 * Every decoding method MUST throw a `ProtocolError`, and nothing else, for input that breaks its rules.
 */
export interface PacketCodec {
  readonly name: string;
  /** How the messages of acks from clients begin, and those of nothing else. Bytes come in threes. */
  readonly ackPrefix?: string | Uint8Array;
  /** One message, then its attachments, in the order they MUST be sent. MUST NOT change the packet. */
  encode(packet: Packet): (string | Uint8Array)[];
  decodeText(text: string): Decoded;
  /** Present when a packet may itself be a binary message, as with socket.io-msgpack-parser. */
  decodeBinary?(bytes: Uint8Array): Packet;
  /** `header` is a text that asked for attachments, `parts` are those, all of them, in order of arrival. */
  assemble(header: string, parts: readonly Uint8Array[]): Packet;
}

/** What Node makes of the `undefined` that the official server emits for an event with no payload (`42`). */
const NAMELESS_EVENT = "undefined";

const encoder = new Encoder();

/**
 * The format every stock client speaks, by socket.io-parser itself.
 * @see https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
 */
export const defaultCodec: PacketCodec = {
  name: "socket.io",

  encode(packet) {
    try {
      return encoder.encode(toWire(packet)).map(toMessage);
    } catch (cause) {
      if (cause instanceof ProtocolError) throw cause;
      throw new ProtocolError(
        "protocol.unencodable",
        `expected values that JSON can hold, got: ${String(cause)}`,
        {
          evidence: { type: packet.type, nsp: packet.nsp },
          cause,
        },
      );
    }
  },

  decodeText(text): Decoded {
    // An Engine.IO message of no characters has no data at all for the official server, whose parser fails at that.
    // The empty string it would read as a CONNECT, because Number("") is 0.
    if (text === "") throw badPacket("expected a packet, got an empty message", {}, failureOf(undefined));
    const packet = decode(text, []);
    return packet ? { packet } : { attachments: announcedAttachments(text) };
  },

  assemble(header, parts) {
    const announced = announcedAttachments(header);
    if (!isAttachmentCount(announced) || parts.length !== announced) {
      throw badAttachmentCount(
        `expected the attachments that were announced (${announced}), got ${parts.length}`,
      );
    }
    const packet = decode(header, parts);
    if (packet) return packet;
    throw badAttachmentCount(`expected a packet that is complete with ${parts.length} attachments`);
  },
};

/** A fresh decoder per call: the official one remembers a packet whose attachments are due. */
function decode(text: string, parts: readonly Uint8Array[]): Packet | undefined {
  const decoder = new Decoder({ maxAttachments: MAX_ATTACHMENTS });
  let decoded: WirePacket | undefined;
  decoder.on("decoded", (packet) => {
    decoded = packet;
  });
  try {
    decoder.add(text);
  } catch (cause) {
    throw refusal(text, cause);
  }
  try {
    for (const part of parts) decoder.add(toBuffer(part));
  } catch (cause) {
    throw new ProtocolError("protocol.illegal_attachment", "expected placeholders to point at attachments", {
      evidence: { attachments: parts.length },
      cause,
    });
  }
  return decoded && fromWire(decoded);
}

/** What the parser throws at something that is no message. */
function failureOf(message: unknown): unknown {
  try {
    new Decoder().add(message);
    return undefined;
  } catch (cause) {
    return cause;
  }
}

export function fromWire(wire: WirePacket): Packet {
  const { type, nsp, id, data } = wire;
  // Blanks count as digits for the parser, so an id may come out as NaN (`421 2["x"]`), or as Infinity. The parser's
  // own check refuses both, and an ack with such an id would be a packet that no client can read.
  if (id !== undefined && !Number.isInteger(id)) {
    throw badPacket(`expected an integer as packet id, got ${id}`, { type, id });
  }
  switch (type) {
    case PacketType.CONNECT:
      return data === undefined ? { type: "connect", nsp } : { type: "connect", nsp, auth: data };
    case PacketType.DISCONNECT:
      return { type: "disconnect", nsp };
    case PacketType.EVENT:
      return { type: "event", nsp, ...(id === undefined ? {} : { id }), args: data ?? [NAMELESS_EVENT] };
    case PacketType.ACK:
      return { type: "ack", nsp, id: id ?? NO_ACK_ID, args: data ?? [] };
    default:
      return { type: "connect_error", nsp, data };
  }
}

export function toWire(packet: Packet): WirePacket {
  const { nsp } = packet;
  switch (packet.type) {
    case "connect":
      return { type: PacketType.CONNECT, nsp, data: packet.auth };
    case "disconnect":
      return { type: PacketType.DISCONNECT, nsp };
    case "event":
      return {
        type: PacketType.EVENT,
        nsp,
        ...(packet.id === undefined ? {} : { id: packet.id }),
        data: packet.args,
      };
    case "ack":
      return { type: PacketType.ACK, nsp, id: packet.id, data: packet.args };
    case "connect_error":
      return { type: PacketType.CONNECT_ERROR, nsp, data: packet.data };
    default:
      return packet satisfies never;
  }
}

function refusal(text: string, cause: unknown): ProtocolError {
  const isBinary = text.startsWith("5") || text.startsWith("6");
  const announced = announcedAttachments(text);
  if (isBinary && !isAttachmentCount(announced)) {
    return badAttachmentCount(`expected 1 to ${MAX_ATTACHMENTS} attachments, got ${announced}`, cause);
  }
  const evidence = { first: text.charAt(0), characters: text.length };
  return badPacket(`expected a Socket.IO packet: ${describe(cause)}`, evidence, cause);
}

export const badPacket = (
  message: string,
  evidence: Record<string, unknown>,
  cause?: unknown,
): ProtocolError => new ProtocolError("protocol.bad_packet", message, { evidence, cause });

const badAttachmentCount = (message: string, cause?: unknown): ProtocolError =>
  new ProtocolError("protocol.bad_attachment_count", message, { cause });

/** The number before the first `-`, read as the parser reads it (`" 1"` and `0x1` are numbers); NaN without one. */
export function announcedAttachments(text: string): number {
  const end = text.indexOf("-");
  return end === -1 ? Number.NaN : Number(text.slice(1, end));
}

export const isAttachmentCount = (count: number): boolean =>
  Number.isInteger(count) && count >= 1 && count <= MAX_ATTACHMENTS;

const describe = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

export function toMessage(part: unknown): string | Uint8Array {
  if (typeof part === "string") return part;
  if (part instanceof ArrayBuffer) return Buffer.from(part);
  if (ArrayBuffer.isView(part)) return toBuffer(part);
  // The parser takes Blob and File for binary; the official server then sends "[object Blob]" in their place.
  throw new ProtocolError(
    "protocol.unencodable",
    "expected bytes that can be read at once, got a Blob or a File",
  );
}

export const toBuffer = (view: ArrayBufferView): Buffer =>
  Buffer.isBuffer(view) ? view : Buffer.from(view.buffer, view.byteOffset, view.byteLength);
