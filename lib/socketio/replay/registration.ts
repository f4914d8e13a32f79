import { CoreError } from "../../engine/errors.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { SocketState } from "./socket-state.ts";
import { currentContext } from "../../engine/turn.ts";

/**
 * Where handlers may be registered or removed. The connection listener runs before every packet, so what it binds is
 * there again. An event handler's own registrations are journaled: its event is run once more, inertly, before every
 * later packet. Nothing else is run again for this socket, not a middleware and not a handler of another socket.
 *
 * @throws {CoreError} `core.registration_in_handler`, `core.journal_full`
 */
export function admitRegistration(state: SocketState, { clock, store }: Runtime, step: string): void {
  const context = currentContext();
  if (context === undefined) return;
  const { turn, mode, run } = context;
  if (run) run.whole.hasRegistered = true;
  if (mode === "replay" || turn.mayRegister) return run?.check?.note(step);
  const { handling } = turn;
  if (handling?.state === state) {
    if (handling.isJournaled || !state.connected) return;
    state.journal.add(handling.event, handling.run, clock.nowMs());
    handling.isJournaled = true;
    // Nobody will save what this turn has changed any more.
    if (turn.ended) turn.track(state.save(store));
    return;
  }
  // When a socket goes, say: there is no later packet.
  if (handling === undefined && turn.label !== connectLabel(state.nsp)) return;
  throw new CoreError(
    "core.registration_in_handler",
    `expected handlers to be registered in the connection listener or in an event handler of the same socket, got ${step} ` +
      `inside ${turn.label}; nothing else is run again, so it would be forgotten with this packet`,
    { evidence: { step, turn: turn.label } },
  );
}

export const connectLabel = (nsp: string): string => `connect to ${nsp}`;

/** @throws {CoreError} `core.not_a_listener` */
export function requireListener(event: string, listener: unknown): void {
  if (typeof listener === "function") return;
  throw new CoreError(
    "core.not_a_listener",
    `expected a function for ${JSON.stringify(event)}, got ${typeof listener}`,
  );
}
