import type { Server } from "../socketio/server.ts";
import type { Feature, ClientEvents } from "./page-events.ts";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever its events
export type AnyServer = Server<any, any, any, any>;

/** What the page may do, unless it may only look. */
export const commandFeatures: readonly Feature[] = [
  ...(["EMIT", "JOIN", "LEAVE", "DISCONNECT"] as const),
  ...(["MJOIN", "MLEAVE", "MDISCONNECT"] as const),
];

interface Commander {
  on<Name extends keyof ClientEvents>(event: Name, listener: ClientEvents[Name]): unknown;
}

/** Each acts on the sockets of a namespace, or on those that are in one of its rooms: a socket's id is a room, too. */
export function bindCommands(io: AnyServer, socket: Commander): void {
  const target = (nsp: string, filter: string | undefined) => (filter ? io.of(nsp).in(filter) : io.of(nsp));
  socket.on("emit", (nsp, filter, ev, ...args) => void target(nsp, filter).emit(ev, ...args));
  socket.on("join", (nsp, room, filter) => target(nsp, filter).socketsJoin(room));
  socket.on("leave", (nsp, room, filter) => target(nsp, filter).socketsLeave(room));
  socket.on("_disconnect", (nsp, close, filter) => target(nsp, filter).disconnectSockets(close));
}
