import type { Sid } from "../../ids.ts";
import type { SocketRooms, Store } from "../../state/store.ts";

/** Rooms that are removed before it is noted how far that has come: more than the sockets of a session are let into. */
const ROOMS_PER_STEP = 2_000;

/**
 * Removes the memberships of a session that is being closed, in steps. After each but the last it is noted in the
 * session's row how far it has come, so that an attempt which is cut off leaves less to the next: without that, a close
 * which takes longer than an invocation would never end. Own rooms and namespaces go with the first step of any attempt.
 *
 * `removedUpTo` is what the attempt before has noted.
 */
export async function removeMemberships(
  store: Pick<Store, "deleteMemberships" | "noteRemoved">,
  sid: Sid,
  sockets: readonly SocketRooms[],
  removedUpTo = "",
  roomsPerStep = ROOMS_PER_STEP,
): Promise<void> {
  const all = sockets.flatMap((socket) => socket.rooms.map((room): Membership => toMembership(socket, room)));
  const left = [...new Map(all.map((one) => [one.key, one])).values()]
    .filter(({ key }) => key > removedUpTo)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const bare = sockets.map((socket) => ({ ...socket, rooms: [] }));
  await store.deleteMemberships(sid, toSocketRooms(left.slice(0, roomsPerStep), bare));
  for (let from = roomsPerStep; from < left.length; from += roomsPerStep) {
    await store.noteRemoved(sid, left[from - 1]?.key ?? "");
    await store.deleteMemberships(sid, toSocketRooms(left.slice(from, from + roomsPerStep), []));
  }
}

interface Membership {
  /** Tells the room from all others, and sorts. */
  readonly key: string;
  readonly socket: SocketRooms;
  readonly room: string;
}

const toMembership = (socket: SocketRooms, room: string): Membership => ({
  key: JSON.stringify([socket.nsp, room]),
  socket,
  room,
});

function toSocketRooms(
  memberships: readonly Membership[],
  sockets: readonly SocketRooms[],
): readonly SocketRooms[] {
  const rooms = new Map(sockets.map((socket) => [socket.socketId, { ...socket, rooms: [] as string[] }]));
  for (const { socket, room } of memberships) {
    const known = rooms.get(socket.socketId) ?? { ...socket, rooms: [] };
    known.rooms.push(room);
    rooms.set(socket.socketId, known);
  }
  return [...rooms.values()];
}
