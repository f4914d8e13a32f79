import { BroadcastOperator, type Broadcast } from "./rooms/broadcast-operator.ts";
import type { PacketPorts } from "./packets/packet-ports.ts";
import { refuseMember } from "./unsupported-members.ts";
import { RoomAdapter } from "./rooms/room-adapter.ts";
import type { RemoteSocket } from "./rooms/remote-socket.ts";
import { askServerSide, emitServerSide } from "./packets/server-side-event.ts";
import {
  TypedEmitter,
  type AckResult,
  type DecorateAcknowledgements,
  type DecorateAcknowledgementsWithMultipleResponses,
  type EventNames,
  type EventNamesWithAck,
  type EventParams,
  type EventsMap,
  type ListenerOf,
  type ParamsWithoutAck,
} from "./replay/typed-events.ts";

/** A pool of sockets under one name, but for the types that its sockets and its server name in turn. */
export abstract class BaseNamespace<
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
  Reserved extends EventsMap,
> extends TypedEmitter<ServerSide, Reserved> {
  readonly name: string;
  /** @internal */
  readonly internals: PacketPorts;
  /** @internal */
  readonly roomAdapter: RoomAdapter;

  /** @internal */
  constructor(name: string, internals: PacketPorts) {
    super();
    this.name = name;
    this.internals = internals;
    this.roomAdapter = new RoomAdapter(() => internals.isServed);
  }

  /** Every connection listener runs for every socket, those of `once` as well: no instance knows which is the first. */
  override once<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    return isConnection(event) ? this.on(event, listener) : super.once(event, listener);
  }

  override prependOnceListener<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    return isConnection(event)
      ? this.prependListener(event, listener)
      : super.prependOnceListener(event, listener);
  }

  /** @internal True where emits are for the children. */
  get hasChildren(): boolean {
    return false;
  }

  /** Throws `core.no_local_sockets`: no instance has the sockets. */
  get sockets(): never {
    return refuseMember("core.no_local_sockets", "nsp.sockets", "await fetchSockets()");
  }

  /** Tells of rooms that come and go. Throws `core.no_adapter` for a parent, whose children have one each. */
  get adapter(): RoomAdapter {
    if (!this.hasChildren) return this.roomAdapter;
    return refuseMember(
      "core.no_adapter",
      "adapter of a parent namespace",
      'its children have one each: io.on("new_namespace", (nsp) => nsp.adapter.on(…))',
    );
  }

  to(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.#operator().to(room);
  }

  in(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.#operator().in(room);
  }

  except(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.#operator().except(room);
  }

  get volatile(): Broadcast<Emit, SocketData> {
    return this.#operator().volatile;
  }

  compress(compress: boolean): Broadcast<Emit, SocketData> {
    return this.#operator().compress(compress);
  }

  get local(): Broadcast<Emit, SocketData> {
    return this.#operator().local;
  }

  /** To everyone in the namespace; see `BroadcastOperator`. */
  emit<Name extends EventNames<Emit>>(
    event: Name,
    ...args: EventParams<DecorateAcknowledgementsWithMultipleResponses<Emit>, Name>
  ): true {
    return this.#operator().emit(event, ...args);
  }

  send(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    this.#operator().send(...args);
    return this;
  }

  write(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    return this.send(...args);
  }

  /** For an acknowledgement at the end of `emit`: how long answers are waited for, in milliseconds. */
  timeout(
    ms: number,
  ): BroadcastOperator<
    DecorateAcknowledgements<DecorateAcknowledgementsWithMultipleResponses<Emit>>,
    SocketData,
    Emit
  > {
    return this.#operator().timeout(ms);
  }

  /** Resolves with the first argument of each answer of everyone; see `BroadcastOperator`. */
  emitWithAck<Name extends EventNamesWithAck<Emit>>(
    event: Name,
    ...args: ParamsWithoutAck<Emit, Name>
  ): Promise<AckResult<DecorateAcknowledgementsWithMultipleResponses<Emit>, Name & EventNames<Emit>>> {
    return this.#operator().emitWithAck(event as never, ...(args as never));
  }

  /**
   * Runs the listeners of `io.on(event)` once, in an invocation of its own, whoever is connected. A function as the last
   * argument is called with an error or `null`, and the answers: one. Throws for a reserved event, and one over 240 KB.
   */
  serverSideEmit<Name extends EventNames<ServerSide>>(
    event: Name,
    ...args: EventParams<DecorateAcknowledgementsWithMultipleResponses<ServerSide>, Name>
  ): boolean {
    emitServerSide(this.internals, this.name, [event, ...(args as unknown[])]);
    return true;
  }

  /** The same, resolving with the answers. Rejects when there is none within 5 s. */
  async serverSideEmitWithAck<Name extends EventNamesWithAck<ServerSide>>(
    event: Name,
    ...args: ParamsWithoutAck<ServerSide, Name>
  ): Promise<AckResult<ServerSide, Name>[]> {
    const responses = await askServerSide(this.internals, this.name, [event, ...(args as unknown[])]);
    return responses as AckResult<ServerSide, Name>[];
  }

  /** Every socket of the namespace, read from the table at this moment. */
  fetchSockets(): Promise<RemoteSocket<Emit, SocketData>[]> {
    return this.#operator().fetchSockets();
  }

  /** The ids of every socket. @deprecated As in Socket.IO: `fetchSockets` tells more. */
  allSockets(): Promise<Set<string>> {
    return this.#operator().allSockets();
  }

  socketsJoin(room: string | readonly string[]): void {
    this.#operator().socketsJoin(room);
  }

  socketsLeave(room: string | readonly string[]): void {
    this.#operator().socketsLeave(room);
  }

  disconnectSockets(close = false): void {
    this.#operator().disconnectSockets(close);
  }

  #operator(): Broadcast<Emit, SocketData> {
    return new BroadcastOperator(this);
  }
}

const isConnection = (event: string): boolean => event === "connect" || event === "connection";
