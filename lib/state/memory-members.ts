import type { Clock } from "../clock.ts";
import type { Sid } from "../ids.ts";
import { anySessionExpiresAtSeconds, sessionExpiresAtSeconds } from "./expiry.ts";
import {
  isSameRoute,
  NAMESPACE_STREAMS,
  toNamespaceKey,
  toRoomKey,
  toStreamKey,
  type MemoryRows,
} from "./memory-rows.ts";
import { deleteEntriesOf } from "./memory-shared.ts";
import type { Member, Route } from "./records.ts";
import { toJoinedRecord } from "./rooms-in-order.ts";
import { requireNamespace, requirePid, requireRoom, requireSid, requireWellFormed } from "./row-limits.ts";
import type { ConnectRequest, MemberPart, SocketChanges, SocketRooms, Store } from "./store.ts";

export type MemberMethods = Pick<
  Store,
  | "connectSocket"
  | "disconnectSocket"
  | "joinRooms"
  | "leaveRooms"
  | "learnShards"
  | "deleteMemberships"
  | "deleteMemberIfRoute"
  | "repairRoute"
  | "saveSocket"
  | "listRoomMembers"
  | "listChildNamespaces"
  | "isChildNamespace"
  | "forgetChild"
  | "listNamespaceMembers"
>;

/** Of a memory store: sockets, and the rooms and namespaces that they are members of. */
export function createMemoryMembers(
  rows: MemoryRows,
  { clock, pageSize }: { readonly clock: Clock; readonly pageSize: number },
): MemberMethods {
  const { sockets, auths, joined, pids, children, roomMembers, namespaceMembers } = rows;

  const join = (
    nsp: string,
    member: Member,
    rooms: readonly string[],
    joinedAtOf: (room: string) => number | undefined,
    firstRank = 0,
  ) => {
    for (const [index, room] of rooms.entries()) {
      const expiresAt = sessionExpiresAtSeconds(member.sid);
      roomMembers.put(toRoomKey(nsp, room), member.sid, member, expiresAt);
      if (room === member.socketId && joinedAtOf(room) === undefined) continue;
      const row = toJoinedRecord(nsp, room, joinedAtOf(room), firstRank + index);
      joined.put(member.sid, toRoomKey(nsp, room), row, expiresAt);
    }
  };
  const removeMember = (sid: Sid, { nsp, socketId, rooms }: SocketRooms) => {
    for (const room of [...rooms, socketId]) roomMembers.remove(toRoomKey(nsp, room), sid);
    namespaceMembers.remove(toNamespaceKey(nsp, sid), sid);
  };
  const sizeOf = (part: MemberPart | undefined) => Math.min(pageSize, part?.pageSize ?? pageSize);
  /** Where one membership is, whatever it is of. */
  const find = (nsp: string, room: string | undefined, sid: Sid) => {
    requireSid(sid);
    requireNamespace(nsp);
    return room === undefined
      ? { shelf: namespaceMembers, key: toNamespaceKey(nsp, sid) }
      : { shelf: roomMembers, key: toRoomKey(nsp, requireRoom(room)) };
  };

  return {
    async connectSocket({ sid, socket, auth, member, rooms, joinedAtMs, firstRank }: ConnectRequest) {
      const nsp = requireNamespace(socket.nsp);
      const expiresAt = sessionExpiresAtSeconds(requireSid(sid));
      const { socketId, pid, parent } = socket;
      rooms.forEach(requireRoom);
      [...Object.keys(socket.data), ...socket.spent].forEach(requireWellFormed);
      if (parent !== undefined) requireNamespace(parent);
      if (pid !== undefined) pids.put(requirePid(pid), "", { pid, nsp, socketId, sid }, expiresAt);
      if (parent !== undefined) {
        const expiresAtSeconds = anySessionExpiresAtSeconds(clock);
        children.put(parent, nsp, { nsp, expiresAtSeconds }, expiresAtSeconds);
      }
      sockets.put(sid, nsp, socket, expiresAt);
      auths.put(sid, nsp, auth, expiresAt);
      namespaceMembers.put(toNamespaceKey(nsp, sid), sid, member, expiresAt);
      const uncounted = socket.counted ? [] : [...new Set([...rooms, socketId])];
      join(nsp, member, uncounted, (room) => joinedAtMs?.get(room), firstRank);
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

    async joinRooms(nsp, member, rooms, joinedAtMs, firstRank) {
      requireSid(member.sid);
      requireNamespace(nsp);
      rooms.forEach(requireRoom);
      join(nsp, member, rooms, () => joinedAtMs, firstRank);
    },

    async leaveRooms(nsp, sid, rooms, own) {
      requireSid(sid);
      requireNamespace(nsp);
      for (const room of rooms.map(requireRoom)) {
        roomMembers.remove(toRoomKey(nsp, room), sid);
        if (room === own) {
          joined.put(sid, toRoomKey(nsp, room), { nsp, room, left: true }, sessionExpiresAtSeconds(sid));
        } else joined.remove(sid, toRoomKey(nsp, room));
      }
    },

    // Every room is one partition of memory.
    async learnShards(nsp, rooms) {
      requireNamespace(nsp);
      rooms.forEach(requireRoom);
    },

    async deleteMemberships(sid, ofSockets) {
      requireSid(sid);
      for (const { nsp, rooms } of ofSockets) [requireNamespace(nsp), ...rooms.map(requireRoom)];
      for (const socket of ofSockets) {
        removeMember(sid, socket);
        deleteEntriesOf(rows, { sid, socketId: socket.socketId }, socket.owned ?? []);
      }
    },

    async deleteMemberIfRoute(nsp, room, sid, route) {
      const { shelf, key } = find(nsp, room, sid);
      const member = shelf.get(key, sid);
      if (member === undefined || !isSameRoute(member.route, route)) return false;
      shelf.remove(key, sid);
      return true;
    },

    async repairRoute(nsp, room, sid, from: Route, to: Route) {
      const { shelf, key } = find(nsp, room, sid);
      const member = shelf.get(key, sid);
      if (member === undefined) return false;
      if (!isSameRoute(member.route, from) && !isSameRoute(member.route, to)) return false;
      shelf.put(key, sid, { ...member, route: to }, sessionExpiresAtSeconds(sid));
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

    async *listRoomMembers(nsp, room, part) {
      const key = toRoomKey(requireNamespace(nsp), requireRoom(room));
      yield* roomMembers.pages(key, sizeOf(part), part?.range);
    },

    async listChildNamespaces(parent) {
      return children.list(requireNamespace(parent)).map(({ nsp }) => nsp);
    },
    async isChildNamespace(parent, nsp) {
      return children.get(requireNamespace(parent), requireNamespace(nsp)) !== undefined;
    },
    async forgetChild(parent, nsp, idleSinceMs) {
      const child = children.get(requireNamespace(parent), requireNamespace(nsp));
      const idle = anySessionExpiresAtSeconds({ nowMs: () => idleSinceMs });
      if (child === undefined || child.expiresAtSeconds > idle) return false;
      children.remove(parent, nsp);
      return true;
    },
    listNamespaceMembers(nsp, part) {
      return Array.from({ length: NAMESPACE_STREAMS }, async function* (_, stream) {
        const key = toStreamKey(requireNamespace(nsp), stream);
        yield* namespaceMembers.pages(key, sizeOf(part), part?.range);
      });
    },
  };
}
