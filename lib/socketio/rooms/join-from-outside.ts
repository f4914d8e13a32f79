import type { Sid, SocketId } from "../../ids.ts";
import type { Member } from "../../state/records.ts";
import type { RoomPorts } from "./room-ports.ts";
import type { Runtime } from "../../engine/runtime.ts";

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
 * what their client has missed of them before would never be sent.
 */
export async function joinFromOutside(
  { runtime, recovery }: Pick<RoomPorts, "runtime" | "recovery">,
  nsp: string,
  member: Member,
  rooms: readonly string[],
): Promise<void> {
  const known = recovery && (await runtime.store.loadSession(member.sid, { handshake: false }));
  const fresh = rooms.filter((room) => !known?.joined.some((row) => row.nsp === nsp && row.room === room));
  if (fresh.length === 0) return;
  await runtime.store.joinRooms(nsp, member, fresh, runtime.clock.nowMs());
  await leaveUnlessConnected(runtime, nsp, member, fresh);
}

/** The second half of such a join. */
export async function leaveUnlessConnected(
  runtime: Runtime,
  nsp: string,
  member: Member,
  rooms: readonly string[],
): Promise<void> {
  if (await isConnected(runtime, member.sid, nsp, member.socketId)) return;
  await runtime.store.leaveRooms(nsp, member.sid, rooms);
}

/** Whether a socket is in the table and its session not being closed. */
export async function isConnected(
  runtime: Runtime,
  sid: Sid,
  nsp: string,
  socketId: SocketId,
): Promise<boolean> {
  const snapshot = await runtime.store.loadSession(sid, { handshake: false });
  if (snapshot === undefined) return false;
  const { phase } = snapshot.session;
  if (phase === "closing" || phase === "closed") return false;
  return snapshot.sockets.some((socket) => socket.nsp === nsp && socket.socketId === socketId);
}
