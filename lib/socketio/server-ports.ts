import { CoreError } from "../engine/errors.ts";
import type { EngineMiddleware } from "../engine/handshake/engine-middlewares.ts";
import { currentHost } from "../engine/hosted-app.ts";
import type { Runtime } from "../engine/runtime.ts";
import { createLogger, type Logger } from "../log.ts";
import type { PacketCodec } from "../protocol/packet.ts";
import { createLivePort, livePortOfProcess, type LivePort } from "./live/live-port.ts";
import type { MatchFunction, PacketPorts, ServedNamespace } from "./packets/packet-ports.ts";
import { Recovery } from "./recovery/recovery.ts";
import type { HandlerFailure } from "./replay/handler-failure.ts";
import { isThenable } from "./replay/handler.ts";
import { ReplayCheck } from "./replay/replay-check.ts";
import { sessionInMemory } from "./replay/session-store.ts";
import type { Observer } from "./rooms/observer.ts";
import type { RoomAdapter } from "./rooms/room-adapter.ts";
import type { ResolvedServerOptions } from "./server-options.ts";
import type { Timers } from "./timers/defined-timers.ts";

/** What the server is made of, as far as packets ask for it. */
interface Parts {
  readonly main: { hasListeners(event: string): boolean };
  readonly namespaces: {
    find(name: string, parent?: string): ServedNamespace | undefined;
    some(test: (nsp: ServedNamespace) => boolean): boolean;
    connectTo(
      name: string,
      ask: (match: MatchFunction) => Promise<boolean>,
    ): Promise<ServedNamespace | undefined>;
  };
  readonly timers: Timers;
  readonly engineMiddlewares: readonly EngineMiddleware[];
}

/** So many events are told of that go nowhere. */
const MAX_UNSERVED = 100;

/** What the handling of packets has of a server: its parts, its options, and the runtime once it is served. */
export class ServerPorts implements PacketPorts {
  readonly codec: PacketCodec;
  readonly recovery: Recovery | undefined;
  readonly replayCheck: ReplayCheck | undefined;
  readonly ackWaitMs: number;
  observer: Observer | undefined;
  readonly #onError: ResolvedServerOptions["onError"];
  readonly #host = currentHost();
  #parts: Parts | undefined;
  #runtime: Runtime | undefined;
  #live: LivePort | undefined;
  /** That its sessions are in the memory of this process. */
  #isTold = false;
  readonly #unserved = new Set<string>();

  constructor(options: ResolvedServerOptions) {
    this.codec = options.codec;
    this.recovery = options.recovery && new Recovery(options.recovery);
    this.replayCheck = options.replayDigest ? new ReplayCheck(() => this.runtime.logger) : undefined;
    this.ackWaitMs = options.ackWaitMs;
    this.#onError = options.onError;
  }

  /** Before the first packet: the parts are made with these ports in their hands. */
  connect(parts: Parts): void {
    this.#parts = parts;
  }

  serve(runtime: Runtime): void {
    this.#runtime = runtime;
    this.live?.serve(this);
  }

  get runtime(): Runtime {
    if (this.#runtime) return this.#runtime;
    throw new CoreError(
      "core.no_runtime",
      "expected this server to be served by createHandlers(io) before anything is sent through it; " +
        "emit from handlers, or after the handlers have been created",
    );
  }

  get watch(): Runtime["watch"] {
    return this.#runtime?.watch;
  }

  get isServed(): boolean {
    return this.#runtime !== undefined;
  }

  /** While the app's module is loading there is none yet: then lines go where Lambda and a shell show them. */
  get logger(): Logger {
    return this.#runtime?.logger ?? createLogger("warn", (line) => process.stderr.write(`${line}\n`));
  }

  /** Of the app that this server belongs to, or its own. */
  get live(): LivePort | undefined {
    return (this.#host?.live as LivePort | undefined) ?? this.#live ?? livePortOfProcess();
  }

  /** Made for the first live value. Throws `core.live_not_imported`. */
  requireLive(): LivePort {
    const port = this.live ?? createLivePort();
    if (port === undefined) {
      throw new CoreError(
        "core.live_not_imported",
        'expected the app to import "nonsticky/live" before io.live, got none; apps without live values have nothing of it in their bundles',
      );
    }
    if (this.#host) this.#host.live ??= port;
    else if (port !== livePortOfProcess()) this.#live = port;
    return port;
  }

  get timers(): Timers {
    return this.#connected.timers;
  }

  get engineMiddlewares(): readonly EngineMiddleware[] {
    return this.#connected.engineMiddlewares;
  }

  namespace(name: string, parent: string | undefined): ServedNamespace | undefined {
    return this.#connected.namespaces.find(name, parent);
  }

  adapterOf(name: string, parent?: string): RoomAdapter | undefined {
    return this.namespace(name, parent)?.roomAdapter;
  }

  mayHearRooms(): boolean {
    const { main, namespaces } = this.#connected;
    return main.hasListeners("new_namespace") || namespaces.some((nsp) => nsp.roomAdapter.isHeard);
  }

  askForNamespace(
    name: string,
    ask: (match: MatchFunction) => Promise<boolean>,
  ): Promise<ServedNamespace | undefined> {
    return this.#connected.namespaces.connectTo(name, ask);
  }

  /** Once for each event and namespace: a timer of the module may go on and on. */
  readonly reportUnserved = (
    what: string,
    where: { readonly event?: string; readonly nsp: string },
  ): void => {
    const about = JSON.stringify([what, where]);
    if (this.#unserved.has(about) || this.#unserved.size === MAX_UNSERVED) return;
    this.#unserved.add(about);
    this.logger.warn(
      "nothing is sent, since this server is not served yet: emit from handlers, or after that",
      {
        code: "core.no_runtime",
        what,
        ...where,
      },
    );
  };

  readonly reportInMemory = (): void => {
    if (this.#isTold) return;
    this.#isTold = true;
    const { code, message } = sessionInMemory();
    this.logger.error(message, { code });
  };

  readonly reportFailure = (failure: HandlerFailure): void => {
    const { error, event, nsp, socketId } = failure;
    this.logger.error("a handler failed", { code: "core.handler_failed", event, nsp, socketId, error });
    this.#tellApp(failure);
  };

  /** What fails in `onError` itself is only logged: it is called where a handler must harm nobody. */
  #tellApp(failure: HandlerFailure): void {
    const { event, nsp, socketId } = failure;
    const report = (error: unknown) => {
      this.logger.error("onError failed", { event, nsp, socketId, error });
    };
    try {
      const told: unknown = this.#onError?.(failure);
      if (isThenable(told)) void Promise.resolve(told).catch(report);
    } catch (error) {
      report(error);
    }
  }

  get #connected(): Parts {
    if (this.#parts) return this.#parts;
    throw new Error("expected the server's parts to be connected before its first packet");
  }
}
