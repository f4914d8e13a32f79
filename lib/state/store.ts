import type { Sid, SocketId } from "../ids.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { AckStore } from "./ack-store.ts";
import type { DeploymentStore } from "./deployment.ts";
import type { LeaseStore } from "./leases.ts";
import type { LiveStore } from "./live/live-store.ts";
import type { OutboxStore } from "./outbox.ts";
import type { PaceStore } from "./pace-store.ts";
import type {
  AuthRecord,
  BeatRecord,
  HandshakeRecord,
  Member,
  PendingRecord,
  Route,
  SessionRecord,
  SessionSnapshot,
  SocketRecord,
  SweepRecord,
} from "./records.ts";
import type { RecoveryStore } from "./recovery-store.ts";
import type { RoomStore } from "./room-store.ts";
import type { SharedPlace, SharedStore } from "./shared-store.ts";

/**
 * Where connection, session and room state lives. Two implementations, one contract test: the memory store is the
 * executable specification, the DynamoDB store is the product.
 *
 * For every method:
 * - Reads MUST be strongly consistent: what a resolved write wrote, every later read sees, from any instance.
 * - Rows past their expiry MUST NOT be returned, whether or not they are still stored. Every row MUST have an expiry,
 *   fixed from its session's age when it is written, so that nothing needs renewing.
 * - A condition that does not hold is a value (`false`, a named outcome), never an exception.
 * - Lists MUST be complete, however many pages they take.
 * - Implementations MUST NOT need scans, or the old item on a failed condition; transactions only for
 *   counted rooms and live values.
 * - Methods resolve when the write is durable. They retry throttling themselves, and throw when that does not help.
 */
