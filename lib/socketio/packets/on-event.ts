import type { Packet } from "../../protocol/packet.ts";
import { callHandler, callListeners } from "../replay/handler.ts";
import { HandlerAck } from "./handler-ack.ts";
import { ListenerRun } from "../replay/listener-run.ts";
import type { PacketPorts } from "./packet-ports.ts";
import type { Call } from "../replay/registration-journal.ts";
import { runEventMiddlewares } from "./middleware.ts";
import { sendPacket } from "./send-packet.ts";
import { beginHandling, type Handling } from "../replay/registration.ts";
import { replay } from "../replay/replay.ts";
import type { Session } from "../../engine/session.ts";
import type { ReplayedSocket } from "../replay/replay-ports.ts";
import type { SocketState } from "../replay/socket-state.ts";
import type { Turn } from "../../engine/turn.ts";
import { livingTurn } from "../../engine/turn-for-effect.ts";
import type { Listener } from "../replay/typed-events.ts";

/**
 * One event of a client: the socket is made anew, its handlers are bound by a replay, and those of this event run.
 * Returns, or resolves, when they have run up to their first await; the next packet of the session may start then.
 */
export function onEvent(
  internals: PacketPorts,
  session: Session,
  state: SocketState,
  packet: Packet & { type: "event" },
  turn: Turn,
): Promise<void> | void {
  const nsp = internals.namespace(state.nsp, state.parent);
  if (nsp === undefined) return;
  const event = String(packet.args[0]);
  turn.describe("event", JSON.stringify(event));
  const { socket, bound } = replay(internals, nsp, session, state, turn);
  const handle = () => handleEvent(internals, session, socket, state, packet, turn);
  // The listener may be asynchronous and bind this handler only after an await.
  // So may an event that came before this one, or take it off again.
  return socket.hasListeners(event) && state.journal.isEmpty ? handle() : bound.then(handle);
}

function handleEvent(
  internals: PacketPorts,
  session: Session,
  socket: ReplayedSocket,
  state: SocketState,
  packet: Packet & { type: "event" },
  turn: Turn,
): Promise<void> | void {
  const ack =
    packet.id === undefined ? undefined : new ClientAck(internals, session, packet.nsp, packet.id, turn);
  const args: EventArgs = ack ? [...packet.args, ack.send] : packet.args;
  const handling: Handling = {
    state,
    event: { sent: toCall(args), passed: undefined },
    run: new ListenerRun(),
    isJournaled: false,
  };
  beginHandling(turn, handling);
  const { nsp, id: socketId } = state;
  internals.observer?.observe(turn, { kind: "received", nsp, socketId, args: packet.args });
  const calls = new HandlerCalls(internals, turn, socket, handling);
  for (const listener of socket.listenersAny()) calls.call(listener, args);
  if (socket.eventMiddlewares.length === 0) {
    callListenersOf(args, args, calls, handling);
    return calls.await(ack);
  }
  let onIdle: () => void = () => undefined;
  const idle = new Promise<void>((resolve) => (onIdle = resolve));
  const started = callBehindMiddlewares(internals, turn, socket, args, calls, handling, onIdle).then(() =>
    calls.await(ack),
  );
  turn.follow(started.catch((error: unknown) => turn.fail(error)));
  return Promise.race([started, idle]);
}

/** The name first. It may be a number, and stays one for whoever sees whole events. */
type EventArgs = readonly [string | number, ...unknown[]];

/** In Socket.IO's order: catch-all listeners, the socket's middlewares, the listeners of the event. */
async function callBehindMiddlewares(
  internals: PacketPorts,
  turn: Turn,
  socket: ReplayedSocket,
  args: EventArgs,
  calls: HandlerCalls,
  handling: Handling,
  onIdle: () => void,
): Promise<void> {
  const passed = [...args] as [string, ...unknown[]];
  const refusal = await runEventMiddlewares(internals, socket, passed, turn, onIdle);
  if (refusal === undefined) callListenersOf(passed, args, calls, handling);
  else if (refusal !== "silent") callListeners(internals, turn, socket, "error", refusal.error);
}

function callListenersOf(passed: EventArgs, args: EventArgs, calls: HandlerCalls, handling: Handling): void {
  const { event: handled } = handling;
  const isAsSent = passed.length === args.length && passed.every((value, index) => value === args[index]);
  handled.passed = isAsSent ? handled.sent : toCall(passed);
  const [name, ...values] = passed;
  for (const listener of calls.socket.rawListeners(String(name))) calls.call(listener, values);
}

/** The listeners that one event has called so far. */
class HandlerCalls {
  readonly socket: ReplayedSocket;
  readonly #internals: PacketPorts;
  readonly #turn: Turn;
  readonly #handling: Handling;
  /** Of those which take time. */
  readonly #running: Promise<void>[] = [];
  #count = 0;

  constructor(internals: PacketPorts, turn: Turn, socket: ReplayedSocket, handling: Handling) {
    this.socket = socket;
    this.#internals = internals;
    this.#turn = turn;
    this.#handling = handling;
  }

  call(listener: Listener<never[]>, values: readonly unknown[]): void {
    const { event, run } = this.#handling;
    const part = run.part(this.#count++);
    const running = callHandler(
      this.#internals,
      this.#turn,
      this.socket,
      event.sent.event,
      listener,
      values,
      part,
    );
    if (running !== undefined) this.#running.push(running);
  }

  /** The turn waits for the acknowledgement, too. Nobody has it who could still send it, if there are no handlers. */
  await(ack: ClientAck | undefined): void {
    if (ack !== undefined && this.#count > 0 && !ack.isSent) this.#turn.follow(ack.waitFor(this.#running));
  }
}

function toCall([name, ...values]: EventArgs): Call {
  const wantsAck = typeof values.at(-1) === "function";
  return { event: String(name), args: wantsAck ? values.slice(0, -1) : values, wantsAck };
}

/** The function that a client's callback becomes. The first call answers; later ones do nothing. */
class ClientAck {
  readonly #internals: PacketPorts;
  readonly #session: Session;
  readonly #nsp: string;
  readonly #id: number;
  readonly #turn: Turn;
  readonly #ack = new HandlerAck();

  constructor(internals: PacketPorts, session: Session, nsp: string, id: number, turn: Turn) {
    this.#internals = internals;
    this.#session = session;
    this.#nsp = nsp;
    this.#id = id;
    this.#turn = turn;
  }

  readonly send = (...args: unknown[]): void => {
    if (this.#ack.isSent) return;
    const turn = livingTurn(this.#turn);
    this.#ack.markSent();
    sendPacket(this.#internals, this.#session, turn, { type: "ack", nsp: this.#nsp, id: this.#id, args });
  };

  get isSent(): boolean {
    return this.#ack.isSent;
  }

  waitFor(handlers: readonly Promise<void>[]): Promise<void> {
    return this.#ack.waitFor(this.#internals, handlers);
  }
}
