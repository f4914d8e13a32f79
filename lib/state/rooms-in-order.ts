import type { JoinedRecord, SocketRecord } from "./records.ts";

/**
 * The rooms of a socket in the order in which it joined them: its own among them, behind those that it joined before it
 * was connected, unless it has left that. Rooms that were joined by two instances within a millisecond come in either order.
 */
export function roomsInOrder(socket: SocketRecord, joined: readonly JoinedRecord[]): string[] {
  const { nsp, socketId, connectedAtMs } = socket;
  const rows = joined.filter((row) => row.nsp === nsp);
  const own = rows.some(({ room }) => room === socketId)
    ? []
    : [{ room: socketId, joinedAtMs: connectedAtMs }];
  return [...own, ...rows.filter(({ left }) => !left)].sort(byJoining).map(({ room }) => room);
}

/** The row of a room, by when it was joined, if that is known. */
export const toJoinedRecord = (
  nsp: string,
  room: string,
  joinedAtMs: number | undefined,
  rank: number,
): JoinedRecord =>
  joinedAtMs === undefined ? { nsp, room } : { nsp, room, joinedAtMs, ...(rank === 0 ? {} : { rank }) };

/** A room of which nobody knows when it was joined comes first. */
export const byJoining = (a: Joining, b: Joining): number =>
  (a.joinedAtMs ?? 0) - (b.joinedAtMs ?? 0) || (a.rank ?? 0) - (b.rank ?? 0);

type Joining = Pick<JoinedRecord, "joinedAtMs" | "rank">;
