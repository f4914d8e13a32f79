import type { PacketCodec } from "../protocol/packet.ts";
import type { Namespace } from "./namespace.ts";
import type { Runtime } from "./runtime.ts";
import type { Session } from "./session.ts";
import type { Turn } from "./turn.ts";

/** What the parts of a Socket.IO server share and no app sees. */
export interface Internals {
  /** Throws `core.no_runtime` until the server has been given one. */
  readonly runtime: Runtime;
  readonly codec: PacketCodec;
  /** How long a turn waits for an ack that its handlers have not sent when they end. */
  readonly ackWaitMs: number;
  namespace(name: string): Namespace | undefined;
  /** The session whose turn this is, if any: its sockets are also in memory. */
  sessionOf(turn: Turn): Session | undefined;
  saveSession(session: Session): Promise<void>;
  /** A handler of the app failed; it harms nobody else. */
  reportFailure(failure: HandlerFailure): void;
}

export interface HandlerFailure {
  readonly error: unknown;
  /** The event whose handler failed; `connection` for the connection listener. */
  readonly event: string;
  readonly nsp: string;
  readonly socketId: string;
}
