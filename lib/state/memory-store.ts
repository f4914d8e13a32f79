import type { Clock } from "../clock.ts";
import { openedAtMs, shardOf, type Sid } from "../ids.ts";
import { sessionExpiresAtSeconds, sweepExpiresAtSeconds } from "./expiry.ts";
import { createShelf } from "./memory-shelf.ts";
import type {
  AuthRecord,
  BeatRecord,
  HandshakeRecord,
  JoinedRecord,
  Member,
  PendingRecord,
  Route,
  SessionRecord,
  SessionSnapshot,
  SocketRecord,
  SweepRecord,
} from "./records.ts";
import {
  requireInterval,
  requireNamespace,
  requirePendingSize,
  requireRoom,
  requireSid,
} from "./row-limits.ts";
import { requireWellFormed } from "./row-limits.ts";
import type {
  CloseOutcome,
  CloseRequest,
  ConnectRequest,
  SocketChanges,
  SocketRooms,
  Store,
} from "./store.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Members or beats a page. Small pages show whether a caller reads on. Default 1000. */
  readonly pageSize?: number;
}

export interface MemoryStore extends Store {
  /** How many live rows there are of each kind: what a test asks after everybody has left. */
  countRows(): MemoryRowCounts;
}

export type MemoryRowKind =
  | "sessions"
  | "handshakes"
  | "pendings"
  | "sockets"
  | "auths"
  | "joined"
  | "roomMembers"
  | "namespaceMembers"
  | "beats"
  | "sweeps";

export type MemoryRowCounts = Readonly<Record<MemoryRowKind, number>>;

type SessionRow = SessionRecord & { readonly closeLeaseUntilMs?: number };

const NAMESPACE_SHARDS = 4;

/**
 * The contract of `Store` as a program: what a method does here is what it means. Every method runs to its end
 * without yielding, which makes it as atomic as a single write of DynamoDB; no caller may build on more than that.
 */
