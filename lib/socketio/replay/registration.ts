import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { SocketState } from "./socket-state.ts";
import { currentContext, type Turn } from "../../engine/turn.ts";
import { currentRun, type ListenerRun } from "./listener-run.ts";
import type { HandledEvent } from "./registration-journal.ts";

/** An event of a client whose handlers run. */
export interface Handling {
  readonly state: SocketState;
  readonly event: HandledEvent;
  readonly run: ListenerRun;
  isJournaled: boolean;
}

/** A client joins a namespace. Its connection listeners bind the handlers; its middlewares, before them, must not. */
interface Connecting {
  readonly nsp: string;
  isListening: boolean;
}

const handlings = new WeakMap<Turn, Handling>();
const connectings = new WeakMap<Turn, Connecting>();

/** The event whose handlers run in this turn; undefined in any other turn. */
export const handlingOf = (turn: Turn): Handling | undefined => handlings.get(turn);

export function beginHandling(turn: Turn, handling: Handling): void {
  handlings.set(turn, handling);
}

export function beginConnecting(turn: Turn, nsp: string): void {
  connectings.set(turn, { nsp, isListening: false });
}

/** The connection listeners of the namespace run from now on. */
export function beginListening(turn: Turn): void {
  const connecting = connectings.get(turn);
  if (connecting) connecting.isListening = true;
}

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
  const { turn, mode } = context;
  const run = currentRun();
  run?.noteRegistration();
  const connecting = connectings.get(turn);
  if (mode === "replay" || connecting?.isListening) return run?.check?.note(step);
  const handling = handlingOf(turn);
  if (handling?.state === state) {
    if (handling.isJournaled || !state.connected) return;
    state.journal.add(handling.event, handling.run, clock.nowMs());
    handling.isJournaled = true;
    // Nobody will save what this turn has changed any more.
    const saved = turn.ended ? state.save(store) : undefined;
    if (saved !== undefined) turn.track(saved);
    return;
  }
  // When a socket goes, say: there is no later packet.
  if (handling === undefined && connecting?.nsp !== state.nsp) return;
  throw new CoreError(
    "core.registration_in_handler",
    `expected handlers to be registered in the connection listener or in an event handler of the same socket, got ${step} ` +
      `inside ${turn.label}; nothing else is run again, so it would be forgotten with this packet`,
    { evidence: { step, turn: turn.label } },
  );
}

/** @throws {CoreError} `core.not_a_listener` */
export function requireListener(event: string, listener: unknown): void {
  if (typeof listener === "function") return;
  throw new CoreError(
    "core.not_a_listener",
    `expected a function for ${JSON.stringify(event)}, got ${described(listener)}`,
  );
}
