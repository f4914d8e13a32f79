import type { HandshakeRecord } from "../../state/records.ts";
import type { Untyped } from "../replay/typed-events.ts";

/** What a client showed when it connected, as `socket.handshake` in Socket.IO. */
export interface Handshake {
  headers: Record<string, string>;
  readonly time: string;
  readonly address: string;
  readonly xdomain: boolean;
  readonly secure: boolean;
  /** Epoch milliseconds. */
  readonly issued: number;
  readonly url: string;
  query: Record<string, string>;
  auth: Record<string, Untyped>;
}

export function toHandshake(record: HandshakeRecord, auth: Readonly<Record<string, unknown>>): Handshake {
  return {
    headers: { ...record.headers },
    time: new Date(record.issuedAtMs).toString(),
    address: record.address,
    xdomain: record.xdomain,
    secure: record.secure,
    issued: record.issuedAtMs,
    url: record.url,
    query: { ...record.query },
    auth: { ...auth },
  };
}
