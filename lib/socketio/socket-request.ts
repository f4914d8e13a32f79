import { CoreError } from "../engine/errors.ts";
import type { EngineMiddleware } from "../engine/handshake/engine-middlewares.ts";
import { isInMemory } from "../engine/handshake/kept-request.ts";
import type { Session } from "../engine/session.ts";
import { isBornOnPolling } from "../ids.ts";
import type { RequestSession } from "./replay/request-session.ts";
import { findStore, noteStore, type FoundStore } from "./replay/session-store.ts";
import type { Listener, Untyped } from "./replay/typed-events.ts";

/**
 * As much of Node's `IncomingMessage` as there is. A cast of it to one, or to the request of a framework, compiles:
 * `socket.request as express.Request`.
 */
export interface SocketRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  readonly method: string;
  readonly connection: Connection;
  readonly socket: Connection;
  readonly _query?: Readonly<Record<string, string>>;
  /** What the app's middleware has opened, express-session's or cookie-session's. */
  session?: Untyped;
  readonly sessionID?: string;
  /** There is none to write to. As on the official server by then: `null` after polling, nothing after a WebSocket. */
  readonly res?: null | undefined;
}

interface Connection {
  readonly remoteAddress: string;
  readonly encrypted?: boolean;
}

/** Who may have opened a session, and who is told of one that cannot be shared. */
interface Middlewares {
  readonly engine: readonly EngineMiddleware[];
  readonly namespace: readonly Listener<never[]>[];
  /** Whether the middlewares of its CONNECT are running. */
  isConnecting(): boolean;
  reportInMemory(): void;
}

/**
 * The request that opened the session, as far as apps read it. What they add to it (`socket.request.user`) is kept
 * like own properties of the socket, so whatever is its own must not look like one of those.
 */
export class Request implements SocketRequest {
  declare session?: Untyped;
  declare readonly sessionID?: string;
  readonly #session: Session;
  readonly #state: { readonly session: RequestSession };
  readonly #middlewares: Middlewares;
  /** What libraries keep on it for themselves, while the middlewares of a CONNECT run. */
  #transient: Map<string, unknown> | undefined;

  /** @internal */
  constructor(session: Session, state: { readonly session: RequestSession }, middlewares: Middlewares) {
    this.#session = session;
    this.#state = state;
    this.#middlewares = middlewares;
  }

  /** Made when somebody asks for it: few apps have sessions. */
  get #kept(): RequestSession {
    const { session } = this.#state;
    session.findStoreBy((source) => this.#findStore(source));
    return session;
  }

  /** @internal What a middleware of the namespace, the one of that index, has opened is its socket's from here on. */
  adoptSession(index: number, middleware: object): void {
    // Some libraries define it as an accessor.
    if (Object.hasOwn(this, "session")) {
      const { session } = this as { session?: unknown };
      Reflect.deleteProperty(this, "session");
      return this.#kept.adopt(session);
    }
    const opened = this.#transient?.get("session");
    if (opened === undefined) return;
    this.#transient?.delete("session");
    const store = this.#transient?.get("sessionStore");
    noteStore(middleware, store);
    const id = this.#transient?.get("sessionID");
    const isStored = store !== undefined && typeof id === "string";
    this.#kept.adopt(opened, isStored ? { id, source: `nsp ${index}`, inMemory: isInMemory(store) } : {});
  }

  /** @internal */
  getTransient(name: string): unknown {
    if (this.#transient?.has(name)) return this.#transient.get(name);
    if (name === "session") {
      if (this.#kept.isInMemory) this.#middlewares.reportInMemory();
      return this.#kept.view;
    }
    if (name === "sessionID") return this.#kept.id;
    const { user } = this as { user?: unknown };
    if (!this.#session.handshake.request?.lost.includes(name)) return undefined;
    if (name === "isAuthenticated") return () => user !== undefined && user !== null;
    if (name === "isUnauthenticated") return () => user === undefined || user === null;
    return () => {
      throw new CoreError(
        "core.request_method_lost",
        `expected no call of socket.request.${name}() outside of the handshake, whose request is over: log in and out by ` +
          "an HTTP route",
        { evidence: { name } },
      );
    };
  }

  /** @internal */
  setTransient(name: string, value: unknown): void {
    if (name === "session" && !this.#middlewares.isConnecting()) this.#kept.adopt(value);
    else (this.#transient ??= new Map()).set(name, value);
  }

  async #findStore(source: string): Promise<FoundStore> {
    const [kind, index] = source.split(" ");
    if (kind === "engine") {
      const middleware = this.#middlewares.engine[Number(index)];
      return findStore(middleware, (run, request, response, next) => run(request, response, next));
    }
    const middleware = this.#middlewares.namespace[Number(index)];
    return findStore(middleware, (run, request, _, next) => run(toProbe(request), next));
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#session.handshake.headers;
  }

  get url(): string {
    return this.#session.handshake.url;
  }

  get method(): "GET" {
    return "GET";
  }

  get connection(): Connection {
    const { address, secure } = this.#session.handshake;
    return { remoteAddress: address, encrypted: secure };
  }

  get socket(): Connection {
    return this.connection;
  }

  get _query(): Readonly<Record<string, string>> {
    return this.#session.handshake.query;
  }

  get res(): null | undefined {
    return isBornOnPolling(this.#session.sid) ? null : undefined;
  }
}

/** Of express-session, cookie-session and passport. Whatever else an app puts on a request is kept like `socket.data`. */
const TRANSIENT = [
  ...["session", "sessionID", "sessionStore", "sessionOptions", "sessionCookies", "sessionKey"],
  ...["_parsedUrl", "_parsedOriginalUrl", "_passport", "_sessionManager"],
  ...["login", "logIn", "logout", "logOut", "isAuthenticated", "isUnauthenticated"],
];

for (const name of TRANSIENT) {
  Object.defineProperty(Request.prototype, name, {
    configurable: true,
    get(this: Request) {
      return this.getTransient(name);
    },
    set(this: Request, value: unknown) {
      this.setTransient(name, value);
    },
  });
}

/** A socket of nobody, for a middleware that is only asked for its store. */
const toProbe = (request: object): object => ({
  id: "",
  request,
  handshake: { headers: {}, query: {}, auth: {} },
  data: {},
  rooms: new Set(),
});
