import { described } from "../described.ts";
import { CoreError } from "../engine/errors.ts";
import type { Session } from "../engine/session.ts";
import type { Turn } from "../engine/turn.ts";
import { BaseServer } from "./base-server.ts";
import { BaseNamespace } from "./namespace.ts";
import type { MatchFunction, PacketPorts } from "./packets/packet-ports.ts";
import type { Binding } from "./replay/replay-ports.ts";
import type { SocketState } from "./replay/socket-state.ts";
import type {
  DecorateAcknowledgements,
  DefaultEventsMap,
  EventsMap,
  Untyped,
} from "./replay/typed-events.ts";
import type { RemoteSocket } from "./rooms/remote-socket.ts";
import { BaseSocket } from "./socket.ts";

// Server, namespaces and sockets name each other in their types, so they stand in one file; what each does is in its base.

/**
 * A Socket.IO server with no server in it: the same API, run one packet at a time on whichever instance is free.
 *
 * @example
 * import { Server } from "nonsticky";
 * export const io = new Server();
 * io.on("connection", (socket) => {
 *   socket.join("lobby");
 *   socket.on("chat message", (text, ack) => {
 *     io.to("lobby").emit("chat message", text);
 *     ack?.({ ok: true });
 *   });
 * });
 */
export class Server<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = Listen,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = Untyped,
> extends BaseServer<
  Emit,
  ServerSide,
  SocketData,
  ServerReservedEvents<Listen, Emit, ServerSide, SocketData>,
  Middleware<Listen, Emit, ServerSide, SocketData>,
  (socket: Socket<Listen, Emit, ServerSide, SocketData>) => unknown,
  Namespace<Listen, Emit, ServerSide, SocketData>,
  ParentNamespace<Listen, Emit, ServerSide, SocketData>
> {
  /** @internal */
  protected override createNamespace(
    name: string,
    internals: PacketPorts,
  ): Namespace<Listen, Emit, ServerSide, SocketData> {
    return new Namespace(this, name, internals);
  }

  /** @internal */
  protected override createParent(
    name: string,
    match: RegExp | MatchFunction,
    internals: PacketPorts,
  ): ParentNamespace<Listen, Emit, ServerSide, SocketData> {
    return new ParentNamespace(this, name, internals, match);
  }
}

/** A pool of sockets under one name, multiplexed over the clients' connections. */
export class Namespace<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = Listen,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = Untyped,
> extends BaseNamespace<
  Emit,
  ServerSide,
  SocketData,
  ServerReservedEvents<Listen, Emit, ServerSide, SocketData>
> {
  readonly server: Server<Listen, Emit, ServerSide, SocketData>;
  /** @internal */
  readonly middlewares: Middleware<Listen, Emit, ServerSide, SocketData>[] = [];

  #parent: Namespace<Listen, Emit, ServerSide, SocketData> | undefined;

  /** @internal */
  constructor(server: Server<Listen, Emit, ServerSide, SocketData>, name: string, internals: PacketPorts) {
    super(name, internals);
    this.server = server;
  }

  /** Runs once for every socket that asks to connect, in order; never in a replay. */
  use(middleware: Middleware<Listen, Emit, ServerSide, SocketData>): this {
    if (typeof middleware !== "function") {
      throw new CoreError(
        "core.not_a_listener",
        `expected a middleware function, got ${described(middleware)}`,
      );
    }
    this.middlewares.push(middleware);
    return this;
  }

  /** @internal A socket of it for the length of one packet. */
  createSocket(
    session: Session,
    state: SocketState,
    turn: Turn,
    replay?: Binding,
  ): Socket<Listen, Emit, ServerSide, SocketData> {
    return new Socket(this, session, state, turn, replay);
  }

  /** @internal The dynamic namespace that this is a child of. */
  get parent(): Namespace<Listen, Emit, ServerSide, SocketData> | undefined {
    return this.#parent;
  }

  /** @internal Makes this a child, with the middlewares and connection listeners that the parent has now. */
  adopt(parent: Namespace<Listen, Emit, ServerSide, SocketData>): void {
    this.#parent = parent;
    this.middlewares.push(...parent.middlewares);
    for (const event of ["connect", "connection"] as const) {
      for (const listener of parent.listeners(event)) this.on(event, listener as never);
    }
  }
}

/**
 * The pattern of dynamic namespaces: `io.of(/^\/tenant-\d+$/)`, or a function. Its middlewares and connection
 * listeners are those of every child, an emit of it reaches the sockets of all children. It has no sockets itself.
 */
export class ParentNamespace<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = Listen,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = Untyped,
> extends Namespace<Listen, Emit, ServerSide, SocketData> {
  /** @internal */
  readonly match: RegExp | MatchFunction;

  /** @internal */
  constructor(
    server: Server<Listen, Emit, ServerSide, SocketData>,
    name: string,
    internals: PacketPorts,
    match: RegExp | MatchFunction,
  ) {
    super(server, name, internals);
    this.match = match;
  }

  /** @internal */
  override get hasChildren(): boolean {
    return true;
  }

  /** Throws, in Socket.IO's words. Ask the children, by `io.of(name)`. */
  override fetchSockets(): Promise<RemoteSocket<Emit, SocketData>[]> {
    throw new CoreError(
      "core.parent_without_sockets",
      "fetchSockets() is not supported on parent namespaces",
    );
  }
}

/**
 * A client in a namespace, for the length of one packet. The connection listener runs once live, when the client
 * connects, and is replayed before every later packet to bind the handlers again; then every effect in it is inert.
 * What is to be remembered belongs into `data`, or into rooms.
 */
export class Socket<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = Listen,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = Untyped,
> extends BaseSocket<
  Listen,
  Emit,
  SocketData,
  Namespace<Listen, Emit, ServerSide, SocketData>,
  Socket<Listen, DecorateAcknowledgements<Emit>, ServerSide, SocketData>
> {}

/** An error that a middleware refuses a socket with; `data` reaches the client. */
export interface ExtendedError extends Error {
  data?: Untyped;
}

export interface NamespaceReservedEvents<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
> {
  connect: (socket: Socket<Listen, Emit, ServerSide, SocketData>) => void;
  connection: (socket: Socket<Listen, Emit, ServerSide, SocketData>) => void;
}

/** What `io.on` knows besides: every namespace but `/`, once on each instance, when that makes it. */
export interface ServerReservedEvents<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
> extends NamespaceReservedEvents<Listen, Emit, ServerSide, SocketData> {
  new_namespace: (nsp: Namespace<Listen, Emit, ServerSide, SocketData>) => void;
}

export type Middleware<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = Listen,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = Untyped,
> = (socket: Socket<Listen, Emit, ServerSide, SocketData>, next: (error?: ExtendedError) => void) => unknown;
