import { decodePacket, encodePacket } from "engine.io-parser";
import { Decoder, Encoder, PacketType, type Packet as WirePacket } from "socket.io-parser";

/** What the official server's two parsers make of frames, wired as engine.io and socket.io wire them. */
export type Verdict = "closes" | "waits" | readonly WirePacket[];

export function officialVerdict(frames: readonly string[]): Verdict {
  const decoder = new Decoder();
  const packets: WirePacket[] = [];
  decoder.on("decoded", (packet) => packets.push(packet));
  try {
    for (const frame of frames) {
      const { type, data } = decodePacket(frame, "nodebuffer");
      if (type === "error") return "closes";
      if (type === "message") decoder.add(data);
    }
  } catch {
    return "closes";
  }
  // socket.io's Client closes for these before any socket sees them.
  if (packets.some((packet) => packet.type === PacketType.CONNECT_ERROR)) return "closes";
  return packets.length === 0 ? "waits" : packets;
}

/** The frames that the official server writes for a packet to a client that wants base64. */
export function officialFrames(packet: WirePacket): string[] {
  const frames: string[] = [];
  for (const data of new Encoder().encode(packet)) {
    encodePacket({ type: "message", data }, false, (frame: string) => frames.push(frame));
  }
  return frames;
}
