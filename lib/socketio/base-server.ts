import type { Server as HttpServer } from "node:http";
import { effectTurn } from "../engine/turn-for-effect.ts";
import { closeEverySession } from "../engine/heartbeat/close-every-session.ts";
import { rejectUnknownOptions } from "../engine/engine-options.ts";
import { isThenable } from "./replay/handler.ts";
import type { MatchFunction, PacketPorts, ServedNamespace } from "./packets/packet-ports.ts";
import type { Observer } from "./rooms/observer.ts";
import type { BaseNamespace } from "./namespace.ts";
import { NamespaceFacade } from "./namespace-facade.ts";
import { Namespaces } from "./namespaces.ts";
import { refuseListening, refuseMember, refuseSetting } from "./unsupported-members.ts";
import { isAttachable, toHttpServer, warnWhenListening, type Attachable } from "./attached-server.ts";
import { currentHost } from "../engine/hosted-app.ts";
import { resolveServerOptions, type ResolvedServerOptions, type ServerOptions } from "./server-options.ts";
import { IoEngine } from "./io-engine.ts";
import { ServerPorts } from "./server-ports.ts";
import { SharedMap } from "./shared/shared-map.ts";
import type { Timer } from "./timers/timer.ts";
import { Timers, type EveryOptions } from "./timers/defined-timers.ts";
import { currentContext, type Tally } from "../engine/turn.ts";
import type { EventsMap, Listener } from "./replay/typed-events.ts";

/** A namespace with what its server asks of it. */
interface AppNamespace<
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
  Reserved extends EventsMap,
  Middleware extends Listener<never[]>,
  Self,
>
  extends BaseNamespace<Emit, ServerSide, SocketData, Reserved>, ServedNamespace {
  readonly parent: (Self & { readonly name: string }) | undefined;
  readonly name: string;
  adopt(parent: Self): void;
  use(middleware: Middleware): unknown;
  listeners(event: string): Listener<never[]>[];
  rawListeners(event: string): Listener<never[]>[];
}

/** A server, but for the types that its namespaces and their sockets name in turn. */
export abstract class BaseServer<
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
  Reserved extends EventsMap,
  Middleware extends Listener<never[]>,
  ConnectionListener extends Listener<never[]>,
  Nsp extends AppNamespace<Emit, ServerSide, SocketData, Reserved, Middleware, Nsp>,
  Parent extends Nsp & { readonly match: RegExp | MatchFunction },
