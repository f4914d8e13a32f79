import type { Store } from "../../state/store.ts";
import type { Session } from "../../engine/session.ts";
import type { SocketState } from "./socket-state.ts";

const known = new WeakMap<Session, Map<string, SocketState>>();

/** The sockets of a session by namespace, which the turns of a batch share. */
export function socketsOf(session: Session): Map<string, SocketState> {
  const sockets = known.get(session) ?? new Map<string, SocketState>();
  known.set(session, sockets);
  return sockets;
}

/** Writes what has changed of them since they were last stored. */
export async function saveSockets(store: Store, session: Session): Promise<void> {
  await Promise.all([...socketsOf(session).values()].map((state) => state.save(store)));
}
