import { findAckPrefix, sampleMessages } from "./ack-prefix.ts";
import { ProtocolError } from "./errors.ts";
import { isMsgpack } from "./msgpack.ts";
import {
  announcedAttachments,
  badPacket,
  fromWire,
  isAttachmentCount,
  toBuffer,
  toMessage,
  toWire,
} from "./packet.ts";
import type { Packet, PacketCodec } from "./packet.ts";
import { isReservedEvent } from "./reserved-events.ts";

/**
 * A parser in the form of socket.io-parser, as the `parser` option of Socket.IO takes it, on both sides of the wire.
 *
 * `encode` MUST answer at once, with the messages of one packet. A decoder MUST emit `decoded` before `add` returns,
 * with the first message, unless that announces attachments as the stock parser does (`51-…`).
 *
 * @see https://socket.io/docs/v4/custom-parser/
 */
export interface Parser {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the published types of parsers say
  readonly Encoder: new () => any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
  readonly Decoder: new () => any;
}

interface WireEncoder {
  encode(packet: unknown): unknown;
}

interface WireDecoder {
  on(event: "decoded", listener: (packet: unknown) => void): unknown;
  add(message: unknown): void;
  destroy?(): void;
}

/**
 * Wraps a parser into a codec that keeps nothing between two calls, and lets nothing out that the stock parser would
 * not: parsers check less than it does, and behind them an event named `disconnect` would call the app's own listener.
 */
export function createCustomCodec({ Encoder, Decoder }: Parser): PacketCodec {
  const encoder = new Encoder() as WireEncoder;
  const encodeWire = (wire: object): (string | Uint8Array)[] => {
    const messages = encoder.encode(wire);
    if (Array.isArray(messages) && messages.length > 0) return messages.map(toMessage);
    throw new TypeError("expected the parser's encoder to return the messages of a packet");
  };
  const samples = sampleMessages(encodeWire);
  const ackPrefix = findAckPrefix(samples);
  const speaksMsgpack =
    samples.length > 0 && samples.every(({ message }) => typeof message !== "string" && isMsgpack(message));

  const decode = (messages: readonly (string | Uint8Array)[]): Packet | undefined => {
    const [first = ""] = messages;
    if (speaksMsgpack && (typeof first === "string" || !isMsgpack(first)))
      throw badPacket("expected one MessagePack value", { characters: first.length });
    const wire = runDecoder(Decoder, messages);
    if (wire === undefined) return undefined;
    const packet = fromWire(toCheckedWire(wire));
    // Acks overtake what the client sent before; nothing else may, however it is written.
    if (packet.type !== "ack" && ackPrefix !== undefined && hasPrefix(first, ackPrefix))
      throw badPacket("expected an ack, for the message begins like one", { type: packet.type });
    return packet;
  };

  const decodeBinary = (bytes: Uint8Array): Packet => {
    const packet = decode([bytes]);
    if (packet) return packet;
    throw badPacket("expected a packet in one message", { bytes: bytes.byteLength });
  };

  return {
    name: "custom",
    ...(ackPrefix === undefined ? {} : { ackPrefix }),

    encode(packet) {
      try {
        return encodeWire(toWire(packet));
      } catch (cause) {
        if (cause instanceof ProtocolError) throw cause;
        throw new ProtocolError(
          "protocol.unencodable",
          `expected values that the parser can encode: ${describe(cause)}`,
          { evidence: { type: packet.type, nsp: packet.nsp }, cause },
        );
      }
    },

    decodeText(text) {
      if (text === "") throw badPacket("expected a packet, got an empty message", {});
      const packet = decode([text]);
      if (packet) return { packet };
      const attachments = announcedAttachments(text);
      if (isAttachmentCount(attachments)) return { attachments };
      throw badPacket("expected a packet in one message, or a number of attachments that are due", {
        characters: text.length,
      });
    },

    ...(samples.some(({ message }) => typeof message !== "string") ? { decodeBinary } : {}),

    assemble(header, parts) {
      const packet = decode([header, ...parts]);
      if (packet) return packet;
      throw new ProtocolError(
        "protocol.bad_attachment_count",
        `expected a packet that is complete with ${parts.length} attachments`,
      );
    },
  };
}

/** A decoder for this packet alone: whatever one remembers of a half packet must not meet the next client's. */
function runDecoder(Decoder: Parser["Decoder"], messages: readonly (string | Uint8Array)[]): unknown {
  const decoded: unknown[] = [];
  try {
    const decoder = new Decoder() as WireDecoder;
    decoder.on("decoded", (packet) => decoded.push(packet));
    for (const message of messages) decoder.add(typeof message === "string" ? message : toBuffer(message));
    decoder.destroy?.();
  } catch (cause) {
    throw badPacket(`expected a packet of the app's parser: ${describe(cause)}`, {}, cause);
  }
  if (decoded.length > 1) throw badPacket("expected one packet", { packets: decoded.length });
  return decoded[0];
}

type Wire = Parameters<typeof fromWire>[0];

/** The checks of socket.io-parser, on what another parser made of a message. */
function toCheckedWire(decoded: unknown): Wire {
  if (!isRecord(decoded)) throw badPacket("expected a packet to be an object", {});
  const { type, nsp, id, data } = decoded;
  if (typeof nsp !== "string" || !nsp.startsWith("/"))
    throw badPacket('expected a namespace that begins with "/"', { type });
  if (id !== undefined && !(Number.isInteger(id) && (id as number) >= 0))
    throw badPacket("expected 0 or more as packet id", { type });
  switch (type) {
    case 0:
      if (data === undefined || data === null) return { type, nsp };
      if (!isRecord(data)) throw badPacket("expected an object as auth", { type });
      return { type, nsp, data: toJsonValue(data) };
    case 1:
    case 4:
      return { type, nsp };
    case 2:
    case 5:
      if (!Array.isArray(data) || !isEventName(data[0]))
        throw badPacket("expected a list that begins with an event's name", { type });
      return { type: 2, nsp, data, ...(id === undefined ? {} : { id: id as number }) };
    case 3:
    case 6:
      if (!Array.isArray(data)) throw badPacket("expected a list of answers", { type });
      return { type: 3, nsp, data, ...(id === undefined ? {} : { id: id as number }) };
    default:
      throw badPacket("expected a type of packet from 0 to 6", {});
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === "[object Object]";

const isEventName = (name: unknown): boolean =>
  typeof name === "number" || (typeof name === "string" && !isReservedEvent(name));

/** The auth is kept in the table for later turns, as JSON; so the first turn sees it in that form, too. */
function toJsonValue(data: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(data));
  } catch (cause) {
    throw badPacket("expected an auth that JSON can hold", {}, cause);
  }
}

const hasPrefix = (message: string | Uint8Array, prefix: string | Uint8Array): boolean =>
  typeof message === "string"
    ? typeof prefix === "string" && message.startsWith(prefix)
    : typeof prefix !== "string" && Buffer.compare(message.subarray(0, prefix.length), prefix) === 0;

const describe = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
