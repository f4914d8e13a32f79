import type { Session } from "../../engine/session.ts";
import type { Turn } from "../../engine/turn.ts";
import { replay } from "../replay/replay.ts";
import type { ReplayedSocket } from "../replay/replay-ports.ts";
import type { SocketState } from "../replay/socket-state.ts";
import type { PacketPorts } from "./packet-ports.ts";

/** A socket of the session, with its handlers, asynchronous ones included. */
export async function rebind(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  state: SocketState,
): Promise<ReplayedSocket | undefined> {
  const nsp = internals.namespace(state.nsp, state.parent);
  if (nsp === undefined) return undefined;
  const { socket, bound } = replay(internals, nsp, session, state, turn);
  await bound;
  return socket;
}
