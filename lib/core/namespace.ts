import { BroadcastOperator } from "./broadcast-operator.ts";
import { CoreError } from "./errors.ts";
import type { Internals } from "./internals.ts";
import type { RemoteSocket } from "./remote-socket.ts";
import type { Server } from "./server.ts";
import type { Socket } from "./socket.ts";
import {
  TypedEmitter,
  type DefaultEventsMap,
  type EventNames,
  type EventParams,
  type EventsMap,
} from "./typed-events.ts";

/** An error that a middleware refuses a socket with; `data` reaches the client. */
export interface ExtendedError extends Error {
  data?: unknown;
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

export type Middleware<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = DefaultEventsMap,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
> = (socket: Socket<Listen, Emit, ServerSide, SocketData>, next: (error?: ExtendedError) => void) => unknown;

/** A pool of sockets under one name, multiplexed over the clients' connections. */
export class Namespace<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = DefaultEventsMap,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
> extends TypedEmitter<ServerSide, NamespaceReservedEvents<Listen, Emit, ServerSide, SocketData>> {
  readonly name: string;
  readonly server: Server<Listen, Emit, ServerSide, SocketData>;
  /** @internal */
  readonly internals: Internals;
  /** @internal */
  readonly middlewares: Middleware<Listen, Emit, ServerSide, SocketData>[] = [];

  /** @internal */
  constructor(server: Server<Listen, Emit, ServerSide, SocketData>, name: string, internals: Internals) {
    super();
    this.server = server;
    this.name = name;
    this.internals = internals;
  }

  /** Runs once for every socket that asks to connect, in order; never in a replay. */
  use(middleware: Middleware<Listen, Emit, ServerSide, SocketData>): this {
    if (typeof middleware !== "function") {
      throw new CoreError("core.not_a_listener", `expected a middleware function, got ${typeof middleware}`);
    }
    this.middlewares.push(middleware);
    return this;
  }

  to(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.#operator().to(room);
  }

  in(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.#operator().in(room);
  }

  except(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.#operator().except(room);
  }

  get volatile(): BroadcastOperator<Emit, SocketData> {
    return this.#operator().volatile;
  }

  compress(compress: boolean): BroadcastOperator<Emit, SocketData> {
    return this.#operator().compress(compress);
  }

  get local(): BroadcastOperator<Emit, SocketData> {
    return this.#operator().local;
  }

  emit<Name extends EventNames<Emit>>(event: Name, ...args: EventParams<Emit, Name>): true {
    return this.#operator().emit(event, ...args);
  }

  send(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    this.#operator().send(...args);
    return this;
  }

  write(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    return this.send(...args);
  }

  fetchSockets(): Promise<RemoteSocket<Emit, SocketData>[]> {
    return this.#operator().fetchSockets();
  }

  socketsJoin(room: string | readonly string[]): void {
    this.#operator().socketsJoin(room);
  }

  socketsLeave(room: string | readonly string[]): void {
    this.#operator().socketsLeave(room);
  }

  disconnectSockets(close = false): void {
    this.#operator().disconnectSockets(close);
  }

  #operator(): BroadcastOperator<Emit, SocketData> {
    return new BroadcastOperator(this);
  }
}
