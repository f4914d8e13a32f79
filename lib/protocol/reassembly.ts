import { ProtocolError } from "./errors.ts";
import { defaultCodec } from "./packet.ts";
import type { Packet, PacketCodec } from "./packet.ts";

/** A packet whose attachments have not all arrived. `attachments` follows from `header`, so it need not be stored. */
export interface PendingPacket {
  /** The Socket.IO text, without the Engine.IO `4`. */
  readonly header: string;
  /** How many it needs in all, more than `parts` holds. */
  readonly attachments: number;
  readonly parts: readonly Uint8Array[];
}

export type Received = { packet: Packet } | { pending: PendingPacket };

/**
 * What one more Engine.IO message makes of what a session has received so far. Attachments have no number on the
 * wire: they belong to the text before them, in order of arrival, and no other message may come between.
 *
 * @param pending what the previous call left over, if anything. Never changed.
 * @throws {ProtocolError} `protocol.unexpected_text`, `protocol.unexpected_attachment`, or what the codec throws.
 * @see https://socket.io/docs/v4/socket-io-protocol/#sending-and-receiving-data
 */
export function receiveMessage(
  codec: PacketCodec,
  pending: PendingPacket | undefined,
  data: string | Uint8Array,
): Received {
  if (typeof data === "string") return receiveText(codec, pending, data);
  if (pending) return receiveAttachment(codec, pending, data);
  if (codec.decodeBinary) return { packet: codec.decodeBinary(data) };
  throw new ProtocolError(
    "protocol.unexpected_attachment",
    `expected a packet, got ${data.byteLength} bytes that no packet announced`,
    { evidence: { bytes: data.byteLength } },
  );
}

/**
 * A stored pending packet, with its number of attachments read out of the header again.
 *
 * @throws {ProtocolError} when the header asks for no attachments.
 */
export function toPending(
  header: string,
  parts: readonly Uint8Array[],
  codec: PacketCodec = defaultCodec,
): PendingPacket {
  const decoded = codec.decodeText(header);
  if ("attachments" in decoded) return { header, attachments: decoded.attachments, parts };
  throw new ProtocolError(
    "protocol.bad_attachment_count",
    `expected a packet with attachments, got one without: ${decoded.packet.type}`,
  );
}

function receiveText(codec: PacketCodec, pending: PendingPacket | undefined, text: string): Received {
  // One of no characters is no message at all, whatever is due.
  if (pending && text !== "") {
    throw new ProtocolError(
      "protocol.unexpected_text",
      `expected attachment ${pending.parts.length + 1} of ${pending.attachments}, got a text message`,
      { evidence: { received: pending.parts.length, attachments: pending.attachments } },
    );
  }
  const decoded = codec.decodeText(text);
  if ("packet" in decoded) return decoded;
  return { pending: { header: text, attachments: decoded.attachments, parts: [] } };
}

function receiveAttachment(codec: PacketCodec, pending: PendingPacket, bytes: Uint8Array): Received {
  const parts = [...pending.parts, bytes];
  if (parts.length < pending.attachments) return { pending: { ...pending, parts } };
  return { packet: codec.assemble(pending.header, parts) };
}