> extends NamespaceFacade<Emit, ServerSide, SocketData, Reserved, Middleware> {
  readonly sockets: Nsp;
  /** The layer below: its events, and what `createHandlers` serves. */
  readonly engine: IoEngine;
  readonly #given: Readonly<ServerOptions>;
  readonly #options: ResolvedServerOptions;
  readonly #ports: ServerPorts;
  readonly #namespaces: Namespaces<Nsp, Parent>;
  readonly #timers: Timers;

  /** Throws `config.unknown_option`, `config.bad_option`, and `config.no_server_to_attach`. */
  constructor(options?: ServerOptions);
  /** With what to attach to, as with Socket.IO: an HTTP server whose other requests are served beside, or a port. */
  constructor(server: Attachable | undefined, options?: ServerOptions);
  constructor(first?: Attachable | ServerOptions, second?: ServerOptions) {
    super();
    const [server, options] = isAttachable(first) ? [first, second] : [undefined, first ?? second];
    this.#given = Object.freeze({ ...options });
    this.#options = resolveServerOptions(this.#given, process.env);
    this.#ports = new ServerPorts(this.#options);
    this.#timers = new Timers(this.#ports, this.#options.engine.pingIntervalMs);
    this.#namespaces = new Namespaces({
      create: (name) => this.createNamespace(name, this.#ports),
      createParent: (name, match) => this.createParent(name, match, this.#ports),
      isServed: () => this.#ports.isServed,
      onNew: (nsp) => this.#announce(nsp),
    });
    this.sockets = this.of("/");
    this.sockets.roomAdapter.close();
    this.engine = new IoEngine(this.#ports, this.#options.engine, (runtime) => {
      if (this.#options.isExclusive) runtime.outbound.writeExclusively();
      this.#ports.serve(runtime);
    });
    this.#ports.connect({
      main: this.sockets,
      namespaces: this.#namespaces,
      timers: this.#timers,
      engineMiddlewares: this.engine.middlewares,
    });
    currentHost()?.made.push(this.engine);
    if (server !== undefined) this.attach(server);
  }

  /** The namespace of that name, made on first use. With a `listener` of its connections. */
  of(name: string, listener?: ConnectionListener): Nsp;
  /**
   * Every namespace whose name fits, made when a client asks for it. Parents are asked in the order of registration.
   * Throws `core.stateful_expression` for an expression with the flag `g` or `y`, `core.registration_in_handler`.
   */
  of(match: RegExp | MatchFunction, listener?: ConnectionListener): Parent;
  of(name: string | RegExp | MatchFunction, listener?: ConnectionListener): Nsp;
  of(name: string | RegExp | MatchFunction, listener?: ConnectionListener): Nsp {
    const nsp =
      typeof name === "function" || name instanceof RegExp
        ? this.#namespaces.addParent(name)
        : this.#namespaces.of(name.startsWith("/") ? name : `/${name}`);
    if (listener) nsp.on("connect", listener as never);
    return nsp;
  }

  /** @internal */
  protected abstract createNamespace(name: string, internals: PacketPorts): Nsp;

  /** @internal */
  protected abstract createParent(
    name: string,
    match: RegExp | MatchFunction,
    internals: PacketPorts,
  ): Parent;

  /**
   * The map of that name in the table: what all instances share, and what outlives them. Its first entry makes it.
   * Throws `core.shared_bad_key`, `state.map_too_long`.
   */
  shared<T = unknown>(name: string): SharedMap<T>;
  shared<T = unknown>(name: string, options: unknown = {}): SharedMap<T> {
    rejectUnknownOptions("io.shared, which are given to set", options, []);
    return new SharedMap<T>(name, this.#ports);
  }

  /**
   * A value that every instance shares, for handlers to read and to change as they would a variable of the module: an object,
   * array, `Map` or `Set` as itself, anything else as a holder of it in `.value`. What a handler reads is what was stored when
   * it began; what it changes is stored before its acknowledgement goes out. Needs `import "nonsticky/live"`, and is
   * called where the module is loaded.
   *
   * Throws `core.live_not_imported`, `core.live_name_taken`, `core.live_bad_name`, `core.registration_in_handler`,
   * `state.live_name_too_long`.
   */
  live<T extends object>(name: string, initial: T): T;
  live<T extends string | number | boolean | null>(name: string, initial: T): { value: Widened<T> };
  live(name: string, initial: unknown): unknown {
    return this.#ports.requireLive().declare(name, initial);
  }

  /**
   * Timers of that name, whose handler is called once for each that is set, on whichever instance is free: where the
   * module is loaded, for every instance must know it. Without a handler, for programs that only set and cancel.
   *
   * Throws `core.timer_bad_name`, `core.timer_name_taken`, `core.not_a_listener`, `core.registration_in_handler`.
   */
  timer<Payload = unknown>(
    name: string,
    handler?: (payload: Payload, key: string) => unknown,
  ): Timer<Payload> {
    return this.#timers.define<Payload>(name, handler);
  }

  /**
   * Has the handler called once in so many milliseconds, from 1,000 on, in the whole deployment, not on each instance:
   * where the module is loaded.
   *
   * Throws `core.timer_bad_name`, `core.timer_bad_delay`, `core.timer_bad_while`, `core.timer_name_taken`,
   * `core.not_a_listener`, `core.registration_in_handler`.
   */
  every(name: string, periodMs: number, handler: () => unknown, options: EveryOptions = {}): void {
    this.#timers.every(name, periodMs, handler, options);
  }

  /** @internal Whom every instance tells what happens to sockets. */
  observe(observer: Observer): void {
    this.#ports.observer = observer;
  }

  /** @internal Namespaces that the app's module names, and the dynamic ones, as they are called in the table. */
  get namespaceNames(): { readonly named: readonly string[]; readonly dynamic: readonly string[] } {
    return this.#namespaces.names;
  }

  /** As given to the constructor. Throws `config.set_by_option` when asked to change it. */
  path(value?: never): string {
    refuseSetting("path", value);
    return this.engine.options.path;
  }

  /** As given to the constructor. Throws `config.set_by_option` when asked to change it. */
  connectTimeout(value?: never): number {
    refuseSetting("connectTimeout", value);
    return this.#options.connectTimeoutMs;
  }

  /** As given to the constructor. Throws `config.set_by_option` when asked to change it. */
  serveClient(value?: never): boolean {
    refuseSetting("serveClient", value);
    return this.engine.options.serveClient;
  }

  /**
   * Ends every session there is, of every namespace, wherever its packets run: `disconnect` handlers see `server
   * shutting down`, clients see `transport close` and come back by themselves. Nothing stops listening, so clients
   * can come at any time. Resolves, and calls back, when all have been told to end; their handlers run after that.
   */
  async close(callback?: (error?: Error) => void): Promise<void> {
    const { runtime } = this.#ports;
    const turn = effectTurn(runtime);
    await turn?.order(() => closeEverySession(runtime, this.engine.options.pingIntervalMs));
    callback?.();
  }

  /** As they were given to the constructor. */
  get opts(): Readonly<ServerOptions> {
    return this.#given;
  }

  /** Throws `core.no_local_sockets`: children of dynamic namespaces are on no instance for good. */
  get _nsps(): never {
    return refuseMember("core.no_local_sockets", "io._nsps", "name those that you need, by io.of(name)");
  }

  /** Throws `core.no_adapter`: sockets and rooms are in the table. */
  adapter(): never {
    return refuseMember("core.no_adapter", "io.adapter()", "what adapters share is in the table; omit it");
  }

  /** The HTTP server that it is attached to. Throws `core.no_server` without one. */
  get httpServer(): HttpServer {
    return this.engine.httpServer ?? refuseListening("io.httpServer");
  }

  /**
   * Attaches to an HTTP server: what that has for requests outside of the server's path is served beside the clients. Its
   * port, like a port that is given instead, is the gateway's. `options` of the engine count where the constructor was given
   * none. Throws `config.no_server_to_attach`, `config.unknown_option`, `config.bad_option`.
   */
  attach(server: Attachable, options: ServerOptions = {}): this {
    const http = toHttpServer(server);
    this.engine.options = resolveServerOptions({ ...options, ...this.#given }, process.env).engine;
    this.engine.httpServer = http;
    warnWhenListening(http, () => this.#ports.logger);
    return this;
  }

  /** As `attach`. */
  listen(server: Attachable, options?: ServerOptions): this {
    return this.attach(server, options);
  }

  /** Throws `core.no_server`. */
  attachApp(): never {
    return refuseListening("io.attachApp()");
  }

  /** Throws `core.no_server`. */
  bind(): never {
    return refuseListening("io.bind()");
  }

  /** Throws `core.no_server`. */
  onconnection(): never {
    return refuseListening("io.onconnection()");
  }

  /**
   * Waits for what was emitted, joined and left so far: in a handler, by its turn; elsewhere, outside of any. Resolves
   * with how many sends were delivered, found their client gone, or were given up on. Outside of any turn it rejects
   * when the table was out of reach.
   */
  async flush(): Promise<Readonly<Tally>> {
    const { detached } = this.#ports.runtime;
    const turn = currentContext()?.turn ?? detached;
    await turn.runEndings();
    await turn.settleEffects();
    // Nobody else would hear of it: outside of any turn there is no letter that comes again.
    const failure = turn === detached ? turn.takeFailure() : undefined;
    if (failure) throw failure.error;
    return { ...turn.tally };
  }

  /** Once per namespace on each instance, when that first meets it. Throws while the app's module is loading only. */
  #announce(nsp: Nsp): void {
    const report = (error: unknown) => {
      if (!this.#ports.isServed) throw error;
      this.#ports.reportFailure({ error, event: "new_namespace", nsp: nsp.name, socketId: "" });
    };
    for (const listener of this.sockets.rawListeners("new_namespace")) {
      try {
        const result = Reflect.apply(listener, this.sockets, [nsp]);
        if (isThenable(result)) void Promise.resolve(result).catch(report);
      } catch (error) {
        report(error);
      }
    }
    nsp.roomAdapter.close();
  }
}

/** What a variable of that initial value may come to hold. */
type Widened<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : unknown;
