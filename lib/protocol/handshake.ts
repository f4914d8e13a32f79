import { isSid } from "../ids.ts";
import type { Sid } from "../ids.ts";

/** What the query of an Engine.IO request asks for. */
export interface Handshake {
  /** Of the new session. With a `sid` it must be that session's own: its request is a bad one otherwise. */
  protocol: 3 | 4;
  transport: "polling" | "websocket";
  /** Absent: the client wants a new session. */
  sid?: Sid;
  /** False when the client asked for base64 (`b64=1`). Without effect where all frames are text anyway. */
  supportsBinary: boolean;
}

export interface HandshakeRefusal {
  refused: true;
  /** 0 transport unknown, 1 sid unknown, 2 bad method, 3 bad request, 4 forbidden, 5 unsupported protocol. */
  code: 0 | 1 | 2 | 3 | 4 | 5;
  message: string;
  /** For HTTP; a WebSocket is always refused with 400. */
  status: 400 | 403;
}

export interface HandshakeOptions {
  readonly transports: readonly string[];
  /** Whether clients of Socket.IO 2 may open sessions. */
  readonly allowEIO3: boolean;
}

const messages = {
  0: "Transport unknown",
  1: "Session ID unknown",
  2: "Bad handshake method",
  3: "Bad request",
  4: "Forbidden",
  5: "Unsupported protocol version",
} as const satisfies Record<HandshakeRefusal["code"], string>;

/**
 * Reads the query of a request, in the official order: transport, then sid, then protocol version, and that only for a
 * new session. A sid that we cannot have given out is refused here; any other has yet to be looked up.
 *
 * @see https://socket.io/docs/v4/engine-io-protocol/#handshake
 */
export function parseHandshake(
  query: Record<string, string | undefined>,
  options: HandshakeOptions,
): Handshake | HandshakeRefusal {
  const transport = readOwn(query, "transport");
  if (!isTransport(transport) || !options.transports.includes(transport)) return refuseHandshake(0);

  const sid = readOwn(query, "sid");
  const protocol = readOwn(query, "EIO") === "4" ? 4 : 3;
  const supportsBinary = !readOwn(query, "b64");
  if (sid) return isSid(sid) ? { protocol, transport, sid, supportsBinary } : refuseHandshake(1);

  if (protocol === 3 && !options.allowEIO3) return refuseHandshake(5);
  return { protocol, transport, supportsBinary };
}

/** A refusal by its code. `message` replaces the standard text, as `allowRequest` may do for code 4. */
export function refuseHandshake(
  code: HandshakeRefusal["code"],
  message: string = messages[code],
): HandshakeRefusal {
  return { refused: true, code, message, status: code === 4 ? 403 : 400 };
}

/** Queries come from clients and may be built on `Object.prototype`. */
const readOwn = (query: Record<string, string | undefined>, name: string): string | undefined =>
  Object.hasOwn(query, name) ? query[name] : undefined;

const isTransport = (name: string | undefined): name is Handshake["transport"] =>
  name === "polling" || name === "websocket";
