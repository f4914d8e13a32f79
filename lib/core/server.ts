import { defaultCodec } from "../protocol/packet.ts";
import { CoreError } from "./errors.ts";
import type { BroadcastOperator } from "./broadcast-operator.ts";
import type { Internals } from "./internals.ts";
import { Namespace, type Middleware, type NamespaceReservedEvents } from "./namespace.ts";
import type { RemoteSocket } from "./remote-socket.ts";
import type { Runtime } from "./runtime.ts";
import { resolveServerOptions, type ResolvedServerOptions, type ServerOptions } from "./server-options.ts";
import type { Session } from "./session.ts";
import { SocketIoApp } from "./socket-io-app.ts";
import { currentContext, type Tally, type Turn } from "./turn.ts";
import type { DefaultEventsMap, EventNames, EventParams, EventsMap, ListenerOf } from "./typed-events.ts";

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
  Emit extends EventsMap = DefaultEventsMap,
  ServerSide extends EventsMap = DefaultEventsMap,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in Socket.IO: untyped data is anything
  SocketData = any,
> {
  /** The default namespace, `/`. What is called on the server is called on it. */
  readonly sockets: Namespace<Listen, Emit, ServerSide, SocketData>;
  /** The layer below: its events, and what `createHandlers` serves. */
  readonly engine: SocketIoApp;
  readonly #options: ResolvedServerOptions;
  readonly #namespaces = new Map<string, Namespace<Listen, Emit, ServerSide, SocketData>>();
  readonly #internals: Internals;
  #runtime: Runtime | undefined;

  /** Throws `config.unknown_option` and `config.bad_option`. */
  constructor(options: ServerOptions = {}) {
    this.#options = resolveServerOptions(options, process.env);
    this.#internals = this.#createInternals();
    this.sockets = this.of("/");
    this.engine = new SocketIoApp(this.#internals, this.#options.engine, (runtime) => {
      this.#runtime = runtime;
    });
  }

  /** The namespace of that name, made on first use. */
  of(name: string): Namespace<Listen, Emit, ServerSide, SocketData> {
    const normal = name.startsWith("/") ? name : `/${name}`;
    const known = this.#namespaces.get(normal);
    if (known) return known;
    const created = new Namespace<Listen, Emit, ServerSide, SocketData>(this, normal, this.#internals);
    this.#namespaces.set(normal, created);
    return created;
  }

  path(): string {
    return this.#options.engine.path;
  }

  on<Name extends EventNames<ServerSide> | "connection" | "connect">(
    event: Name,
    listener: ListenerOf<ServerSide, NamespaceReservedEvents<Listen, Emit, ServerSide, SocketData>, Name>,
  ): this {
    this.sockets.on(event, listener);
    return this;
  }

  off<Name extends EventNames<ServerSide> | "connection" | "connect">(
    event: Name,
    listener: ListenerOf<ServerSide, NamespaceReservedEvents<Listen, Emit, ServerSide, SocketData>, Name>,
  ): this {
    this.sockets.off(event, listener);
    return this;
  }

  use(middleware: Middleware<Listen, Emit, ServerSide, SocketData>): this {
    this.sockets.use(middleware);
    return this;
  }

  to(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.sockets.to(room);
  }

  in(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.sockets.in(room);
  }

  except(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.sockets.except(room);
  }

  get volatile(): BroadcastOperator<Emit, SocketData> {
    return this.sockets.volatile;
  }

  get local(): BroadcastOperator<Emit, SocketData> {
    return this.sockets.local;
  }

  compress(compress: boolean): BroadcastOperator<Emit, SocketData> {
    return this.sockets.compress(compress);
  }

  emit<Name extends EventNames<Emit>>(event: Name, ...args: EventParams<Emit, Name>): true {
    return this.sockets.emit(event, ...args);
  }

  send(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    this.sockets.send(...args);
    return this;
  }

  write(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    return this.send(...args);
  }

  fetchSockets(): Promise<RemoteSocket<Emit, SocketData>[]> {
    return this.sockets.fetchSockets();
  }

  socketsJoin(room: string | readonly string[]): void {
    this.sockets.socketsJoin(room);
  }

  socketsLeave(room: string | readonly string[]): void {
    this.sockets.socketsLeave(room);
  }

  disconnectSockets(close = false): void {
    this.sockets.disconnectSockets(close);
  }

  /**
   * Waits for what was emitted, joined and left so far: in a handler, by its turn; elsewhere, outside of any. Resolves
   * with how many sends were delivered, found their client gone, or were given up on. Outside of any turn it rejects
   * when the table was out of reach.
   */
  async flush(): Promise<Readonly<Tally>> {
    const { detached } = this.#internals.runtime;
    const turn = currentContext()?.turn ?? detached;
    await turn.settleEffects();
    // Nobody else would hear of it: outside of any turn there is no letter that comes again.
    const failure = turn === detached ? turn.takeFailure() : undefined;
    if (failure) throw failure.error;
    return { ...turn.tally };
  }

  #createInternals(): Internals {
    const server = this;
    return {
      get runtime() {
        return server.#requireRuntime();
      },
      codec: defaultCodec,
      ackWaitMs: this.#options.ackWaitMs,
      namespace: (name) => this.#namespaces.get(name),
      sessionOf: (turn: Turn): Session | undefined => turn.session,
      saveSession: async (session) => {
        const { store } = this.#requireRuntime();
        await Promise.all([...session.sockets.values()].map((state) => state.save(store)));
      },
      reportFailure: (failure) => {
        const { error, event, nsp, socketId } = failure;
        const code = "core.handler_failed";
        this.#requireRuntime().logger.error("a handler failed", { code, event, nsp, socketId, error });
        this.#options.onError?.(failure);
      },
    };
  }

  #requireRuntime(): Runtime {
    if (this.#runtime) return this.#runtime;
    throw new CoreError(
      "core.no_runtime",
      "expected this server to be served by createHandlers(io) before anything is sent through it; " +
        "emit from handlers, or after the handlers have been created",
    );
  }
}