export function createMemoryStore({ clock, pageSize = 1000 }: MemoryStoreOptions): MemoryStore {
  const shelves = {
    sessions: createShelf<SessionRow>(clock),
    handshakes: createShelf<HandshakeRecord>(clock),
    pendings: createShelf<PendingRecord>(clock),
    sockets: createShelf<SocketRecord>(clock),
    auths: createShelf<AuthRecord>(clock),
    joined: createShelf<JoinedRecord>(clock),
    roomMembers: createShelf<Member>(clock),
    namespaceMembers: createShelf<Member>(clock),
    beats: createShelf<BeatRecord>(clock),
    sweeps: createShelf<SweepRecord>(clock),
  } satisfies Record<MemoryRowKind, unknown>;
  const { sessions, handshakes, pendings, sockets, auths, joined } = shelves;
  const { roomMembers, namespaceMembers, beats, sweeps } = shelves;

  const join = (nsp: string, member: Member, rooms: readonly string[]) => {
    for (const room of rooms) {
      const expiresAt = sessionExpiresAtSeconds(member.sid);
      roomMembers.put(toRoomKey(nsp, room), member.sid, member, expiresAt);
      if (room === member.socketId) continue;
      joined.put(member.sid, toRoomKey(nsp, room), { nsp, room }, expiresAt);
    }
  };
  const removeMember = (sid: Sid, { nsp, socketId, rooms }: SocketRooms) => {
    for (const room of [...rooms, socketId]) roomMembers.remove(toRoomKey(nsp, room), sid);
    namespaceMembers.remove(toNamespaceKey(nsp, sid), sid);
  };
  const setPhase = (sid: Sid, from: SessionRecord["phase"], to: SessionRecord["phase"]) => {
    const session = sessions.get(requireSid(sid), "");
    if (session?.phase !== from) return false;
    sessions.put(sid, "", { ...session, phase: to }, session.expiresAtSeconds);
    return true;
  };

  return {
    async createSession(session, handshake) {
      sessions.put(requireSid(session.sid), "", session, session.expiresAtSeconds);
      handshakes.put(session.sid, "", handshake, session.expiresAtSeconds);
    },

    async loadSession(sid, options): Promise<SessionSnapshot | undefined> {
      const row = sessions.get(requireSid(sid), "");
      if (row === undefined) return undefined;
      const { closeLeaseUntilMs: _, ...session } = row;
      const pending = pendings.get(sid, "");
      const handshake = options.handshake ? handshakes.get(sid, "") : undefined;
      return {
        session,
        sockets: sockets.list(sid),
        joined: joined.list(sid),
        ...(pending === undefined ? {} : { pending }),
        ...(handshake === undefined ? {} : { handshake }),
        ...(options.handshake ? { auths: auths.list(sid) } : {}),
      };
    },

    async severSession(sid) {
      return setPhase(sid, "open", "severed");
    },

    async beginClose({ sid, reason, nowMs, leaseUntilMs }: CloseRequest): Promise<CloseOutcome> {
      const session = sessions.get(requireSid(sid), "");
      if (session === undefined || session.phase === "closed") return { outcome: "over" };
      if ((session.closeLeaseUntilMs ?? nowMs) > nowMs) return { outcome: "leased" };
      const closeReason = session.closeReason ?? reason;
      const closing = { ...session, phase: "closing", closeReason, closeLeaseUntilMs: leaseUntilMs } as const;
      sessions.put(sid, "", closing, session.expiresAtSeconds);
      return { outcome: "begun", reason: closeReason };
    },

    async finishClose(sid) {
      return setPhase(sid, "closing", "closed");
    },

    async savePending(sid, pending) {
      pendings.put(requireSid(sid), "", requirePendingSize(pending), sessionExpiresAtSeconds(sid));
    },
    async deletePending(sid) {
      pendings.remove(requireSid(sid), "");
    },

    async connectSocket({ sid, socket, auth, member, rooms }: ConnectRequest) {
      const nsp = requireNamespace(socket.nsp);
      const expiresAt = sessionExpiresAtSeconds(requireSid(sid));
      rooms.forEach(requireRoom);
      [...Object.keys(socket.data), ...socket.spent].forEach(requireWellFormed);
      sockets.put(sid, nsp, socket, expiresAt);
      auths.put(sid, nsp, auth, expiresAt);
      namespaceMembers.put(toNamespaceKey(nsp, sid), sid, member, expiresAt);
      join(nsp, member, [...rooms, socket.socketId]);
    },

    async disconnectSocket(sid, nsp, socketId, rooms) {
      requireSid(sid);
      requireNamespace(nsp);
      rooms.forEach(requireRoom);
      removeMember(sid, { nsp, socketId, rooms });
      for (const room of rooms) joined.remove(sid, toRoomKey(nsp, room));
      auths.remove(sid, nsp);
      sockets.remove(sid, nsp);
    },

    async joinRooms(nsp, member, rooms) {
      requireSid(member.sid);
      requireNamespace(nsp);
      rooms.forEach(requireRoom);
      join(nsp, member, rooms);
    },

    async leaveRooms(nsp, sid, rooms) {
      requireSid(sid);
      requireNamespace(nsp);
      for (const room of rooms.map(requireRoom)) {
        roomMembers.remove(toRoomKey(nsp, room), sid);
        joined.remove(sid, toRoomKey(nsp, room));
      }
    },

    async deleteMemberships(sid, ofSockets) {
      requireSid(sid);
      for (const { nsp, rooms } of ofSockets) [requireNamespace(nsp), ...rooms.map(requireRoom)];
      for (const socket of ofSockets) removeMember(sid, socket);
    },

    async deleteMemberIfRoute(nsp, room, sid, route) {
      requireSid(sid);
      requireNamespace(nsp);
      const shelf = room === undefined ? namespaceMembers : roomMembers;
      const key = room === undefined ? toNamespaceKey(nsp, sid) : toRoomKey(nsp, requireRoom(room));
      const member = shelf.get(key, sid);
      if (member === undefined || !isSameRoute(member.route, route)) return false;
      shelf.remove(key, sid);
      return true;
    },

    async saveSocket(sid, nsp, socketId, { set, remove, spent }: SocketChanges) {
      const socket = sockets.get(requireSid(sid), requireNamespace(nsp));
      [...Object.keys(set), ...remove, ...spent].forEach(requireWellFormed);
      if (socket?.socketId !== socketId) return false;
      const kept = Object.entries(socket.data).filter(([key]) => !remove.includes(key));
      const data = Object.fromEntries([...kept, ...Object.entries(set)]);
      const changed = { ...socket, data, spent: [...new Set([...socket.spent, ...spent])] };
      sockets.put(sid, nsp, changed, sessionExpiresAtSeconds(sid));
      return true;
    },

    async *listRoomMembers(nsp, room) {
      yield* roomMembers.pages(toRoomKey(requireNamespace(nsp), requireRoom(room)), pageSize);
    },

    listNamespaceMembers(nsp) {
      return Array.from({ length: NAMESPACE_SHARDS }, async function* (_, shard) {
        yield* namespaceMembers.pages(JSON.stringify([requireNamespace(nsp), shard]), pageSize);
      });
    },

    async openBeat(beat) {
      const interval = toIntervalKey(beat.pingIntervalMs);
      const lastPongAtMs = beats.get(interval, requireSid(beat.sid))?.lastPongAtMs ?? beat.lastPongAtMs;
      beats.put(interval, beat.sid, { ...beat, lastPongAtMs }, sessionExpiresAtSeconds(beat.sid));
    },

    async recordPong(sid, pingIntervalMs, atMs) {
      const beat = beats.get(toIntervalKey(pingIntervalMs), requireSid(sid));
      if (beat === undefined) return false;
      const lastPongAtMs = Math.max(beat.lastPongAtMs, atMs);
      beats.put(toIntervalKey(pingIntervalMs), sid, { ...beat, lastPongAtMs }, sessionExpiresAtSeconds(sid));
      return true;
    },

    async getBeat(sid, pingIntervalMs) {
      return beats.get(toIntervalKey(pingIntervalMs), requireSid(sid));
    },
    async deleteBeat(sid, pingIntervalMs) {
      beats.remove(toIntervalKey(pingIntervalMs), requireSid(sid));
    },

    async *listBeats(pingIntervalMs, fromPhaseMs, toPhaseMs) {
      for await (const page of beats.pages(toIntervalKey(pingIntervalMs), pageSize)) {
        const due = page.filter(({ sid }) => {
          const phaseMs = openedAtMs(sid) % pingIntervalMs;
          return fromPhaseMs <= phaseMs && phaseMs < toPhaseMs;
        });
        if (due.length > 0) yield due;
      }
    },

    async listSweeps() {
      return sweeps.list("");
    },
    async saveSweep(sweep, previousPingedUntilMs) {
      const key = toIntervalKey(sweep.pingIntervalMs);
      if (sweeps.get("", key)?.pingedUntilMs !== previousPingedUntilMs) return false;
      sweeps.put("", key, sweep, sweepExpiresAtSeconds(clock));
      return true;
    },
    async deleteSweep(pingIntervalMs) {
      sweeps.remove("", toIntervalKey(pingIntervalMs));
    },

    countRows: () =>
      Object.fromEntries(
        Object.entries(shelves).map(([kind, shelf]) => [kind, shelf.count()]),
      ) as MemoryRowCounts,
  };
}

const toRoomKey = (nsp: string, room: string): string => JSON.stringify([nsp, room]);
const toNamespaceKey = (nsp: string, sid: Sid): string =>
  JSON.stringify([nsp, shardOf(sid, NAMESPACE_SHARDS)]);
const toIntervalKey = (pingIntervalMs: number): string => String(requireInterval(pingIntervalMs));

const isSameRoute = (a: Route, b: Route): boolean =>
  a.kind === "connection" && b.kind === "connection" ? a.connectionId === b.connectionId : a.kind === b.kind;
