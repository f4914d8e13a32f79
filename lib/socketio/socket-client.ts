import { refuseMember } from "./unsupported-members.ts";
import type { Conn } from "./socket-conn.ts";
import type { SocketRequest } from "./socket-request.ts";

/** What there is of the client behind a socket: `socket.client`. */
export class Client<Io> {
  readonly server: Io;
  readonly conn: Conn;
  readonly request: SocketRequest;

  /** @internal */
  constructor(server: Io, conn: Conn, request: SocketRequest) {
    this.server = server;
    this.conn = conn;
    this.request = request;
  }

  /** The session id, a secret of the client. */
  get id(): string {
    return this.conn.id;
  }

  /** Throws `core.no_local_sockets`: no instance has the sockets. */
  get sockets(): never {
    return refuseSockets("socket.client.sockets");
  }

  /** Throws `core.no_local_sockets`. */
  get nsps(): never {
    return refuseSockets("socket.client.nsps");
  }
}

const refuseSockets = (member: string): never =>
  refuseMember(
    "core.no_local_sockets",
    member,
    "join each socket to a room named by socket.client.id in its connection listener, and ask that room",
  );
