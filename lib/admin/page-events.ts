import type { Untyped } from "../socketio/replay/typed-events.ts";

/** What the page may offer, by the names that `@socket.io/admin-ui` has for it. */
export type Feature =
  | "EMIT"
  | "JOIN"
  | "LEAVE"
  | "DISCONNECT"
  | "MJOIN"
  | "MLEAVE"
  | "MDISCONNECT"
  | "AGGREGATED_EVENTS"
  | "ALL_EVENTS";

export interface Config {
  readonly supportedFeatures: readonly Feature[];
}

/** So many events of one type within a second of this instance. */
export interface NamespaceEvent {
  /** Epoch milliseconds of a whole second. */
  readonly timestamp: number;
  readonly type: string;
  readonly subType?: string | undefined;
  readonly count: number;
}

export interface NamespaceDetails {
  readonly name: string;
  readonly socketsCount: number;
}

/** The deployment as one server. What only a process could say is null. */
export interface ServerStats {
  readonly serverId: string;
  readonly hostname: null;
  readonly pid: null;
  readonly uptime: null;
  readonly clientsCount: number;
  readonly pollingClientsCount: number;
  readonly aggregatedEvents: readonly NamespaceEvent[];
  readonly namespaces: readonly NamespaceDetails[];
}

export interface SerializedSocket {
  readonly id: string;
  /** Of the session, and no way to it: twelve characters of a digest. */
  readonly clientId: string;
  readonly transport: string;
  readonly nsp: string;
  readonly data: Untyped;
  readonly handshake: Untyped;
  readonly rooms: readonly string[];
}

/** What the page is told. */
export interface ServerEvents {
  session: (sessionId: string) => void;
  config: (config: Config) => void;
  server_stats: (stats: ServerStats) => void;
  all_sockets: (sockets: readonly SerializedSocket[]) => void;
  socket_connected: (socket: SerializedSocket, timestamp: Date) => void;
  socket_updated: (socket: Partial<SerializedSocket>) => void;
  socket_disconnected: (nsp: string, id: string, reason: string, timestamp: Date) => void;
  room_joined: (nsp: string, room: string, id: string, timestamp: Date) => void;
  room_left: (nsp: string, room: string, id: string, timestamp: Date) => void;
  event_received: (nsp: string, id: string, args: readonly unknown[], timestamp: Date) => void;
  event_sent: (nsp: string, id: string, args: readonly unknown[], timestamp: Date) => void;
}

/** What the page asks for. `filter`: a room, or a socket's id; left out, the whole namespace. */
export interface ClientEvents {
  emit: (nsp: string, filter: string | undefined, ev: string, ...args: Untyped[]) => void;
  join: (nsp: string, room: string, filter?: string) => void;
  leave: (nsp: string, room: string, filter?: string) => void;
  _disconnect: (nsp: string, close: boolean, filter?: string) => void;
}
