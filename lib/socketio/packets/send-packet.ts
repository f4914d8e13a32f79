import type { Packet } from "../../protocol/packet.ts";
import type { PacketPorts } from "./packet-ports.ts";
import type { Session } from "../../engine/session.ts";
import type { Turn } from "../../engine/turn.ts";

/** Sends one Socket.IO packet to the session's own client, in order with what its turn has sent before. */
export function sendPacket(internals: PacketPorts, session: Session, turn: Turn, packet: Packet): void {
  session.send(turn, internals.codec.encode(packet));
}
