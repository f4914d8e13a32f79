import { requireRoom } from "../state/row-limits.ts";
import type { Audience } from "./audience.ts";
import { broadcast, effectTurn, encodeEvent } from "./broadcast.ts";
import { toHandshake, type Handshake } from "./socket-handshake.ts";
import type { Internals } from "./internals.ts";
import { parseStoredData } from "./socket-data.ts";
import { storedData } from "./socket-state.ts";
import { disconnectSockets, joinMembers, leaveMembers, type FetchedSocket } from "./sockets-at-a-distance.ts";
import type { DefaultEventsMap, EventNames, EventParams, EventsMap } from "./typed-events.ts";

/** A socket as `fetchSockets` found it: a snapshot that can be acted upon. */
export class RemoteSocket<EmitEvents extends EventsMap = DefaultEventsMap, SocketData = unknown> {
  readonly id: string;
  readonly handshake: Handshake;
  readonly rooms: ReadonlySet<string>;
  readonly data: SocketData;
  readonly #internals: Internals;
  readonly #audience: Audience;

  /** @internal */
  constructor(internals: Internals, fetched: FetchedSocket) {
    this.id = fetched.socket.socketId;
    this.rooms = new Set(fetched.rooms);
    this.data = parseStoredData(storedData(fetched.socket)) as SocketData;
    this.handshake = toHandshake(fetched.handshake, fetched.auth?.auth ?? {});
    this.#internals = internals;
    this.#audience = { nsp: fetched.socket.nsp, rooms: new Set([this.id]), except: new Set() };
  }

  emit<Name extends EventNames<EmitEvents>>(event: Name, ...args: EventParams<EmitEvents, Name>): true {
    const { runtime, codec } = this.#internals;
    const frames = encodeEvent(codec, this.#audience.nsp, event, args);
    const turn = effectTurn(runtime);
    if (turn) broadcast(runtime, turn, this.#audience, frames, {});
    return true;
  }

  join(room: string | readonly string[]): void {
    const rooms = (typeof room === "string" ? [room] : room).map(requireRoom);
    joinMembers(this.#internals, this.#audience, rooms);
  }

  leave(room: string): void {
    leaveMembers(this.#internals, this.#audience, [requireRoom(room)]);
  }

  /** Leaves the namespace, or with `close` ends the whole connection. */
  disconnect(close = false): this {
    disconnectSockets(this.#internals, this.#audience, close);
    return this;
  }
}
