import type { BaseNamespace } from "./namespace.ts";
import type { Broadcast } from "./rooms/broadcast-operator.ts";
import type { RemoteSocket } from "./rooms/remote-socket.ts";
import type {
  AckResult,
  DecorateAcknowledgementsWithMultipleResponses,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
  Listener,
  ListenerOf,
  ParamsWithoutAck,
  Untyped,
} from "./replay/typed-events.ts";

/**
 * What is called on the server is called on its main namespace, `/`. Member by member: half of them are generic and
 * return `this`, the server, which no type that maps the namespace's members can say.
 */
export abstract class NamespaceFacade<
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
  Reserved extends EventsMap,
  Middleware extends Listener<never[]>,
> {
  /** The default namespace, `/`. What is called on the server is called on it. */
  abstract readonly sockets: BaseNamespace<Emit, ServerSide, SocketData, Reserved> & {
    use(middleware: Middleware): unknown;
  };

  on<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    this.sockets.on(event, listener);
    return this;
  }

  once<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    this.sockets.once(event, listener);
    return this;
  }

  off<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    this.sockets.off(event, listener);
    return this;
  }

  addListener<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    return this.on(event, listener);
  }

  removeListener<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    return this.off(event, listener);
  }

  prependListener<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    this.sockets.prependListener(event, listener);
    return this;
  }

  prependOnceListener<Name extends EventNames<ServerSide> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<ServerSide, Reserved, Name>,
  ): this {
    this.sockets.prependOnceListener(event, listener);
    return this;
  }

  removeAllListeners(event?: string): this {
    this.sockets.removeAllListeners(event);
    return this;
  }

  listeners(event: string): Listener<Untyped[]>[] {
    return this.sockets.listeners(event);
  }

  rawListeners(event: string): Listener<Untyped[]>[] {
    return this.sockets.rawListeners(event);
  }

  listenerCount(event: string): number {
    return this.sockets.listenerCount(event);
  }

  eventNames(): (string | symbol)[] {
    return this.sockets.eventNames();
  }

  setMaxListeners(count: number): this {
    this.sockets.setMaxListeners(count);
    return this;
  }

  getMaxListeners(): number {
    return this.sockets.getMaxListeners();
  }

  use(middleware: Middleware): this {
    this.sockets.use(middleware);
    return this;
  }

  to(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.sockets.to(room);
  }

  in(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.sockets.in(room);
  }

  except(room: string | readonly string[]): Broadcast<Emit, SocketData> {
    return this.sockets.except(room);
  }

  get volatile(): Broadcast<Emit, SocketData> {
    return this.sockets.volatile;
  }

  get local(): Broadcast<Emit, SocketData> {
    return this.sockets.local;
  }

  compress(compress: boolean): Broadcast<Emit, SocketData> {
    return this.sockets.compress(compress);
  }

  emit<Name extends EventNames<Emit>>(
    event: Name,
    ...args: EventParams<DecorateAcknowledgementsWithMultipleResponses<Emit>, Name>
  ): true {
    return this.sockets.emit(event, ...args);
  }

  send(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    this.sockets.send(...args);
    return this;
  }

  write(...args: EventParams<Emit, "message" & EventNames<Emit>>): this {
    return this.send(...args);
  }

  timeout(ms: number): ReturnType<BaseNamespace<Emit, ServerSide, SocketData, Reserved>["timeout"]> {
    return this.sockets.timeout(ms);
  }

  emitWithAck<Name extends EventNamesWithAck<Emit>>(
    event: Name,
    ...args: ParamsWithoutAck<Emit, Name>
  ): Promise<AckResult<DecorateAcknowledgementsWithMultipleResponses<Emit>, Name & EventNames<Emit>>> {
    return this.sockets.emitWithAck(event, ...args);
  }

  serverSideEmit<Name extends EventNames<ServerSide>>(
    event: Name,
    ...args: EventParams<DecorateAcknowledgementsWithMultipleResponses<ServerSide>, Name>
  ): boolean {
    return this.sockets.serverSideEmit(event, ...args);
  }

  serverSideEmitWithAck<Name extends EventNamesWithAck<ServerSide>>(
    event: Name,
    ...args: ParamsWithoutAck<ServerSide, Name>
  ): Promise<AckResult<ServerSide, Name>[]> {
    return this.sockets.serverSideEmitWithAck(event, ...args);
  }

  fetchSockets(): Promise<RemoteSocket<Emit, SocketData>[]> {
    return this.sockets.fetchSockets();
  }

  /** The ids of every socket of `/`. @deprecated As in Socket.IO: `fetchSockets` tells more. */
  allSockets(): Promise<Set<string>> {
    return this.sockets.allSockets();
  }

  socketsJoin(room: string | readonly string[]): void {
    this.sockets.socketsJoin(room);
  }

  socketsLeave(room: string | readonly string[]): void {
    this.sockets.socketsLeave(room);
  }

  disconnectSockets(close = false): void {
    this.sockets.disconnectSockets(close);
  }
}
