import type { PacketCodec } from "../protocol/packet.ts";
import type { Namespace } from "./namespace.ts";
import type { MatchFunction } from "./parent-namespace.ts";
import type { Recovery } from "./recovery/recovery.ts";
import type { ReplayCheck } from "./replay/replay-check.ts";
import type { Runtime } from "../engine/runtime.ts";

/** What the parts of a Socket.IO server share and no app sees. */
export interface Internals {
  /** Throws `core.no_runtime` until the server has been given one. */
  readonly runtime: Runtime;
  readonly codec: PacketCodec;
  /** Undefined: clients do not get their state back. */
  readonly recovery: Recovery | undefined;
  /** Undefined: replays are not compared with the live run. */
  readonly replayCheck: ReplayCheck | undefined;
  /** How long a turn waits for an ack that its handlers have not sent when they end. */
  readonly ackWaitMs: number;
  /** That of a socket that has connected. `parent`: of which dynamic one it is a child, as its row says. */
  namespace(name: string, parent: string | undefined): Namespace | undefined;
  /** That which a client asks for; functions of dynamic namespaces are put to `ask`, one by one. */
  askForNamespace(
    name: string,
    ask: (match: MatchFunction) => Promise<boolean>,
  ): Promise<Namespace | undefined>;
  /** A handler of the app failed; it harms nobody else. */
  reportFailure(failure: HandlerFailure): void;
}

export interface HandlerFailure {
  readonly error: unknown;
  /** The event whose handler failed; `connection` for the connection listener, `connect` for what runs before it. */
  readonly event: string;
  readonly nsp: string;
  /** Empty where no socket is concerned, as in `new_namespace`. */
  readonly socketId: string;
}
