import type { Sid, SocketId } from "../../ids.ts";
import type { Member, SessionSnapshot } from "../../state/records.ts";
import type { Turn } from "../../engine/turn.ts";
import { observeRooms } from "./observer.ts";
import { enterRooms, exitRooms, type RoomPlace } from "./room-changes.ts";
import type { RoomPorts } from "./room-ports.ts";
import type { Runtime } from "../../engine/runtime.ts";

type Ports = Pick<RoomPorts, "runtime" | "recovery" | "adapterOf" | "reportFailure" | "observer">;

/** Most that the sockets of one session may be in together, their own left out. */
export const MAX_ROOMS = 1_000;

/**
 * A join from outside its session's own lane, where a close may run beside it:
 *
 *     close   marks closing
 *     close   reads rooms: {}
 *     join    puts membership            ← nobody would ever delete it
 *     join    reads the session: closing → deletes it again
 *
 * In any other order either the close sees the membership, or the join sees the close.
 *
 * With recovery the rooms that it is in already are asked for first: joined once more they would count from now, and
 * what their client has missed of them before would never be sent. Where somebody looks they are asked for too.
 */
export async function joinFromOutside(
  internals: Ports,
  turn: Turn,
  { nsp, parent }: RoomPlace,
  member: Member,
  rooms: readonly string[],
): Promise<boolean> {
  const { runtime, recovery, observer } = internals;
  const isAsked = recovery !== undefined || observer?.isWatched === true;
  const known = isAsked ? await runtime.store.loadSession(member.sid, { handshake: false }) : undefined;
  const isIn = (room: string) => {
    const row = known?.joined.find((other) => other.nsp === nsp && other.room === room);
    return row === undefined ? known !== undefined && room === member.socketId : !row.left;
  };
  const fresh = rooms.filter((room) => !isIn(room));
  if (fresh.length === 0) return true;
  const nowMs = runtime.clock.nowMs();
  await enterRooms(internals, turn, { nsp, parent }, member, fresh, { joinedAtOf: () => nowMs });
  const stays = await staysIn(internals, turn, { nsp, parent }, member, fresh);
  if (stays) observeRooms(observer, turn, "joined", { nsp, socketId: member.socketId }, fresh);
  return stays;
}

/**
 * The second half of such a join: rooms of a socket that is gone are left again, and those with which a session has more
 * than it is let into. Whether it stays in them.
 */
export async function staysIn(
  internals: Ports,
  turn: Turn,
  place: RoomPlace,
  member: Member,
  rooms: readonly string[],
): Promise<boolean> {
  const { store, logger } = internals.runtime;
  const { nsp } = place;
  const snapshot = await store.loadSession(member.sid, { handshake: false });
  const isThere = hasSocket(snapshot, nsp, member.socketId);
  const joined = snapshot?.joined.length ?? 0;
  if (isThere && joined <= MAX_ROOMS) return true;
  if (isThere) {
    logger.warn("a socket was put into more rooms than its session may be in, and has left them again", {
      code: "core.too_many_rooms",
      nsp,
      socketId: member.socketId,
      rooms: joined,
    });
  }
  await exitRooms(internals, turn, place, member, rooms);
  return false;
}

/** Whether a socket is in the table and its session not being closed. */
export async function isConnected(
  runtime: Runtime,
  sid: Sid,
  nsp: string,
  socketId: SocketId,
): Promise<boolean> {
  return hasSocket(await runtime.store.loadSession(sid, { handshake: false }), nsp, socketId);
}

function hasSocket(snapshot: SessionSnapshot | undefined, nsp: string, socketId: SocketId): boolean {
  if (snapshot === undefined) return false;
  const { phase } = snapshot.session;
  if (phase === "closing" || phase === "closed") return false;
  return snapshot.sockets.some((socket) => socket.nsp === nsp && socket.socketId === socketId);
}
