import type { Clock } from "../clock.ts";
import { shardOf, type Sid } from "../ids.ts";
import { createShelf, type Shelf } from "./memory-shelf.ts";
import type { OutboxRecord } from "./outbox.ts";
import type {
  AuthRecord,
  BeatRecord,
  HandshakeRecord,
  JoinedRecord,
  Member,
  PendingRecord,
  Route,
  SessionRecord,
  SocketRecord,
  SweepRecord,
} from "./records.ts";
import { requireInterval } from "./row-limits.ts";

/** Every row of a memory store, by kind, and the clock by which they expire. */
export interface MemoryRows {
  readonly sessions: Shelf<SessionRow>;
  readonly handshakes: Shelf<HandshakeRecord>;
  readonly pendings: Shelf<PendingRecord>;
  readonly sockets: Shelf<SocketRecord>;
  readonly auths: Shelf<AuthRecord>;
  readonly joined: Shelf<JoinedRecord>;
  readonly outboxes: Shelf<OutboxRecord>;
  readonly roomMembers: Shelf<Member>;
  readonly namespaceMembers: Shelf<Member>;
  readonly beats: Shelf<BeatRecord>;
  readonly sweeps: Shelf<SweepRecord>;
}

export type MemoryRowKind = keyof MemoryRows;

export type SessionRow = SessionRecord & { readonly closeLeaseUntilMs?: number };

export const createMemoryRows = (clock: Clock): MemoryRows => ({
  sessions: createShelf(clock),
  handshakes: createShelf(clock),
  pendings: createShelf(clock),
  sockets: createShelf(clock),
  auths: createShelf(clock),
  joined: createShelf(clock),
  outboxes: createShelf(clock),
  roomMembers: createShelf(clock),
  namespaceMembers: createShelf(clock),
  beats: createShelf(clock),
  sweeps: createShelf(clock),
});

export const NAMESPACE_STREAMS = 4;

export const toRoomKey = (nsp: string, room: string): string => JSON.stringify([nsp, room]);
export const toStreamKey = (nsp: string, stream: number): string => JSON.stringify([nsp, stream]);
export const toNamespaceKey = (nsp: string, sid: Sid): string =>
  toStreamKey(nsp, shardOf(sid, NAMESPACE_STREAMS));
export const toIntervalKey = (pingIntervalMs: number): string => String(requireInterval(pingIntervalMs));

export const isSameRoute = (a: Route, b: Route): boolean =>
  a.kind === "connection" && b.kind === "connection" ? a.connectionId === b.connectionId : a.kind === b.kind;
