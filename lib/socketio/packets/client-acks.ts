import { protocolOf, type Sid } from "../../ids.ts";
import { dialects } from "../../protocol/dialect.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Packet, PacketCodec } from "../../protocol/packet.ts";
import { receiveMessage } from "../../protocol/reassembly.ts";
import { MAX_ANSWER_BYTES, toMessagesBytes } from "../../state/row-limits.ts";
import { revisions } from "./protocol-revision.ts";
import type { PacketPorts } from "./packet-ports.ts";

type AckPacket = Packet & { type: "ack" };

/** An ack out of a frame, whole and well formed; undefined for everything else. */
export function readAnswer(
  codec: PacketCodec,
  sid: Sid,
  text: string,
): { readonly packet: AckPacket; readonly message: string | Buffer } | undefined {
  const protocol = protocolOf(sid);
  try {
    const frame = dialects[protocol].decodeFrame(text);
    if (frame.type !== "message") return undefined;
    const received = receiveMessage(codec, undefined, frame.data);
    if (!("packet" in received)) return undefined;
    const packet = revisions[protocol].read(received.packet);
    return packet.type === "ack" ? { packet, message: frame.data } : undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
}

/** One conditional write: false when nobody asked for it, or does no longer. */
export async function saveAnswer(
  { runtime }: PacketPorts,
  sid: Sid,
  { nsp, id: ackId }: AckPacket,
  messages: readonly (string | Uint8Array)[],
  atMs: number,
): Promise<boolean> {
  if (ackId < 0 || !Number.isSafeInteger(ackId)) return false;
  const bytes = toMessagesBytes(messages);
  if (bytes <= MAX_ANSWER_BYTES) return runtime.store.saveAnswer({ ackId, nsp, sid, messages, atMs });
  runtime.logger.warn("an acknowledgement is too large and is ignored", {
    code: "core.ack_too_large",
    nsp,
    bytes,
  });
  return false;
}
