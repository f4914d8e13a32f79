import { isBornOnPolling } from "../../ids.ts";
import type { Session } from "../../engine/session.ts";
import type { Turn } from "../../engine/turn.ts";
import type { SocketState } from "../replay/socket-state.ts";
import { removeSocket } from "./on-disconnect.ts";
import type { PacketPorts } from "./packet-ports.ts";
import { revisions } from "./protocol-revision.ts";
import { sendPacket } from "./send-packet.ts";
import { socketsOf } from "../replay/session-sockets.ts";

/** How long an upgrade may take. */
const UPGRADE_MS = 10_000;

/** The client is told its id. */
export function welcome(internals: PacketPorts, session: Session, state: SocketState, turn: Turn): void {
  const auth = revisions[session.record.protocol].toWelcome(state.id, state.pid);
  sendPacket(internals, session, turn, {
    type: "connect",
    nsp: state.nsp,
    ...(auth === undefined ? {} : { auth }),
  });
}

/**
 * A second CONNECT. A stock client sends one when its app calls `connect()` again before the first was answered, and is
 * answered again. One that has had its answer breaks the protocol. While a client moves to a WebSocket it holds back
 * what it has to say, and its first frame there may be such a CONNECT of before.
 */
export function onConnectAgain(
  internals: PacketPorts,
  session: Session,
  state: SocketState,
  turn: Turn,
): void {
  const hasMoved = isBornOnPolling(session.sid) && session.connectionId !== undefined;
  const answeredAtMs = state.connectedAtMs + (hasMoved ? UPGRADE_MS : 0);
  const isImpatient = turn.writtenAtMs !== undefined && turn.writtenAtMs < answeredAtMs;
  if (isImpatient) welcome(internals, session, state, turn);
  else session.close(turn, "forced close");
}

/** Whether the client was still there when it was told its id, as far as can be known. */
export async function hasArrived({ runtime }: PacketPorts, session: Session, turn: Turn): Promise<boolean> {
  await turn.order(() => undefined);
  await runtime.outbound.settled(session.sid);
  return session.isReachable;
}

export async function removeAgain(
  internals: PacketPorts,
  session: Session,
  state: SocketState,
  turn: Turn,
): Promise<void> {
  const rooms = [...state.rooms];
  state.connected = false;
  socketsOf(session).delete(state.nsp);
  await turn.order(() => removeSocket(internals, turn, state, rooms));
}
