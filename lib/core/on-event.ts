import { settlesWithin } from "../clock.ts";
import type { Packet } from "../protocol/packet.ts";
import { callHandler, callListeners } from "./handler.ts";
import type { Internals } from "./internals.ts";
import { runEventMiddlewares } from "./middleware.ts";
import { sendPacket } from "./packets.ts";
import { replay } from "./replay.ts";
import type { Session } from "./session.ts";
import type { AnySocket } from "./socket.ts";
import type { SocketState } from "./socket-state.ts";
import { currentContext, type Turn } from "./turn.ts";

/**
 * One event of a client: the socket is made anew, its handlers are bound by a replay, and those of this event run.
 * Resolves when they have run up to their first await; the next packet of the session may start then.
 */
export async function onEvent(
  internals: Internals,
  session: Session,
  state: SocketState,
  packet: Packet & { type: "event" },
  turn: Turn,
): Promise<void> {
  const nsp = internals.namespace(state.nsp);
  if (nsp === undefined) return;
  const event = String(packet.args[0]);
  turn.label = `event ${JSON.stringify(event)}`;
  const { socket, bound } = replay(internals, nsp, session, state, turn);
  // The listener may be asynchronous and bind this handler only after an await.
  if (!socket.hasListeners(event)) await bound;
  const ack =
    packet.id === undefined ? undefined : new ClientAck(internals, session, packet.nsp, packet.id, turn);
  const args: EventArgs = ack ? [...packet.args, ack.send] : packet.args;
  const handlers = await dispatch(internals, turn, socket, event, args);
  // Nobody has it who could still send it, if there are no handlers.
  if (ack && handlers.length > 0) turn.follow(ack.waitFor(handlers));
}

/** The name first. It may be a number, and stays one for whoever sees whole events. */
type EventArgs = readonly [string | number, ...unknown[]];

/** In Socket.IO's order: catch-all listeners, the socket's middlewares, the listeners of the event. */
async function dispatch(
  internals: Internals,
  turn: Turn,
  socket: AnySocket,
  event: string,
  args: EventArgs,
): Promise<Promise<void>[]> {
  const handlers = socket
    .listenersAny()
    .map((listener) => callHandler(internals, turn, socket, event, listener, args));
  let passed: readonly unknown[] = args;
  if (socket.eventMiddlewares.length > 0) {
    const mutable = [...args] as [string, ...unknown[]];
    const refusal = await runEventMiddlewares(internals, socket, mutable, turn);
    if (refusal === "silent") return handlers;
    if (refusal) {
      callListeners(internals, turn, socket, "error", refusal.error);
      return handlers;
    }
    passed = mutable;
  }
  const [name, ...values] = passed;
  for (const listener of socket.listeners(String(name))) {
    handlers.push(callHandler(internals, turn, socket, event, listener, values));
  }
  return handlers;
}

/** The function that a client's callback becomes. The first call answers; later ones do nothing. */
class ClientAck {
  readonly #internals: Internals;
  readonly #session: Session;
  readonly #nsp: string;
  readonly #id: number;
  readonly #turn: Turn;
  #isSent = false;
  #onSent: () => void = () => undefined;

  constructor(internals: Internals, session: Session, nsp: string, id: number, turn: Turn) {
    this.#internals = internals;
    this.#session = session;
    this.#nsp = nsp;
    this.#id = id;
    this.#turn = turn;
  }

  readonly send = (...args: unknown[]): void => {
    if (this.#isSent) return;
    this.#isSent = true;
    const running = currentContext()?.turn;
    const turn = this.#turn.ended && running && !running.ended ? running : this.#turn;
    sendPacket(this.#internals, this.#session, turn, { type: "ack", nsp: this.#nsp, id: this.#id, args });
    this.#onSent();
  };

  /** An ack may be sent by a callback that no promise tells of, so it is given a moment after the handlers. */
  async waitFor(handlers: readonly Promise<void>[]): Promise<void> {
    await Promise.all(handlers);
    if (this.#isSent) return;
    const sent = new Promise<void>((resolve) => (this.#onSent = resolve));
    await settlesWithin(this.#internals.runtime.clock, sent, this.#internals.ackWaitMs);
  }
}
