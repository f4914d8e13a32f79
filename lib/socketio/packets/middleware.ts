import type { PacketPorts } from "./packet-ports.ts";
import type { Listener } from "../replay/typed-events.ts";
import type { ReplayedSocket } from "../replay/replay-ports.ts";
import type { Event } from "../replay/replay-ports.ts";
import { makersOf } from "../replay/handler.ts";
import { untilNext } from "./until-next.ts";
import type { Turn } from "../../engine/turn.ts";

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
  for (const [index, middleware] of middlewares.entries()) {
    const end = socket.beginMiddlewares();
    const endWatch = internals.watch?.begin({ event: "connect", listener: middleware, self: socket });
    const outcome = await untilNext(internals, turn, (next) =>
      Reflect.apply(middleware, undefined, [socket, next]),
    );
    endWatch?.();
    end();
    socket.adoptSession(index, middleware);
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
    const endWatch = internals.watch?.begin({
      event: String(name),
      listener: middleware,
      self: socket,
      makers: makersOf(socket),
    });
    const outcome = await untilNext(internals, turn, (next) => middleware(event, next), late);
    endWatch?.();
    if (outcome === "passed") continue;
    if (outcome === "silent" || !("thrown" in outcome)) return outcome;
    const { thrown: error } = outcome;
    internals.reportFailure({ error, event: name, nsp: socket.nsp.name, socketId: socket.id });
    return "silent";
  }
  return undefined;
}
