import { encodeEvent, type EmitFlags } from "./broadcast.ts";
import { BroadcastOperator } from "./broadcast-operator.ts";
import { CatchAllListeners } from "./catch-all.ts";
import { CoreError } from "./errors.ts";
import { toHandshake, type Handshake } from "./socket-handshake.ts";
import type { Namespace } from "./namespace.ts";
import { disconnectByServer } from "./on-disconnect.ts";
import { joinRooms, leaveRooms } from "./membership.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { Session } from "./session.ts";
import { sendKick } from "./sockets-at-a-distance.ts";
import type { SocketState } from "./socket-state.ts";
import { currentContext, type Turn } from "./turn.ts";
import {
  TypedEmitter,
  type DefaultEventsMap,
  type EventNames,
  type EventParams,
  type EventsMap,
  type Listener,
  type ListenerOf,
} from "./typed-events.ts";

export interface SocketReservedEvents {
  disconnect: (reason: DisconnectReason) => void;
  disconnecting: (reason: DisconnectReason) => void;
  error: (error: Error) => void;
}

/** An event as `socket.use` sees it: its name, then its arguments. */
export type Event = [event: string, ...args: unknown[]];
export type EventMiddleware = (event: Event, next: (error?: Error) => void) => unknown;

/**
 * A client in a namespace, for the length of one packet. The connection listener runs once live, when the client
 * connects, and is replayed before every later packet to bind the handlers again; then every effect in it is inert.
 * What is to be remembered belongs into `data`, or into rooms.
 */
export class Socket<
  Listen extends EventsMap = DefaultEventsMap,
  Emit extends EventsMap = DefaultEventsMap,
  ServerSide extends EventsMap = DefaultEventsMap,
  SocketData = unknown,
