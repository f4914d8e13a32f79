import { requireRoom } from "../state/row-limits.ts";
import type { Audience } from "./audience.ts";
import { broadcast, effectTurn, encodeEvent, type EmitFlags } from "./broadcast.ts";
import type { Internals } from "./internals.ts";
import { RemoteSocket } from "./remote-socket.ts";
import { disconnectSockets, fetchMembers, joinMembers, leaveMembers } from "./sockets-at-a-distance.ts";
import type { DefaultEventsMap, EventNames, EventParams, EventsMap } from "./typed-events.ts";

/** The namespace an emit goes out from. */
interface Addressee {
  readonly name: string;
  readonly internals: Internals;
}

type Rooms = string | readonly string[];

/**
 * An emit in the making: `io.to("a").except("b").volatile`. Immutable: every step returns a new one, so a part of a
 * chain can be kept and used twice.
 */
export class BroadcastOperator<EmitEvents extends EventsMap = DefaultEventsMap, SocketData = unknown> {
  readonly #nsp: Addressee;
  readonly #audience: Audience;
  readonly #flags: EmitFlags;

  /** @internal */
  constructor(nsp: Addressee, audience: Partial<Audience> = {}, flags: EmitFlags = {}) {
    this.#nsp = nsp;
    this.#audience = { nsp: nsp.name, rooms: new Set(), except: new Set(), ...audience };
    this.#flags = flags;
  }

  /** Adds rooms to the union that is addressed. A socket's id is a room, too. */
  to(room: Rooms): BroadcastOperator<EmitEvents, SocketData> {
    return this.#with({ rooms: new Set([...this.#audience.rooms, ...toList(room)]) });
  }

  in(room: Rooms): BroadcastOperator<EmitEvents, SocketData> {
    return this.to(room);
  }

  /** Leaves out whoever is in one of these rooms. */
  except(room: Rooms): BroadcastOperator<EmitEvents, SocketData> {
    return this.#with({ except: new Set([...this.#audience.except, ...toList(room)]) });
  }

  /** May be lost: dropped, not retried, when the client or the account is too busy at that moment. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData> {
    return this.#with({}, { volatile: true });
  }

  /** Accepted and without effect: API Gateway decides about compression. */
  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData> {
    return this.#with({}, { compress });
  }

  /** Everyone: there are no nodes, so nobody is elsewhere. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.#with({}, { local: true });
  }

  /** Throws when the event is reserved or over 128 KB; nothing has been sent then. Returns true. */
  emit<Name extends EventNames<EmitEvents>>(event: Name, ...args: EventParams<EmitEvents, Name>): true {
    const { codec, runtime } = this.#nsp.internals;
    const frames = encodeEvent(codec, this.#nsp.name, event, args);
    const turn = effectTurn(runtime);
    if (turn) broadcast(runtime, turn, this.#audience, frames, this.#flags);
    return true;
  }

  send(...args: EventParams<EmitEvents, "message" & EventNames<EmitEvents>>): this {
    this.emit("message", ...(args as never));
    return this;
  }

  write(...args: EventParams<EmitEvents, "message" & EventNames<EmitEvents>>): this {
    return this.send(...args);
  }

  /** Every matching socket, read from the table at this moment; nothing can time out. */
  async fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    const fetched = await fetchMembers(this.#nsp.internals, this.#audience);
    return fetched.map((socket) => new RemoteSocket(this.#nsp.internals, socket));
  }

  socketsJoin(room: Rooms): void {
    joinMembers(this.#nsp.internals, this.#audience, toList(room));
  }

  socketsLeave(room: Rooms): void {
    leaveMembers(this.#nsp.internals, this.#audience, toList(room));
  }

  /** Disconnects the matching sockets from the namespace, or with `close` their whole connection. */
  disconnectSockets(close = false): void {
    disconnectSockets(this.#nsp.internals, this.#audience, close);
  }

  #with(audience: Partial<Audience>, flags: EmitFlags = {}): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.#nsp, { ...this.#audience, ...audience }, { ...this.#flags, ...flags });
  }
}

/** Throws where the app calls: a name that no row can have would look like an outage in the table's refusal. */
const toList = (room: Rooms): readonly string[] =>
  (typeof room === "string" ? [room] : room).map(requireRoom);
