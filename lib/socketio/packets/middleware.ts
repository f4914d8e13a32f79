import { settlesWithin } from "../../clock.ts";
import type { PacketPorts } from "./packet-ports.ts";
import type { Listener } from "../replay/typed-events.ts";
import type { MatchFunction } from "./packet-ports.ts";
import type { ReplayedSocket } from "../replay/replay-ports.ts";
import type { Event } from "../replay/replay-ports.ts";
import type { Turn } from "../../engine/turn.ts";

/** How long a middleware that has finished without calling `next` is waited for. */
const NEXT_WAIT_MS = 10_000;

export interface Refusal {
  /** Text, where the app does as it should. */
  readonly message: unknown;
  readonly data?: unknown;
}

/**
 * Runs a namespace's middlewares in order until one refuses. The client is told message and `data` of what was given
 * to `next`, and nothing of what was thrown: that is a bug, and is reported.
 */
export async function runMiddlewares(
  internals: PacketPorts,
  middlewares: readonly Listener<never[]>[],
  socket: ReplayedSocket,
  turn: Turn,
): Promise<Refusal | undefined> {
  for (const middleware of middlewares) {
    const outcome = await untilNext(internals, turn, (next) =>
      Reflect.apply(middleware, undefined, [socket, next]),
    );
    if (outcome === "passed") continue;
    if (outcome === "silent" || "thrown" in outcome) {
      const silence = `expected a middleware of ${socket.nsp.name} to call next(), and it did not`;
      const error = outcome === "silent" ? new Error(silence) : outcome.thrown;
      internals.reportFailure({ error, event: "connect", nsp: socket.nsp.name, socketId: socket.id });
      return { message: "connection refused" };
    }
    const { message, data } = propertiesOf(outcome.error);
    return { message, ...(data === undefined ? {} : { data }) };
  }
  return undefined;
}

/** Of whatever was given to `next`: an Error of another realm, a plain object. A text has neither, as in Socket.IO. */
const propertiesOf = (error: unknown): { readonly message?: unknown; readonly data?: unknown } =>
  Object(error);

/**
 * Runs a socket's own middlewares for one event. Undefined: the event may go on. One that ends without calling `next`
 * drops the event, or calls it from a callback a moment later: `onIdle` says that it is no reason for others to wait.
 */
export async function runEventMiddlewares(
  internals: PacketPorts,
  socket: ReplayedSocket,
  event: Event,
  turn: Turn,
  onIdle: () => void,
): Promise<{ readonly error: unknown } | "silent" | undefined> {
  const name = event[0];
  for (const middleware of socket.eventMiddlewares) {
    const late = { waitMs: internals.ackWaitMs, onIdle };
    const outcome = await untilNext(internals, turn, (next) => middleware(event, next), late);
    if (outcome === "passed") continue;
    if (outcome === "silent" || !("thrown" in outcome)) return outcome;
    const { thrown: error } = outcome;
    internals.reportFailure({ error, event: name, nsp: socket.nsp.name, socketId: socket.id });
    return "silent";
  }
  return undefined;
}

/**
 * Asks the function of a dynamic namespace for one of its children. Rejects with what it threw, or when it has never
 * called `next`; an error given to `next` is a no, as in Socket.IO.
 */
export async function askMatcher(
  internals: PacketPorts,
  match: MatchFunction,
  { name, auth }: { readonly name: string; readonly auth: Record<string, unknown> },
  turn: Turn,
): Promise<boolean> {
  let isAllowed: boolean | undefined;
  const outcome = await untilNext(internals, turn, (next) =>
    match(name, auth, (error, success) => {
      isAllowed ??= Boolean(success);
      next(error);
    }),
  );
  if (outcome === "passed") return isAllowed === true;
  if (outcome === "silent") throw new Error("expected the function of a dynamic namespace to call next()");
  if ("thrown" in outcome) throw outcome.thrown;
  return false;
}

type Outcome = "passed" | "silent" | { readonly error: unknown } | { readonly thrown: unknown };

/** `error`: given to `next`. `silent`: it ended without calling `next`, and did not do so within a bound either. */
async function untilNext(
  { runtime }: PacketPorts,
  turn: Turn,
  run: (next: (error?: Error | null) => void) => unknown,
  late: { readonly waitMs: number; readonly onIdle?: () => void } = { waitMs: NEXT_WAIT_MS },
): Promise<Outcome> {
  let outcome: Outcome | undefined;
  let onNext: () => void = () => undefined;
  const called = new Promise<void>((resolve) => (onNext = resolve));
  const next = (error?: unknown) => {
    outcome ??= error ? { error } : "passed";
    onNext();
  };
  const ran = (async () => turn.run("live", () => run(next)))().catch((thrown: unknown) => {
    outcome ??= { thrown };
    onNext();
  });
  await Promise.race([called, ran]);
  if (outcome === undefined) {
    late.onIdle?.();
    await settlesWithin(runtime.clock, called, late.waitMs);
  }
  return outcome ?? "silent";
}
