import { CoreError } from "../../engine/errors.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { sessionOf } from "../../engine/session.ts";
import type { Turn } from "../../engine/turn.ts";
import type { OwnedRecord, SharedEntry, SharedPlace } from "../../state/shared-store.ts";
import type { SocketState } from "../replay/socket-state.ts";
import { isConnected } from "../rooms/join-from-outside.ts";

/** Every packet of the socket reads their notes. */
const MAX_OWNED = 100;

/**
 * Puts an entry that goes with a socket, by `put`. As with a join from outside, its close may run beside this:
 *
 *     this    notes the entry in the session's rows
 *     close   marks closing, reads the notes, deletes the entries
 *     this    puts the entry                       ← nobody would ever delete it
 *     this    reads the session: closing → deletes it again
 *
 * In any other order either the close sees the note and the entry, or this sees the close.
 */
export async function putOwned<T>(
  runtime: Runtime,
  turn: Turn,
  state: SocketState,
  place: SharedPlace,
  owner: NonNullable<SharedEntry["owner"]>,
  put: () => Promise<T>,
): Promise<T> {
  const { store } = runtime;
  await store.noteOwned(owner, place);
  const outcome = await put();
  // Asked after the write, as for a join.
  const session = sessionOf(turn);
  const isAlone =
    runtime.isOrdered &&
    session?.sid === state.sid &&
    turn.ownsLaneOf(session) &&
    session.alive &&
    state.connected;
  if (!isAlone && !(await isConnected(runtime, state.sid, state.nsp, state.id)))
    await store.deleteOwned(owner, [place]);
  return outcome;
}

/** Notes in memory that a socket is about to own an entry. Throws `core.shared_too_many_owned`. */
export function admitOwned(state: SocketState, place: SharedPlace): void {
  if (!state.owned.has(toName(place)) && state.owned.size >= MAX_OWNED) {
    throw new CoreError(
      "core.shared_too_many_owned",
      `expected a socket to own up to ${MAX_OWNED} entries, got one more; every packet of it reads what it owns`,
      { evidence: { map: place.map } },
    );
  }
  state.owned.set(toName(place), place);
}

/** Takes over what the session's rows say of a socket. */
export function noteOwned(state: SocketState, notes: readonly OwnedRecord[]): void {
  for (const { socketId, map, key } of notes)
    if (socketId === state.id) state.owned.set(toName({ map, key }), { map, key });
}

const toName = ({ map, key }: SharedPlace): string => JSON.stringify([map, key]);
