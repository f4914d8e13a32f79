import type { Turn } from "../../engine/turn.ts";
import type { Sid, SocketId } from "../../ids.ts";
import type { Member } from "../../state/records.ts";
import type { RoomNote, RoomTurn } from "../../state/room-store.ts";
import { callListener } from "../replay/handler.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import type { RoomEventName } from "./room-adapter.ts";
import { fromRoomName } from "./room-name.ts";
import type { RoomPorts } from "./room-ports.ts";

/** A namespace, and of which dynamic one it is a child, where that is known. */
export interface RoomPlace {
  readonly nsp: string;
  readonly parent?: string | undefined;
}

/** Who goes; a `Member` is one. */
export interface Leaver {
  readonly sid: Sid;
  readonly socketId: SocketId;
  readonly counted?: boolean;
}

type Ports = Pick<RoomPorts, "runtime" | "adapterOf" | "reportFailure">;

/** Puts a socket into rooms, one after the other where they are counted, and tells who listens. */
export async function enterRooms(
  internals: Ports,
  turn: Turn,
  place: RoomPlace,
  member: Member,
  rooms: readonly string[],
  { joinedAtOf, firstRank = 0 }: Joining,
): Promise<void> {
  const { store } = internals.runtime;
  if (!member.counted)
    return store.joinRooms(place.nsp, member, rooms, joinedAtOf(rooms[0] ?? ""), firstRank);
  let rank = firstRank;
  for (const room of rooms) {
    const joinedAtMs = joinedAtOf(room);
    const entry = {
      ...place,
      member,
      room,
      rank: room === member.socketId && joinedAtMs === undefined ? 0 : rank++,
      letterId: turn.letterId,
      ...(joinedAtMs === undefined ? {} : { joinedAtMs }),
    };
    const change = await store.enterRoom(entry);
    if (change !== "present") tell(internals, turn, { ...place, room, socketId: member.socketId, change });
  }
}

interface Joining {
  /** When a room counts as joined; one for all rooms of a socket that is not counted. */
  readonly joinedAtOf: (room: string) => number | undefined;
  readonly firstRank?: number;
}

/**
 * Takes a socket out of rooms, its own if it is among them, and tells in their order who listens. One that has `left`
 * them goes on, and is known to be out of its own, also where it was `taken` out from afar; one that is `gone`, or `closed`
 * with its session, is known no more.
 */
export async function exitRooms(
  internals: Ports,
  turn: Turn,
  place: RoomPlace,
  { sid, socketId, counted }: Leaver,
  rooms: readonly string[],
  why: "left" | "taken" | "gone" | "closed" = "gone",
): Promise<void> {
  const { store } = internals.runtime;
  const goesOn = why === "left" || why === "taken";
  if (!counted)
    return store.leaveRooms(place.nsp, sid, rooms, goesOn ? socketId : undefined, why === "taken");
  const byClose = why === "closed";
  const left = await mapConcurrently([...new Set(rooms)], async (room) => ({
    room,
    change: await store.exitRoom({
      ...place,
      sid,
      socketId,
      room,
      byClose,
      isOwnLeft: goesOn && room === socketId,
      letterId: turn.letterId,
    }),
  }));
  for (const { room, change } of left)
    if (change !== "absent") tell(internals, turn, { ...place, room, socketId, change });
}

/** What the crashed turn of a letter has changed in rooms, once more: it may not have come to telling it. */
export async function tellAgain(internals: Ports, turn: Turn, letterId: string): Promise<void> {
  for (const note of await internals.runtime.store.listRoomNotes(letterId)) tell(internals, turn, note);
}

/** In Socket.IO's order: a room is there before anybody joins it, and goes after the last has left. */
const eventsOf: Readonly<Record<RoomTurn, readonly RoomEventName[]>> = {
  created: ["create-room", "join-room"],
  joined: ["join-room"],
  left: ["leave-room"],
  deleted: ["leave-room", "delete-room"],
};

function tell(
  internals: Ports,
  turn: Turn,
  { nsp, parent, room, socketId, change }: Omit<RoomNote, "parent"> & RoomPlace,
): void {
  const adapter = internals.adapterOf(nsp, parent);
  if (adapter === undefined) return;
  for (const event of eventsOf[change]) {
    const isOfMember = event === "join-room" || event === "leave-room";
    const args = isOfMember ? [fromRoomName(room), socketId] : [fromRoomName(room)];
    for (const listener of adapter.rawListeners(event))
      void callListener(internals, turn, adapter, listener, args, { event, nsp, socketId });
  }
}
