import type { Clock } from "../clock.ts";
import { anySessionExpiresAtSeconds, sessionExpiresAtSeconds } from "./expiry.ts";
import { NAMESPACE_STREAMS, toRoomKey, toStreamKey, type MemoryRows } from "./memory-rows.ts";
import type { RoomNote, RoomStore, RoomTurn } from "./room-store.ts";
import { toJoinedRecord } from "./rooms-in-order.ts";
import { requireNamespace, requireRoom, requireSid } from "./row-limits.ts";

/** Of a memory store: rooms that are counted. */
export function createMemoryRooms(rows: MemoryRows, clock: Clock): RoomStore {
  const { roomMembers, namespaceMembers, joined, roomCounts, roomNotes } = rows;
  let notes = 0;

  const note = (letterId: string | undefined, noted: RoomNote): void => {
    if (letterId === undefined) return;
    const key = String(++notes).padStart(12, "0");
    roomNotes.put(letterId, key, noted, anySessionExpiresAtSeconds(clock));
  };
  const toNote = (nsp: string, parent: string | undefined, rest: Omit<RoomNote, "nsp" | "parent">) => ({
    nsp,
    ...(parent === undefined ? {} : { parent }),
    ...rest,
  });

  return {
    async enterRoom({ nsp, parent, member, room, joinedAtMs, rank = 0, letterId }) {
      const { sid, socketId } = member;
      const key = toRoomKey(requireNamespace(nsp), requireRoom(room));
      if (roomMembers.get(key, requireSid(sid)) !== undefined) return "present";
      const count = roomCounts.get(key, "") ?? 0;
      const expiresAt = sessionExpiresAtSeconds(sid);
      roomMembers.put(key, sid, member, expiresAt);
      if (room !== socketId || joinedAtMs !== undefined)
        joined.put(sid, key, toJoinedRecord(nsp, room, joinedAtMs, rank), expiresAt);
      roomCounts.put(key, "", count + 1, anySessionExpiresAtSeconds(clock));
      const change: RoomTurn = count === 0 ? "created" : "joined";
      note(letterId, toNote(nsp, parent, { room, socketId, change }));
      return change;
    },

    async exitRoom({ nsp, parent, sid, socketId, room, byClose, isOwnLeft, letterId }) {
      const key = toRoomKey(requireNamespace(nsp), requireRoom(room));
      if (roomMembers.get(key, requireSid(sid)) === undefined) return "absent";
      const count = roomCounts.get(key, "") ?? 0;
      roomMembers.remove(key, sid);
      if (isOwnLeft) joined.put(sid, key, { nsp, room, left: true }, sessionExpiresAtSeconds(sid));
      else if (!byClose) joined.remove(sid, key);
      if (count > 1) roomCounts.put(key, "", count - 1, anySessionExpiresAtSeconds(clock));
      else roomCounts.remove(key, "");
      const change: RoomTurn = count > 1 ? "left" : "deleted";
      note(letterId, toNote(nsp, parent, { room, socketId, change }));
      return change;
    },

    async listRoomNotes(letterId) {
      return roomNotes.list(letterId);
    },

    async countMembers(nsp, room) {
      if (room !== undefined)
        return roomMembers.list(toRoomKey(requireNamespace(nsp), requireRoom(room))).length;
      return Array.from({ length: NAMESPACE_STREAMS }, (_, stream) =>
        namespaceMembers.list(toStreamKey(requireNamespace(nsp), stream)),
      ).flat().length;
    },
  };
}
