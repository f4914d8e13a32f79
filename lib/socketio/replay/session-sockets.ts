import type { Store } from "../../state/store.ts";
import type { Session } from "../../engine/session.ts";
import type { SocketState } from "./socket-state.ts";

const known = new WeakMap<Session, Map<string, SocketState>>();

/** The sockets of a session by namespace, which the turns of a batch share. */
export function socketsOf(session: Session): Map<string, SocketState> {
  let sockets = known.get(session);
  if (sockets === undefined) known.set(session, (sockets = new Map<string, SocketState>()));
  return sockets;
}

/** Writes what has changed of them since they were last stored; undefined: nothing has. */
export function saveSockets(store: Store, session: Session): Promise<void> | undefined {
  const saves: Promise<void>[] = [];
  for (const state of socketsOf(session).values()) {
    const saved = state.save(store);
    if (saved !== undefined) saves.push(saved);
  }
  return saves.length === 0 ? undefined : Promise.all(saves).then(() => undefined);
}
