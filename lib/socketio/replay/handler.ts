import type { FailureReport, HandlerFailure } from "./handler-failure.ts";
import type { ListenerRun } from "./listener-run.ts";
import type { HandlingSocket } from "./replay-ports.ts";
import { captureTimers } from "../../engine/timers.ts";
import type { Turn } from "../../engine/turn.ts";
import type { Listener } from "./typed-events.ts";

/**
 * Calls one listener of the app, live. What it throws or rejects with is reported with its event and socket and goes
 * no further; the turn waits for the promise it returns. Resolves, never rejects, when that has settled; undefined: at once.
 */
export function callHandler(
  internals: FailureReport,
  turn: Turn,
  socket: HandlingSocket,
  event: string,
  listener: Listener<never[]>,
  args: readonly unknown[],
  run?: ListenerRun,
): Promise<void> | undefined {
  const where = { event, nsp: socket.nsp.name, socketId: socket.id };
  socket.internalState?.noteHandled(event);
  return callListener(internals, turn, socket, listener, args, where, run);
}

/** The same for a listener of anything. */
export function callListener(
  internals: FailureReport,
  turn: Turn,
  self: unknown,
  listener: Listener<never[]>,
  args: readonly unknown[],
  where: Pick<HandlerFailure, "event" | "nsp" | "socketId">,
  run?: ListenerRun,
): Promise<void> | undefined {
  const endWatch = internals.watch?.begin({ event: where.event, listener, self, makers: makersOf(self) });
  const report = (error: unknown) => {
    endWatch?.();
    internals.reportFailure({ error, ...where });
  };
  try {
    const { result, timers } = captureTimers(() =>
      turn.run("live", () => Reflect.apply(listener, self, [...args]), run),
    );
    turn.timers.push(...timers);
    if (!isThenable(result)) {
      endWatch?.();
      return undefined;
    }
    const settled = Promise.resolve(result).then(() => endWatch?.(), report);
    turn.follow(settled);
    return settled;
  } catch (error) {
    report(error);
    return undefined;
  }
}

/** Connection listeners, by whose runs a socket came to its handlers. */
export function makersOf(self: unknown): readonly Listener<never[]>[] {
  const { nsp } = Object(self) as Partial<HandlingSocket>;
  return ["connect", "connection"].flatMap((event) => nsp?.listeners?.(event) ?? []);
}

/** Calls all listeners of an event of the library's own, such as `disconnect`. */
export function callListeners(
  internals: FailureReport,
  turn: Turn,
  socket: HandlingSocket,
  event: string,
  ...args: readonly unknown[]
): void {
  for (const listener of socket.rawListeners(event)) {
    void callHandler(internals, turn, socket, event, listener, args);
  }
}

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  value !== null && typeof value === "object" && "then" in value && typeof value.then === "function";
