import type { EngineMiddleware } from "../../engine/handshake/engine-middlewares.ts";
import type { LivePort } from "../live/live-port.ts";
import type { Recovery } from "../recovery/recovery.ts";
import type { ReplayedNamespace, ReplayPorts } from "../replay/replay-ports.ts";
import type { Listener, Untyped } from "../replay/typed-events.ts";
import type { Timers } from "../timers/defined-timers.ts";
import type { RoomAdapter } from "../rooms/room-adapter.ts";
import type { RoomPorts } from "../rooms/room-ports.ts";

/** What the handling of packets needs of the server: all that its parts need, and the namespaces. */
export interface PacketPorts extends ReplayPorts, RoomPorts {
  /** Undefined: clients do not get their state back. */
  readonly recovery: Recovery | undefined;
  /** Undefined: the app has no live values. */
  readonly live: LivePort | undefined;
  /** What is called when it is due. */
  readonly timers: Timers;
  /** Of `io.engine`. */
  readonly engineMiddlewares: readonly EngineMiddleware[];
  /** A session is used whose store is the memory of one process. */
  reportInMemory(this: void): void;
  /** How long a turn waits for an ack that its handlers have not sent when they end. */
  readonly ackWaitMs: number;
  /** Whether rooms of some namespace have a listener, or of one that this instance has not met may get one. */
  mayHearRooms(): boolean;
  /** That of a socket that has connected. `parent`: of which dynamic one it is a child, as its row says. */
  namespace(name: string, parent: string | undefined): ServedNamespace | undefined;
  /** That which a client asks for; functions of dynamic namespaces are put to `ask`, one by one. */
  askForNamespace(
    name: string,
    ask: (match: MatchFunction) => Promise<boolean>,
  ): Promise<ServedNamespace | undefined>;
}

/** A namespace, as far as packets go to it. */
export interface ServedNamespace extends ReplayedNamespace {
  /** The dynamic namespace that this is a child of. */
  readonly parent: { readonly name: string } | undefined;
  /** Each takes a socket and `next`. */
  readonly middlewares: readonly Listener<never[]>[];
  rawListeners(event: string): Listener<never[]>[];
  /** Of a parent none. */
  readonly roomAdapter: RoomAdapter;
}

/**
 * Says by `next(null, true)` whether there is a namespace of that name for a client that shows `auth`. May be
 * asynchronous; an error, like `false`, leaves the answer to the parents registered after this one.
 */
export type MatchFunction = (
  name: string,
  auth: { [key: string]: Untyped },
  next: (error: Error | null | undefined, success?: boolean) => void,
) => unknown;