> extends TypedEmitter<Listen, SocketReservedEvents> {
  readonly #nsp: Namespace<Listen, Emit, ServerSide, SocketData>;
  readonly #session: Session;
  readonly #state: SocketState;
  readonly #turn: Turn;
  readonly #middlewares: EventMiddleware[] = [];
  readonly #catchAll = new CatchAllListeners();
  readonly #onceCounts = new Map<string, number>();
  readonly #isReplayed: boolean;
  readonly #isBinding: () => boolean;
  #handshake: Handshake | undefined;

  /** @internal */
  constructor(
    nsp: Namespace<Listen, Emit, ServerSide, SocketData>,
    session: Session,
    state: SocketState,
    turn: Turn,
    replay?: { readonly isBinding: () => boolean },
  ) {
    super();
    this.#nsp = nsp;
    this.#session = session;
    this.#state = state;
    this.#turn = turn;
    this.#isReplayed = replay !== undefined;
    this.#isBinding = replay?.isBinding ?? (() => false);
  }

  get id(): string {
    return this.#state.id;
  }

  get nsp(): Namespace<Listen, Emit, ServerSide, SocketData> {
    return this.#nsp;
  }

  get server(): Namespace<Listen, Emit, ServerSide, SocketData>["server"] {
    return this.#nsp.server;
  }

  get connected(): boolean {
    return this.#state.connected;
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  /** True in every turn but the first: "your state is already there". */
  get recovered(): boolean {
    return this.#isReplayed;
  }

  /** True while the connection listener only binds handlers: guard effects the library cannot see with it. */
  get replaying(): boolean {
    return this.#isInert();
  }

  get rooms(): Set<string> {
    return new Set(this.#state.rooms);
  }

  get data(): SocketData {
    return this.#state.data.view as SocketData;
  }

  set data(data: SocketData) {
    this.#state.data.replace(data);
  }

  get handshake(): Handshake {
    return (this.#handshake ??= toHandshake(this.#session.handshake, this.#state.auth));
  }

  /** What there is of the underlying connection. */
  get conn(): {
    readonly transport: { readonly name: string };
    readonly remoteAddress: string;
    close(): void;
  } {
    const { record, handshake } = this.#session;
    return {
      transport: { name: record.transport },
      remoteAddress: handshake.address,
      close: () => {
        const turn = this.#effectTurn();
        if (turn) this.#session.close(turn, "forced close");
      },
    };
  }

  override on<Name extends EventNames<Listen> | EventNames<SocketReservedEvents>>(
    event: Name,
    listener: ListenerOf<Listen, SocketReservedEvents, Name>,
  ): this {
    this.#assertMayRegister(event, listener);
    return super.on(event, listener);
  }

  /** Handles the event once in the life of the socket, not once a packet. */
  override once<Name extends EventNames<Listen> | EventNames<SocketReservedEvents>>(
    event: Name,
    listener: ListenerOf<Listen, SocketReservedEvents, Name>,
  ): this {
    this.#assertMayRegister(event, listener);
    const ordinal = this.#onceCounts.get(event) ?? 0;
    this.#onceCounts.set(event, ordinal + 1);
    const key = `${ordinal} ${event}`;
    if (this.#state.spent.has(key)) return this;
    const spend = (...args: unknown[]): unknown => {
      if (this.#state.spent.has(key)) return undefined;
      this.#state.spent.add(key);
      return (listener as Listener<unknown[]>).apply(this, args);
    };
    // As Node's own `once` does, so that `off` finds it by the listener it was given.
    Object.assign(spend, { listener });
    return super.on(event, spend as ListenerOf<Listen, SocketReservedEvents, Name>);
  }

  /** Runs for every event of this socket, before its handlers; `next(error)` drops the event. */
  use(middleware: EventMiddleware): this {
    this.#assertMayRegister("*", middleware);
    this.#middlewares.push(middleware);
    return this;
  }

  onAny(listener: Listener<[event: string, ...args: unknown[]]>): this {
    this.#assertMayRegister("*", listener);
    this.#catchAll.append(listener);
    return this;
  }

  prependAny(listener: Listener<[event: string, ...args: unknown[]]>): this {
    this.#assertMayRegister("*", listener);
    this.#catchAll.prepend(listener);
    return this;
  }

  offAny(listener?: Listener<[event: string, ...args: unknown[]]>): this {
    this.#catchAll.remove(listener);
    return this;
  }

  listenersAny(): Listener<[event: string, ...args: unknown[]]>[] {
    return this.#catchAll.list();
  }

  /** Throws when the event is reserved or over 128 KB; nothing has been sent then. Returns true. */
  emit<Name extends EventNames<Emit>>(event: Name, ...args: EventParams<Emit, Name>): true {
    return this.#emit({}, event, args);
  }

  send(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    this.#emit({}, "message", args);
    return this;
  }

  write(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    return this.send(...args);
  }

  /** `socket.volatile.emit(…)`: may be lost when the client or the account is busy. */
  get volatile(): { emit: Socket<Listen, Emit, ServerSide, SocketData>["emit"] } {
    return { emit: (event, ...args) => this.#emit({ volatile: true }, event, args) };
  }

  /** Accepted and without effect: API Gateway decides about compression. */
  compress(compress: boolean): this {
    void compress;
    return this;
  }

  /** Resolves when the membership is stored. A later emit of the same turn reaches the room with no await. */
  join(rooms: string | readonly string[]): Promise<void> {
    const turn = this.#effectTurn();
    if (turn === undefined) return Promise.resolve();
    return joinRooms(this.#nsp.internals.runtime, turn, this.#session, this.#state, rooms);
  }

  leave(room: string): Promise<void> {
    const turn = this.#effectTurn();
    if (turn === undefined) return Promise.resolve();
    return leaveRooms(this.#nsp.internals.runtime, turn, this.#state, room);
  }

  to(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.broadcast.to(room);
  }

  in(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.broadcast.to(room);
  }

  except(room: string | readonly string[]): BroadcastOperator<Emit, SocketData> {
    return this.broadcast.except(room);
  }

  /** Everyone in the namespace but this socket. */
  get broadcast(): BroadcastOperator<Emit, SocketData> {
    return new BroadcastOperator<Emit, SocketData>(this.#nsp, { exceptSid: this.#session.sid });
  }

  get local(): BroadcastOperator<Emit, SocketData> {
    return this.broadcast.local;
  }

  /**
   * Leaves the namespace; with `close`, all namespaces, and the connection is closed. A handler whose letter has been
   * released is not alone with its socket any more, so the session does it in its own order, a moment later.
   */
  disconnect(close = false): this {
    const turn = this.#effectTurn();
    if (turn === undefined || !this.connected) return this;
    const { internals } = this.#nsp;
    if (turn.ownsLaneOf(this.#session)) {
      disconnectByServer(internals, this.#session, turn, this, close);
    } else {
      const { sid, nsp, id: socketId } = this.#state;
      void turn.order(() => sendKick(internals.runtime, { sid, nsp, socketId, close }));
    }
    return this;
  }

  /** @internal */
  get internalState(): SocketState {
    return this.#state;
  }

  /** @internal */
  get eventMiddlewares(): readonly EventMiddleware[] {
    return this.#middlewares;
  }

  #emit(flags: EmitFlags, event: string, args: readonly unknown[]): true {
    const frames = encodeEvent(this.#nsp.internals.codec, this.#nsp.name, event, args);
    const turn = this.#effectTurn();
    if (turn) this.#session.sendFrames(turn, frames.in(this.#session.record.protocol), flags.volatile);
    return true;
  }

  #isInert(): boolean {
    const context = currentContext();
    return context ? context.mode === "replay" : this.#isBinding();
  }

  /** The turn that an effect belongs to: this socket's, or, if that is over, whichever the code runs in. */
  #effectTurn(): Turn | undefined {
    if (this.#isInert()) return undefined;
    const running = currentContext()?.turn;
    return this.#turn.ended && running && !running.ended ? running : this.#turn;
  }

  #assertMayRegister(event: string, listener: unknown): void {
    if (typeof listener !== "function") {
      throw new CoreError(
        "core.not_a_listener",
        `expected a function for ${JSON.stringify(event)}, got ${typeof listener}`,
      );
    }
    const context = currentContext();
    if (context === undefined || context.mode === "replay" || context.turn.mayRegister) return;
    throw new CoreError(
      "core.registration_in_handler",
      `expected listeners of ${JSON.stringify(event)} to be registered in the connection listener, got one inside ${context.turn.label}; ` +
        "it would be forgotten with this packet: register it in the connection listener and keep what it depends on in socket.data",
      { evidence: { event, turn: context.turn.label } },
    );
  }
}

/** A socket whatever its events: what the library itself works with. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the app's types end here
export type AnySocket = Socket<any, any, any, any>;
