import type { Member } from "../../state/records.ts";
import { CoreError } from "../../engine/errors.ts";
import { MAX_ROOMS, staysIn } from "./join-from-outside.ts";
import { observeRooms } from "./observer.ts";
import { enterRooms, exitRooms, type Leaver, type RoomPlace } from "./room-changes.ts";
import type { RoomPorts } from "./room-ports.ts";
import type { Session } from "../../engine/session.ts";
import { socketsOf } from "../replay/session-sockets.ts";
import type { SocketState } from "../replay/socket-state.ts";
import type { Turn } from "../../engine/turn.ts";

/** A socket as its rooms are to know it. */
export const toMember = (session: Session, state: SocketState): Member => ({
  sid: session.sid,
  socketId: state.id,
  route: session.route,
  protocol: session.record.protocol,
  ...(state.counted ? { counted: true } : {}),
});

export const toPlace = ({ nsp, parent }: SocketState): RoomPlace => ({ nsp, parent });
export const toLeaver = ({ sid, id, counted }: SocketState): Leaver => ({ sid, socketId: id, counted });

/** Joins are seen by `socket.rooms` at once, and by every emit that the turn issues after them. */
export function joinRooms(
  internals: RoomPorts,
  turn: Turn,
  session: Session,
  state: SocketState,
  rooms: readonly string[],
): Promise<void> {
  const added = [...new Set(rooms)].filter((room) => !state.rooms.has(room));
  if (added.length === 0) return Promise.resolve();
  requireFewRooms(session, state, added);
  for (const room of added) state.rooms.add(room);
  // Before CONNECT is accepted, rooms are only remembered: a refused socket must be in none.
  if (!state.connected) return Promise.resolve();
  const member = toMember(session, state);
  return turn.order(async () => {
    // Not when it was called: a packet of before is not for this socket.
    const { runtime } = internals;
    const nowMs = runtime.clock.nowMs();
    const joining = { joinedAtOf: () => nowMs, firstRank: state.takeRanks(nowMs, added.length) };
    await enterRooms(internals, turn, toPlace(state), member, added, joining);
    // Asked now, not before the write: while that was on its way, the letter of this turn may have been released, or
    // a later one of its batch may have begun to close the session.
    const isAlone = runtime.isOrdered && turn.ownsLaneOf(session) && session.alive && state.connected;
    if (isAlone || (await staysIn(internals, turn, toPlace(state), member, added)))
      return observeRooms(internals.observer, turn, "joined", { nsp: state.nsp, socketId: state.id }, added);
    for (const room of added) state.rooms.delete(room);
  });
}

/** Over all sockets of a session: every packet reads them all, and a close removes them all. */
function requireFewRooms(session: Session, state: SocketState, added: readonly string[]): void {
  const states = new Set([...socketsOf(session).values(), state]);
  const rooms = [...states].reduce((sum, one) => sum + one.joinedRooms.length, new Set(added).size);
  if (rooms <= MAX_ROOMS) return;
  throw new CoreError(
    "core.too_many_rooms",
    `expected the sockets of a session to be in up to ${MAX_ROOMS} rooms, got ${rooms}; none of these is joined`,
    { evidence: { rooms } },
  );
}

export function leaveRooms(
  internals: RoomPorts,
  turn: Turn,
  state: SocketState,
  rooms: readonly string[],
): Promise<void> {
  const left = rooms.filter((room) => state.leave(room));
  if (left.length === 0 || !state.connected) return Promise.resolve();
  return turn.order(async () => {
    await exitRooms(internals, turn, toPlace(state), toLeaver(state), left, "left");
    observeRooms(internals.observer, turn, "left", { nsp: state.nsp, socketId: state.id }, left);
  });
}
