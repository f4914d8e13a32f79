import type { ConnectionId, EngineProtocol, Pid, Sid, SocketId } from "../ids.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { OwnedRecord } from "./shared-store.ts";

/** Values of the rows in the table, as plain data. What each row's key is: `state/dynamo/keys.ts`. */

/** One Engine.IO session: one client, on one transport at a time. Expires by itself. */
export interface SessionRecord {
  readonly sid: Sid;
  readonly protocol: EngineProtocol;
  readonly transport: "websocket" | "polling";
  readonly connectionId?: ConnectionId;
  /** The heartbeat the client was told in OPEN; a later deploy may use another. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** `open`: packets run. `severed`: no packet runs any more, a close is on its way. Then `closing`, `closed`. */
  readonly phase: "open" | "severed" | "closing" | "closed";
  readonly closeReason?: DisconnectReason;
  /** When its close began. */
  readonly closedAtMs?: number;
  /** How far a close that was cut off had come with its memberships. */
  readonly removedUpTo?: string;
  readonly expiresAtSeconds: number;
}

/** What the client showed when it arrived. Immutable, so a warm instance may keep it. */
export interface HandshakeRecord {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly address: string;
  readonly secure: boolean;
  readonly xdomain: boolean;
  readonly url: string;
  readonly issuedAtMs: number;
  /** What middlewares of `io.engine` have put on the request; absent where there are none. */
  readonly request?: RequestRecord;
}

/** What a request has gained on its way, as JSON text by name. */
export interface RequestRecord {
  readonly values: Readonly<Record<string, string>>;
  /** Names of what JSON cannot hold. */
  readonly lost: readonly string[];
  readonly session?: KeptSession;
}

/** A session of the app's, as it was at the handshake. */
export interface KeptSession {
  readonly data: string;
  /** With a store: its id there, and which middleware knows the store, `engine 0`, `nsp 0`. */
  readonly id?: string;
  readonly source?: string;
  /** The store is the memory of one process. */
  readonly inMemory?: boolean;
}

/** The `auth` payload of a CONNECT, per namespace. As immutable as the handshake, until the client connects anew. */
export interface AuthRecord {
  readonly nsp: string;
  readonly socketId: SocketId;
  readonly auth: Readonly<Record<string, unknown>>;
}

/** One socket: a session's presence in one namespace. */
export interface SocketRecord {
  readonly nsp: string;
  readonly socketId: SocketId;
  /** With connection state recovery. */
  readonly pid?: Pid;
  /** The parent of a dynamic namespace. */
  readonly parent?: string;
  /** Its rooms are counted, from its CONNECT to its end: `RoomStore`. */
  readonly counted?: boolean;
  readonly connectedAtMs: number;
  /** `socket.data`, key by key, each value as JSON text: concurrent writers of two keys do not undo each other. */
  readonly data: Readonly<Record<string, string>>;
  /** Keys of `once` registrations that have fired. */
  readonly spent: readonly string[];
}

/** A binary packet whose attachments have not all arrived. A session has at most one. */
export interface PendingRecord {
  /** The Socket.IO packet text, without the Engine.IO `4`. */
  readonly header: string;
  readonly parts: readonly Uint8Array[];
}

/**
 * How to reach a member: a WebSocket connection, the outbox of its polling session, or, while its state is being
 * restored, the hold of its session, which is an outbox under an id of its own.
 */
export type Route =
  | { readonly kind: "connection"; readonly connectionId: ConnectionId }
  | { readonly kind: "out" }
  | { readonly kind: "held"; readonly hold: Sid };

/** A socket as its rooms know it: enough to send to it with no further read. */
export interface Member {
  readonly sid: Sid;
  readonly socketId: SocketId;
  readonly route: Route;
  readonly protocol: EngineProtocol;
  /** As of its socket: whoever takes it in or out of a room does so by `RoomStore`. */
  readonly counted?: boolean;
}

export interface JoinedRecord {
  readonly nsp: string;
  readonly room: string;
  /** Absent where whoever wrote it did not say. */
  readonly joinedAtMs?: number;
  /** The order within a millisecond, where that is not 0. Below 0: joined before the socket was connected. */
  readonly rank?: number;
  /** Of a socket's own room, which it is in unless a row says this: that it has left it. */
  readonly left?: boolean;
}

/** Everything a turn needs to know of a session, from one consistent read. */
export interface SessionSnapshot {
  readonly session: SessionRecord;
  readonly sockets: readonly SocketRecord[];
  /** Every room of every socket; a socket's own room only where it has left it, or has joined it anew. */
  readonly joined: readonly JoinedRecord[];
  /** Entries of shared maps that go with its sockets. */
  readonly owned: readonly OwnedRecord[];
  readonly pending?: PendingRecord;
  /** Present when it was asked for. */
  readonly handshake?: HandshakeRecord;
  /** Present when `handshake` was asked for; one per namespace that is connected. */
  readonly auths?: readonly AuthRecord[];
}

/** The liveness of one session: what the heartbeat walks and a pong touches. */
export interface BeatRecord {
  readonly sid: Sid;
  readonly pingIntervalMs: number;
  readonly route: Route;
  /** The time of OPEN until the first pong. */
  readonly lastPongAtMs: number;
  /** When OPEN was sent, if that was after the time by which the client was to join a namespace. */
  readonly openedLateAtMs?: number;
}

/** How far the walk over the beats of one ping interval has come. */
export interface SweepRecord {
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** Every ping due up to here was sent. */
  readonly pingedUntilMs: number;
  /** Every pong due up to here was checked. */
  readonly reapedUntilMs: number;
  /** After an outage: pings went out late, so nobody is judged before this time. */
  readonly noReapBeforeMs: number;
  /** Last time this interval was the configured one; afterwards it is walked until its sessions have ended. */
  readonly configuredAtMs: number;
}
