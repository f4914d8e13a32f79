import { isBornOnPolling } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { Session } from "../engine/session.ts";

/** What there is of the underlying connection: `socket.conn`. */
export interface Conn {
  /** The session id, a secret of its client. */
  readonly id: string;
  readonly protocol: number;
  readonly readyState: "open" | "closed";
  readonly transport: { readonly name: string };
  readonly remoteAddress: string;
  readonly request: SocketRequest;
  /** Ends the connection; the client comes back by itself. */
  close(): void;
  /** Accepted, and never called: no instance sees a connection for longer than one packet. */
  on(event: string, listener: (...args: never[]) => unknown): Conn;
  once(event: string, listener: (...args: never[]) => unknown): Conn;
  off(event: string, listener: (...args: never[]) => unknown): Conn;
  addListener(event: string, listener: (...args: never[]) => unknown): Conn;
  removeListener(event: string, listener: (...args: never[]) => unknown): Conn;
  removeAllListeners(event?: string): Conn;
}

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
  /** There is none to write to. As on the official server by then: `null` after polling, nothing after a WebSocket. */
  readonly res?: null | undefined;
}

interface Connection {
  readonly remoteAddress: string;
  readonly encrypted?: boolean;
}

/**
 * The request that opened the session, as far as apps read it. What they add to it (`socket.request.user`) is kept
 * like own properties of the socket, so whatever is its own must not look like one of those.
 */
export class Request implements SocketRequest {
  readonly #session: Session;

  /** @internal */
  constructor(session: Session) {
    this.#session = session;
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

let isTold = false;

export function toConn(session: Session, request: SocketRequest, logger: Logger, close: () => void): Conn {
  const { sid, record, handshake } = session;
  const ignore = (event: string): Conn => {
    if (!isTold) {
      isTold = true;
      logger.warn(
        "listeners of socket.conn are never called: no instance sees a connection for longer than a packet",
        {
          code: "core.no_connection_events",
          event,
        },
      );
    }
    return conn;
  };
  const conn: Conn = {
    id: sid,
    protocol: record.protocol,
    get readyState() {
      return session.isReachable ? "open" : "closed";
    },
    transport: { name: record.transport },
    remoteAddress: handshake.address,
    request,
    close,
    on: ignore,
    once: ignore,
    addListener: ignore,
    off: () => conn,
    removeListener: () => conn,
    removeAllListeners: () => conn,
  };
  return conn;
}
