import { toParserError, type ProtocolError } from "../../protocol/errors.ts";
import { callListeners } from "../replay/handler.ts";
import type { PacketPorts } from "./packet-ports.ts";
import { rebind } from "./rebind.ts";
import type { Session } from "../../engine/session.ts";
import { socketsOf } from "../replay/session-sockets.ts";
import type { Turn } from "../../engine/turn.ts";

/**
 * A client broke the rules. Every socket of its session hears of it, `error`, and then the session is over, as with the
 * official server. Undefined: a rule of ours, which no listener is told of.
 */
export async function onViolation(
  internals: PacketPorts,
  session: Session,
  turn: Turn,
  violation: ProtocolError | undefined,
): Promise<void> {
  turn.describe("violation");
  if (violation) {
    const error = toParserError(violation);
    for (const state of [...socketsOf(session).values()]) {
      const socket = await rebind(internals, session, turn, state);
      if (socket) callListeners(internals, turn, socket, "error", error);
    }
  }
  session.close(turn, "forced close");
}
