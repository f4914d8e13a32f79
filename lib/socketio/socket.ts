import { BroadcastOperator, type Broadcast } from "./rooms/broadcast-operator.ts";
import { joinRooms, leaveRooms } from "./rooms/membership.ts";
import type { RoomAdapter } from "./rooms/room-adapter.ts";
import type { PacketPorts } from "./packets/packet-ports.ts";
import { disconnectByServer } from "./packets/on-disconnect.ts";
import type { Session } from "../engine/session.ts";
import { Client } from "./socket-client.ts";
import { toConn, type Conn } from "./socket-conn.ts";
import { Request, type SocketRequest } from "./socket-request.ts";
import { SocketEmits } from "./socket-emits.ts";
import { fromRoomName, toAddressedNames, toRoomNames } from "./rooms/room-name.ts";
import { toHandshake, type Handshake } from "./rooms/socket-handshake.ts";
import type { Binding } from "./replay/replay-ports.ts";
import { currentRun } from "./replay/listener-run.ts";
import type { SocketState } from "./replay/socket-state.ts";
import { SocketListeners } from "./socket-listeners.ts";
import { sendKick } from "./rooms/sockets-at-a-distance.ts";
import { currentContext, type Turn } from "../engine/turn.ts";
import { livingTurn } from "../engine/turn-for-effect.ts";
import {
  type AckResult,
  type EventNames,
  type EventNamesWithAck,
  type EventParams,
  type EventsMap,
  type Listener,
  type ParamsWithoutAck,
} from "./replay/typed-events.ts";

/** The namespace of a socket. */
interface SocketNamespace {
  readonly name: string;
  readonly server: unknown;
  /** @internal */
  readonly internals: PacketPorts;
  /** @internal */
  readonly hasChildren: boolean;
  /** @internal */
  readonly middlewares: readonly Listener<never[]>[];
  /** @internal */
  readonly roomAdapter: RoomAdapter;
}

const isBound = Promise.resolve();

/** A socket, but for the types that its namespace and its server name in turn. `Timed`: itself after `timeout`. */
export abstract class BaseSocket<
  Listen extends EventsMap,
  Emit extends EventsMap,
  SocketData,
  Nsp extends SocketNamespace,
  Timed,
