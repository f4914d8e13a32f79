import { settlesWithin } from "../../clock.ts";
import { isThenable } from "./handler.ts";
import type { ReplayedNamespace, ReplayedSocket, ReplayPorts } from "./replay-ports.ts";
import type { Call, JournalEntry } from "./registration-journal.ts";
import { ListenerRun } from "./listener-run.ts";
import type { Session } from "../../engine/session.ts";
import type { SocketState } from "./socket-state.ts";
import { resultKey } from "./socket-row.ts";
import { captureTimers, clearTimers } from "../../engine/timers.ts";
import type { Turn } from "../../engine/turn.ts";
import type { Listener } from "./typed-events.ts";

/** How long a packet waits for an asynchronous connection listener to bind the handler it needs. */
const BINDING_WAIT_MS = 5_000;
/** First wait for what the live run, on another instance, is about to learn. */
const FIRST_LOOK_MS = 25;

export interface Replayed {
  readonly socket: ReplayedSocket;
  /** Resolves when the connection listeners have settled, or after a bound; never rejects. */
  readonly bound: Promise<void>;
}

/**
 * Makes the socket of a packet: a new object on the state in the table, with the connection listeners run over it
 * once more to bind its handlers, and then the events whose handlers changed them. All effects are inert, because
 * they happened when the socket connected, and when those events came.
 */
export function replay(
  internals: ReplayPorts,
  nsp: ReplayedNamespace,
  session: Session,
  state: SocketState,
  turn: Turn,
): Replayed {
  let binding = true;
  const endReplay = internals.watch?.beginReplay?.();
  const socket = nsp.createSocket(session, state, turn, { isBinding: () => binding });
  const { result: runs, timers } = captureTimers(() =>
    socket.restore(() =>
      connectionListeners(nsp).map((listener, index) => {
        const run = toReplayedRun(internals, state, index);
        return bind(internals, turn, socket, "connection", () => listener(socket), run);
      }),
    ),
  );
  const all = [...timers];
  const done = () => {
    binding = false;
    clearTimers(all);
    endReplay?.();
  };
  const pending = runs.filter((run) => run !== undefined);
  const entries = state.journal.list();
  if (pending.length === 0 && entries.length === 0) {
    done();
    return { socket, bound: socket.bound };
  }
  const repeat = () => {
    const { result, timers: more } = captureTimers(() =>
      entries.map((entry) => repeatEntry(internals, turn, socket, entry)),
    );
    all.push(...more);
    return result;
  };
  // The events came after the listeners, whose handlers they need.
  const repeated =
    pending.length === 0 ? Promise.all(repeat()) : Promise.all(pending).then(() => Promise.all(repeat()));
  const bound = withinBound(internals, turn, repeated.then(done));
  // No handler of this packet has run by then: events of the journal are waited for.
  socket.bound = entries.length === 0 ? bound : bound.then(() => socket.observe());
  return { socket, bound: socket.bound };
}

/** The handlers of an event that changed the handlers. */
function repeatEntry(
  internals: ReplayPorts,
  turn: Turn,
  socket: ReplayedSocket,
  { sent, passed, results, spent, registrants }: JournalEntry,
): Promise<void> {
  const toCall = (listener: Listener<never[]>, args: readonly unknown[]) => () =>
    Reflect.apply(listener, socket, [...args]);
  const any = socket.listenersAny().map((listener) => toCall(listener, [sent.event, ...withAck(sent)]));
  const named = passed ? socket.listenersWith(spent, passed.event) : [];
  const calls = [...any, ...named.map((listener) => toCall(listener, passed ? withAck(passed) : []))];
  const whole = new ListenerRun({ results });
  const runs = calls.map((call, index) =>
    (registrants?.has(index) ?? true)
      ? bind(internals, turn, socket, sent.event, call, whole.part(index))
      : undefined,
  );
  return Promise.all(runs.filter((run) => run !== undefined)).then(() => {
    if (whole.registrants.size > 0) return;
    internals.replayCheck?.reportSilence(sent.event, { nsp: socket.nsp.name, socketId: socket.id });
  });
}

/** With an acknowledgement that does nothing, where there was one. */
const withAck = ({ args, wantsAck }: Call): readonly unknown[] =>
  wantsAck ? [...args, () => undefined] : args;

/** The run of a connection listener in a replay, which may have to wait for the live run on another instance. */
function toReplayedRun(internals: ReplayPorts, state: SocketState, listener: number): ListenerRun {
  const { runtime, replayCheck } = internals;
  const find = async (key: string): Promise<string | undefined> => {
    const giveUpAtMs = runtime.clock.nowMs() + BINDING_WAIT_MS;
    for (
      let delayMs = FIRST_LOOK_MS;
      runtime.clock.nowMs() < giveUpAtMs;
      delayMs = Math.min(delayMs * 2, 200)
    ) {
      const snapshot = await runtime.store.loadSession(state.sid, { handshake: false });
      const socket = snapshot?.sockets.find(
        ({ nsp, socketId }) => nsp === state.nsp && socketId === state.id,
      );
      const found = socket?.data[resultKey(listener, key)];
      if (found !== undefined || socket === undefined) return found;
      await runtime.clock.sleep(delayMs);
    }
    return undefined;
  };
  const check = replayCheck?.compare(state.digestOf(listener), { nsp: state.nsp, socketId: state.id });
  return new ListenerRun({ results: state.resultsOf(listener), check, find });
}

/** Runs one listener inertly; a promise only if that takes time. Errors are reported and go no further. */
function bind(
  internals: ReplayPorts,
  turn: Turn,
  socket: ReplayedSocket,
  event: string,
  call: () => unknown,
  run: ListenerRun,
): Promise<void> | undefined {
  const report = (error: unknown) => {
    internals.reportFailure({ error, event, nsp: socket.nsp.name, socketId: socket.id });
  };
  try {
    const result = turn.run("replay", call, run);
    if (isThenable(result)) return Promise.resolve(result).then(() => run.check?.end(), report);
    const { check } = run;
    if (check !== undefined) void Promise.resolve().then(() => check.end());
    // What it asked for and did not await is at hand, so its callbacks bind their handlers before the event.
    if (run.hasAsked) return new Promise((resolve) => setImmediate(resolve));
  } catch (error) {
    report(error);
  }
  return undefined;
}

/** Listeners in the order of registration; `connect` is the older name of `connection`. */
export const connectionListeners = (nsp: ReplayedNamespace): ((socket: ReplayedSocket) => unknown)[] =>
  [...nsp.listeners("connect"), ...nsp.listeners("connection")] as ((socket: ReplayedSocket) => unknown)[];

async function withinBound({ runtime }: ReplayPorts, turn: Turn, settled: Promise<void>): Promise<void> {
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
