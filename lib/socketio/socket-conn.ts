import type { Logger } from "../log.ts";
import type { Session } from "../engine/session.ts";
import type { SocketRequest } from "./socket-request.ts";

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
