import { CoreError } from "../engine/errors.ts";
import type { MatchFunction, PacketPorts } from "./packets/packet-ports.ts";
import { Namespace } from "./namespace.ts";
import type { RemoteSocket } from "./rooms/remote-socket.ts";
import type { Server } from "./server.ts";
import type { DefaultEventsMap, EventsMap } from "./replay/typed-events.ts";

/**
 * The pattern of dynamic namespaces: `io.of(/^\/tenant-\d+$/)`, or a function. Its middlewares and connection
 * listeners are those of every child, an emit of it reaches the sockets of all children. It has no sockets itself.
 */
export class ParentNamespace<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = DefaultEventsMap,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
> extends Namespace<Listen, Emit, ServerSide, SocketData> {
  /** @internal */
  readonly match: RegExp | MatchFunction;

  /** @internal */
  constructor(
    server: Server<Listen, Emit, ServerSide, SocketData>,
    name: string,
    internals: PacketPorts,
    match: RegExp | MatchFunction,
  ) {
    super(server, name, internals);
    this.match = match;
  }

  /** @internal */
  override get hasChildren(): boolean {
    return true;
  }

  /** Throws, in Socket.IO's words. Ask the children, by `io.of(name)`. */
  override fetchSockets(): Promise<RemoteSocket<Emit, SocketData>[]> {
    throw new CoreError(
      "core.parent_without_sockets",
      "fetchSockets() is not supported on parent namespaces",
    );
  }
}
