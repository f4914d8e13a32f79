import type { Turn } from "../../engine/turn.ts";

const kicked = new WeakMap<Turn, Set<string>>();

/**
 * Sockets that a turn has disconnected from afar. They leave in a turn of their own, where their handlers run, and are in
 * the table until then; whatever this turn does next finds them gone, as with a server that ends them at once. Not kept
 * of code outside of any turn, which never ends.
 */
export function noteKicked(turn: Turn, socketId: string): void {
  if (turn.writtenAtMs === undefined) return;
  const ids = kicked.get(turn) ?? new Set();
  kicked.set(turn, ids.add(socketId));
}

/** Whether it has disconnected any. */
export const hasKicked = (turn: Turn | undefined): boolean => turn !== undefined && kicked.has(turn);

export const kickedBy = (turn: Turn): readonly string[] => [...(kicked.get(turn) ?? [])];

export const isKicked = (turn: Turn | undefined, socketId: string): boolean =>
  turn !== undefined && (kicked.get(turn)?.has(socketId) ?? false);
