import type { Clock } from "../clock.ts";
import { shardOf, type Sid } from "../ids.ts";
import type { AnswerRecord } from "./ack-store.ts";
import type { DeploymentRecord } from "./deployment.ts";
import type { LiveRecord } from "./live/live-store.ts";
import { createShelf, type Shelf } from "./memory-shelf.ts";
import type { OutboxRecord } from "./outbox.ts";
import type { ReservedPosts } from "./pace-store.ts";
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
import type { LogRecord, PidRecord } from "./recovery-store.ts";
import type { RoomNote } from "./room-store.ts";
import type { OwnedRecord, SharedRecord } from "./shared-store.ts";
import { requireInterval, requireNamespace, requireRoom } from "./row-limits.ts";

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
  readonly asked: Shelf<AskedRow>;
  readonly pids: Shelf<PidRecord>;
  readonly logs: Shelf<LogRecord>;
  /** When the last post of a packet had ended. */
  readonly logEnds: Shelf<number>;
  readonly children: Shelf<{ readonly nsp: string; readonly expiresAtSeconds: number }>;
  readonly leases: Shelf<LeaseRow>;
  readonly shared: Shelf<SharedRow>;
  readonly owned: Shelf<OwnedRecord>;
  /** How many counted members a room has. */
  readonly roomCounts: Shelf<number>;
  readonly roomNotes: Shelf<RoomNote>;
  readonly live: Shelf<LiveRecord>;
  /** How often a letter's turn has begun to write live values. */
  readonly strokes: Shelf<number>;
  readonly deployments: Shelf<DeploymentRecord>;
  /** How many processes polled in a span of time. */
  readonly pollers: Shelf<number>;
  readonly paces: Shelf<ReservedPosts>;
}

export type MemoryRowKind = keyof MemoryRows;

export type SessionRow = SessionRecord & { readonly closeLeaseUntilMs?: number };

/** Somebody who was asked, and the answer once there is one. */
export interface AskedRow {
  readonly nsp: string;
  readonly expiresAtSeconds: number;
  readonly answer?: AnswerRecord;
}

export interface LeaseRow {
  readonly holder: string;
  readonly untilMs: number;
}

export interface SharedRow {
  readonly key: string;
  readonly record: SharedRecord;
}

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
  asked: createShelf(clock),
  pids: createShelf(clock),
  logs: createShelf(clock),
  logEnds: createShelf(clock),
  children: createShelf(clock),
  leases: createShelf(clock),
  shared: createShelf(clock),
  owned: createShelf(clock),
  roomCounts: createShelf(clock),
  roomNotes: createShelf(clock),
  live: createShelf(clock),
  strokes: createShelf(clock),
  deployments: createShelf(clock),
  pollers: createShelf(clock),
  paces: createShelf(clock),
});

export const NAMESPACE_STREAMS = 4;

export const toRoomKey = (nsp: string, room: string): string => JSON.stringify([nsp, room]);
export const toStreamKey = (nsp: string, stream: number): string => JSON.stringify([nsp, stream]);
export const toNamespaceKey = (nsp: string, sid: Sid): string =>
  toStreamKey(nsp, shardOf(sid, NAMESPACE_STREAMS));
export const toIntervalKey = (pingIntervalMs: number): string => String(requireInterval(pingIntervalMs));

/** Of everyone in a namespace, or of one room. */
export const toLogKey = (nsp: string, room: string | undefined): string =>
  JSON.stringify(room === undefined ? [requireNamespace(nsp)] : [requireNamespace(nsp), requireRoom(room)]);

export function isSameRoute(a: Route, b: Route): boolean {
  if (a.kind === "connection") return b.kind === "connection" && a.connectionId === b.connectionId;
  if (a.kind === "held") return b.kind === "held" && a.hold === b.hold;
  return b.kind === "out";
}