export interface Store
  extends
    OutboxStore,
    AckStore,
    RecoveryStore,
    LeaseStore,
    RoomStore,
    SharedStore,
    LiveStore,
    DeploymentStore,
    PaceStore {
  /** A session and its handshake, in one batch. The sid is new by construction, so there is no condition. */
  createSession(session: SessionRecord, handshake: HandshakeRecord): Promise<void>;

  /** One read of a session's partition; undefined when there is no such session, or it has expired. */
  loadSession(sid: Sid, options: { readonly handshake: boolean }): Promise<SessionSnapshot | undefined>;

  /** `open` → `severed`: no packet of this session runs from now on. False when it was not open. */
  severSession(sid: Sid): Promise<boolean>;

  /**
   * Takes the lease on closing a session: IF it exists, is not `closed`, and no other lease holds at `nowMs`.
   * The first reason given stays, also when a crashed close is begun again; so does `closedAtMs`, the first `nowMs`.
   */
  beginClose(close: CloseRequest): Promise<CloseOutcome>;

  /** `closing` → `closed`. False when it was not closing. */
  finishClose(sid: Sid): Promise<boolean>;

  /** Notes how far a close has come with the memberships, IF the session exists. Idempotent. */
  noteRemoved(sid: Sid, removedUpTo: string): Promise<void>;

  savePending(sid: Sid, pending: PendingRecord): Promise<void>;
  deletePending(sid: Sid): Promise<void>;

  /**
   * A socket, its auth, its row in its namespace, in its own room (named by its id) and in `rooms`, in one batch per
   * 25 rows. Rows of rooms also appear in the session's `joined`; the own room does not, until it is left. With a `pid`, the row that
   * `getPid` reads as well; in a `parent`, its name among the `listChildNamespaces` of that. One that is `counted` is in
   * no room yet: it enters them, its own too, by `enterRoom`.
   */
  connectSocket(connect: ConnectRequest): Promise<void>;

  /** Removes a socket from its namespace with every row of it; the session stays. `rooms` are those it had joined. */
  disconnectSocket(sid: Sid, nsp: string, socketId: SocketId, rooms: readonly string[]): Promise<void>;

  /**
   * Membership and `joined`, two puts per room, batched. Idempotent; the `joinedAtMs` of the last one stays. The rank of
   * the first room is `firstRank`, default 0, of each other one more than of the one before it.
   */
  joinRooms(
    nsp: string,
    member: Member,
    rooms: readonly string[],
    joinedAtMs?: number,
    firstRank?: number,
  ): Promise<void>;
  /**
   * The opposite of `joinRooms`. Idempotent. Where the room `own` is among them, the one that has the name of the
   * socket's id, its row in `joined` stays and says that it was left.
   *
   * So does every removal of memberships it has to have been read where they are: by `loadSession` of this session, in the
   * turn that takes it out of its rooms; or, `isFromAfar`, by `learnShards` of these rooms.
   */
  leaveRooms(
    nsp: string,
    sid: Sid,
    rooms: readonly string[],
    own?: SocketId,
    isFromAfar?: boolean,
  ): Promise<void>;
  /**
   * Finds out which rooms are spread over several partitions, for whoever takes sockets out of them from afar. One read
   * for each room that this store does not know to be; none of those whose members it has listed from their beginning.
   */
  learnShards(nsp: string, rooms: readonly string[]): Promise<void>;

  /**
   * What a close removes: the memberships (own room and namespace row included) of all sockets of a session, and the
   * entries of shared maps that are still theirs.
   * The session's own partition is left to expiry, which costs nothing.
   */
  deleteMemberships(sid: Sid, sockets: readonly SocketRooms[]): Promise<void>;

  /** Deletes one row of a room (or of the namespace) IF its route is still the one that failed. */
  deleteMemberIfRoute(nsp: string, room: string | undefined, sid: Sid, route: Route): Promise<boolean>;

  /** Sets and removes keys of `socket.data`, adds to `spent`, IF the socket still exists. One write. */
  saveSocket(sid: Sid, nsp: string, socketId: SocketId, changes: SocketChanges): Promise<boolean>;

  /** The members of a room in ascending order of sid, a page at a time; of a part, that part of them. */
  listRoomMembers(nsp: string, room: string, part?: MemberPart): AsyncIterable<readonly Member[]>;
  /** Namespaces that sockets have connected to as children of this one, in ascending order; some may be empty by now. */
  listChildNamespaces(parent: string): Promise<readonly string[]>;
  /** Whether it is among them. One read. */
  isChildNamespace(parent: string, nsp: string): Promise<boolean>;
  /** Takes it from among them, IF no socket has connected to it after `idleSinceMs`. */
  forgetChild(parent: string, nsp: string, idleSinceMs: number): Promise<boolean>;
  /** Everyone in a namespace: one stream a shard, each in ascending order of sid, no sid in two of them. */
  listNamespaceMembers(nsp: string, part?: MemberPart): readonly AsyncIterable<readonly Member[]>[];

  /** Writes a session's beat at OPEN. Idempotent: a pong that was already recorded is kept. */
  openBeat(beat: BeatRecord): Promise<void>;
  /**
   * Records a pong IF there is such a beat; never moves `lastPongAtMs` back (then still true). One write, and a read
   * only where that was refused: to tell an old pong from a beat that is gone.
   */
  recordPong(sid: Sid, pingIntervalMs: number, atMs: number): Promise<boolean>;
  getBeat(sid: Sid, pingIntervalMs: number): Promise<BeatRecord | undefined>;
  deleteBeat(sid: Sid, pingIntervalMs: number): Promise<void>;
  /**
   * Beats of one interval whose phase (`openedAtMs(sid) % pingIntervalMs`) lies in `[fromPhaseMs, toPhaseMs)`,
   * a page at a time, in no order. `0 ≤ from ≤ to ≤ pingIntervalMs`.
   */
  listBeats(
    pingIntervalMs: number,
    fromPhaseMs: number,
    toPhaseMs: number,
  ): AsyncIterable<readonly BeatRecord[]>;

  /** Whether there is a beat of that interval. A read where there are many, one for each shard where there are none. */
  hasBeats(pingIntervalMs: number): Promise<boolean>;

  listSweeps(): Promise<readonly SweepRecord[]>;
  /** Saves a sweep IF `pingedUntilMs` is still `previousPingedUntilMs` (undefined: IF there is none yet). */
  saveSweep(sweep: SweepRecord, previousPingedUntilMs: number | undefined): Promise<boolean>;
  deleteSweep(pingIntervalMs: number): Promise<void>;
}

/** Some of the members of a room, or of a namespace. */
export interface MemberPart {
  /** Those with a sid from here to there, both included; any texts that sort among sids will do. */
  readonly range: SidRange;
  /** At most so many a page. Default: as many as a page takes. */
  readonly pageSize?: number;
}

export interface SidRange {
  readonly from: string;
  readonly upTo: string;
}

export interface CloseRequest {
  readonly sid: Sid;
  readonly reason: DisconnectReason;
  readonly nowMs: number;
  readonly leaseUntilMs: number;
}

/** `begun` carries the reason in effect. `leased`: somebody else is closing it now. `over`: closed, or never was. */
export type CloseOutcome =
  | { readonly outcome: "begun"; readonly reason: DisconnectReason }
  | { readonly outcome: "leased" }
  | { readonly outcome: "over" };

export interface ConnectRequest {
  readonly sid: Sid;
  readonly socket: SocketRecord;
  readonly auth: AuthRecord;
  readonly member: Member;
  /** In the order of joining. Its own room only where it has joined that anew, which then has a `joinedAtMs`. */
  readonly rooms: readonly string[];
  /** When it joined which of its rooms. */
  readonly joinedAtMs?: ReadonlyMap<string, number>;
  /** As of `joinRooms`. */
  readonly firstRank?: number;
}

export interface SocketRooms {
  readonly nsp: string;
  readonly socketId: SocketId;
  readonly rooms: readonly string[];
  /** Entries of shared maps that it may own. */
  readonly owned?: readonly SharedPlace[];
}

export interface SocketChanges {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
  readonly spent: readonly string[];
}
