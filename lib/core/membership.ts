import type { Member } from "../state/records.ts";
import { joinFromOutside } from "./remote-membership.ts";
import type { Runtime } from "./runtime.ts";
import type { Session } from "./session.ts";
import type { SocketState } from "./socket-state.ts";
import type { Turn } from "./turn.ts";

/** A socket as its rooms are to know it; undefined when it cannot be reached by any. */
export function toMember(session: Session, state: SocketState): Member | undefined {
  const { connectionId, sid, record } = session;
  if (connectionId === undefined) return undefined;
  return { sid, socketId: state.id, route: { kind: "connection", connectionId }, protocol: record.protocol };
}

/** Joins are seen by `socket.rooms` at once, and by every emit that the turn issues after them. */
export function joinRooms(
  runtime: Runtime,
  turn: Turn,
  session: Session,
  state: SocketState,
  rooms: string | readonly string[],
): Promise<void> {
  const added = (typeof rooms === "string" ? [rooms] : rooms).filter((room) => !state.rooms.has(room));
  if (added.length === 0) return Promise.resolve();
  for (const room of added) state.rooms.add(room);
  // Before CONNECT is accepted, rooms are only remembered: a refused socket must be in none.
  if (!state.connected) return Promise.resolve();
  const member = toMember(session, state);
  if (member === undefined) return Promise.resolve();
  return turn.order(() =>
    turn.released
      ? joinFromOutside(runtime, state.nsp, member, added)
      : runtime.store.joinRooms(state.nsp, member, added),
  );
}

export function leaveRooms(runtime: Runtime, turn: Turn, state: SocketState, room: string): Promise<void> {
  if (!state.rooms.delete(room) || !state.connected) return Promise.resolve();
  return turn.order(() => runtime.store.leaveRooms(state.nsp, state.sid, [room]));
}
