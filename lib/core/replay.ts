import { settlesWithin } from "../clock.ts";
import { isThenable } from "./handler.ts";
import type { Internals } from "./internals.ts";
import type { Namespace } from "./namespace.ts";
import type { Session } from "./session.ts";
import { Socket, type AnySocket } from "./socket.ts";
import type { SocketState } from "./socket-state.ts";
import { captureTimers, clearTimers } from "./timers.ts";
import type { Turn } from "./turn.ts";

/** How long a packet waits for an asynchronous connection listener to bind the handler it needs. */
const BINDING_WAIT_MS = 5_000;

export interface Replayed {
  readonly socket: AnySocket;
  /** Resolves when the connection listeners have settled, or after a bound; never rejects. */
  readonly bound: Promise<void>;
}

/**
 * Makes the socket of a packet: a new object on the state in the table, with the connection listeners run over it
 * once more to bind its handlers. Their effects are inert, because they happened when the socket connected.
 */
export function replay(
  internals: Internals,
  nsp: Namespace,
  session: Session,
  state: SocketState,
  turn: Turn,
): Replayed {
  let binding = true;
  const socket: AnySocket = new Socket(nsp, session, state, turn, { isBinding: () => binding });
  const { result: runs, timers } = captureTimers(() =>
    state.own.restore(socket, () =>
      connectionListeners(nsp).map((listener) => bind(internals, turn, socket, listener)),
    ),
  );
  const done = () => {
    binding = false;
    clearTimers(timers);
  };
  const pending = runs.filter((run) => run !== undefined);
  if (pending.length === 0) {
    done();
    return { socket, bound: Promise.resolve() };
  }
  const settled = Promise.all(pending).then(done);
  return { socket, bound: withinBound(internals, turn, settled) };
}

/** Runs one listener inertly; a promise only if it is asynchronous. Errors are reported and go no further. */
function bind(
  internals: Internals,
  turn: Turn,
  socket: AnySocket,
  listener: (socket: AnySocket) => unknown,
): Promise<void> | undefined {
  const report = (error: unknown) => {
    internals.reportFailure({ error, event: "connection", nsp: socket.nsp.name, socketId: socket.id });
  };
  try {
    const result = turn.run("replay", () => listener(socket));
    return isThenable(result) ? Promise.resolve(result).then(() => undefined, report) : undefined;
  } catch (error) {
    report(error);
    return undefined;
  }
}

/** Listeners in the order of registration; `connect` is the older name of `connection`. */
export const connectionListeners = (nsp: Namespace): ((socket: AnySocket) => unknown)[] =>
  [...nsp.listeners("connect"), ...nsp.listeners("connection")] as ((socket: AnySocket) => unknown)[];

async function withinBound({ runtime }: Internals, turn: Turn, settled: Promise<void>): Promise<void> {
  if (await settlesWithin(runtime.clock, settled, BINDING_WAIT_MS)) return;
  runtime.logger.warn(
    "a connection listener took too long to bind its handlers; the packet goes on without",
    {
      code: "core.binding_timeout",
      turn: turn.label,
      waitedMs: BINDING_WAIT_MS,
    },
  );
}