> extends SocketListeners<Listen> {
  readonly #nsp: Nsp;
  readonly #session: Session;
  readonly #state: SocketState;
  readonly #turn: Turn;
  readonly #isReplayed: boolean;
  readonly #isBinding: () => boolean;
  readonly #request: Request;
  readonly #emits: SocketEmits;
  #conn: Conn | undefined;
  #bound = isBound;
  #isConnecting = false;

  /** @internal */
  constructor(nsp: Nsp, session: Session, state: SocketState, turn: Turn, replay?: Binding) {
    super(state, nsp.internals);
    this.#nsp = nsp;
    this.#session = session;
    this.#state = state;
    this.#turn = turn;
    this.#isReplayed = replay !== undefined;
    this.#isBinding = () => replay?.isBinding() ?? false;
    this.#request = new Request(session, state, {
      engine: nsp.internals.engineMiddlewares,
      namespace: nsp.middlewares,
      isConnecting: () => this.#isConnecting,
      reportInMemory: nsp.internals.reportInMemory,
    });
    this.#emits = new SocketEmits(this, session, () => this.#effectTurn());
  }

  get id(): string {
    return this.#state.id;
  }

  get nsp(): Nsp {
    return this.#nsp;
  }

  get server(): Nsp["server"] {
    return this.#nsp.server;
  }

  /**
   * False from when its code has disconnected it, or has closed its connection; and from when something that this
   * instance sent to it has found its client gone, so a handler that streams with an `await` may ask it.
   */
  get connected(): boolean {
    return this.#state.connected && this.#session.isReachable;
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  /**
   * "Your state is already there": true in every turn but the first, and in that one as well when the client's state
   * was recovered.
   */
  get recovered(): boolean {
    currentRun()?.check?.allowEffects();
    return this.#isReplayed || this.#state.recovered;
  }

  /** True while the connection listener only binds handlers: guard effects the library cannot see with it. */
  get replaying(): boolean {
    currentRun()?.check?.allowEffects();
    return this.#isInert();
  }

  /** Its own room, which has the name of its id, and those it has joined, in the order of joining. A copy. */
  get rooms(): Set<string> {
    return new Set([...this.#state.rooms].map(fromRoomName));
  }

  /** Remembered from packet to packet, whichever instance takes it: what JSON can hold, up to 256 KB. */
  get data(): SocketData {
    return this.#state.data.view as SocketData;
  }

  set data(data: SocketData) {
    this.#state.data.replace(data);
  }

  /** What its client showed. What is written into it is there in every later handler of this socket, on every instance. */
  get handshake(): Handshake {
    return this.#state.handshakeOver(() =>
      toHandshake(this.#session.handshake, this.#state.auth),
    ) as Handshake;
  }

  get conn(): Conn {
    const { logger } = this.#nsp.internals.runtime;
    return (this.#conn ??= toConn(this.#session, this.#request, logger, () => {
      const turn = this.#effectTurn();
      if (turn) this.#session.close(turn, "forced close");
    }));
  }

  /** What the session's first request said. What is added to it, `socket.request.user`, is there again next time. */
  get request(): SocketRequest {
    return this.#request;
  }

  get client(): Client<Nsp["server"]> {
    return new Client(this.server, this.conn, this.#request);
  }

  /** That of its namespace. */
  get adapter(): RoomAdapter {
    return this.#nsp.roomAdapter;
  }

  /**
   * Throws when the event is reserved or over 128 KB; nothing has been sent then. Returns true. A function as the last
   * argument is called with the client's answer; without `timeout` it is given up on after 10 s.
   */
  emit<Name extends EventNames<Emit>>(event: Name, ...args: EventParams<Emit, Name>): true {
    this.#emits.emit(event, args);
    return true;
  }

  /**
   * Resolves with the first argument of the client's answer. Rejects when there is none within `timeout(ms)`, or, if
   * none was given, before the invocation ends.
   */
  async emitWithAck<Name extends EventNamesWithAck<Emit>>(
    event: Name,
    ...args: ParamsWithoutAck<Emit, Name>
  ): Promise<AckResult<Emit, Name>> {
    const [first] = await this.#emits.emitWithAck(event, args);
    return first as AckResult<Emit, Name>;
  }

  send(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    this.emit("message", ...(args as never));
    return this;
  }

  write(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    return this.send(...args);
  }

  /** For the next emit: it may be lost when the client or the account is busy. */
  get volatile(): this {
    this.#emits.addFlags({ volatile: true });
    return this;
  }

  /** For the next emit: how long its acknowledgement is waited for, in milliseconds. */
  timeout(ms: number): Timed {
    this.#emits.addFlags({ timeout: ms });
    return this as unknown as Timed;
  }

  /** Accepted and without effect: API Gateway decides about compression. */
  compress(compress: boolean): this {
    void compress;
    return this;
  }

  /** Resolves when the membership is stored. A later emit of the same turn reaches the room with no await. */
  join(rooms: string | readonly string[]): Promise<void> {
    // Here, where it is the handler's mistake; in the table's refusal it would look like an outage.
    const names = toRoomNames(rooms);
    const turn = this.#effectTurn();
    for (const name of names) this.#note("join", name);
    if (turn === undefined) return Promise.resolve();
    return joinRooms(this.#nsp.internals, turn, this.#session, this.#state, names);
  }

  /** Resolves when it is stored. A later emit of the same turn leaves the socket out with no await. */
  leave(room: string): Promise<void> {
    const names = toAddressedNames([room]);
    const turn = this.#effectTurn();
    for (const name of names) this.#note("leave", name);
    if (turn === undefined) return Promise.resolve();
    return leaveRooms(this.#nsp.internals, turn, this.#state, names);
  }

  /**
   * Leaves every room, its own as well, so that `io.to(socket.id)` does not find it any more. It stays in the namespace:
   * `io.emit` reaches it.
   */
  leaveAll(): Promise<void> {
    const turn = this.#effectTurn();
    this.#note("leave", "*");
    if (turn === undefined) return Promise.resolve();
    return leaveRooms(this.#nsp.internals, turn, this.#state, [...this.#state.rooms]);
  }

  /** Everyone in these rooms but this socket. */
  to(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.broadcast.to(room);
  }

  in(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.broadcast.to(room);
  }

  except(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.broadcast.except(room);
  }

  /** Everyone in the namespace but this socket. */
  get broadcast(): Broadcast<Emit, SocketData> {
    return new BroadcastOperator(
      this.#nsp,
      { exceptSid: this.#session.sid, exceptSocketId: this.id },
      this.#emits.takeFlags(),
    );
  }

  get local(): Broadcast<Emit, SocketData> {
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
  beginMiddlewares(): () => void {
    this.#isConnecting = true;
    return () => (this.#isConnecting = false);
  }

  /** @internal */
  adoptSession(index: number, middleware: object): void {
    this.#request.adoptSession(index, middleware);
  }

  /** @internal Resolves when its connection listeners have bound their handlers, asynchronous ones included. */
  get bound(): Promise<void> {
    return this.#bound;
  }

  set bound(bound: Promise<void>) {
    this.#bound = bound;
  }

  /** @internal Makes the socket as its packet finds it: with what the app has put on it and on its request. */
  restore<T>(bind: () => T): T {
    const { own, request } = this.#state;
    const each = (what: "collect" | "release") => () => {
      own[what](this);
      request[what](this.#request);
    };
    this.#turn.watch({ collect: each("collect"), release: each("release") });
    return own.restore(this, () => request.restore(this.#request, bind));
  }

  /** @internal What a replay has put on it by now is no news. */
  observe(): void {
    this.#state.own.observe(this);
    this.#state.request.observe(this.#request);
  }

  /** For the comparison of a replay with the live run. */
  #note(what: string, room: string): void {
    currentRun()?.check?.noteEffect(`${what} ${JSON.stringify(room)}`);
  }

  #isInert(): boolean {
    const context = currentContext();
    return context ? context.mode === "replay" : this.#isBinding();
  }

  /** The turn that an effect belongs to: this socket's, or, if that is over, whichever the code runs in. */
  #effectTurn(): Turn | undefined {
    if (this.#isInert()) return undefined;
    return livingTurn(this.#turn);
  }
}
