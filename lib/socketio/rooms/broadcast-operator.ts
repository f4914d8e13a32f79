import { askAudience } from "./ask.ts";
import {
  answerCallback,
  CALLBACK_WAIT_MS,
  responsesIn,
  splitCallback,
  type Responses,
} from "./ack-callback.ts";
import type { Audience } from "./audience.ts";
import { toAddressedNames, toRoomNames } from "./room-name.ts";
import type { EmitFlags } from "./broadcast.ts";
import { effectTurn, effectTurnIfServed } from "../../engine/turn-for-effect.ts";
import { broadcastToChildren } from "./broadcast-to-children.ts";
import { CoreError } from "../../engine/errors.ts";
import type { RoomPorts } from "./room-ports.ts";
import { recorded } from "../replay/recorded-result.ts";
import { Publication } from "./publish.ts";
import { RemoteSocket } from "./remote-socket.ts";
import {
  countMembers,
  disconnectSockets,
  fetchMembers,
  joinMembers,
  leaveMembers,
  listSocketIds,
} from "./sockets-at-a-distance.ts";
import { currentContext } from "../../engine/turn.ts";
import type {
  AckResult,
  DecorateAcknowledgements,
  DecorateAcknowledgementsWithMultipleResponses,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
  ParamsWithoutAck,
  Untyped,
} from "../replay/typed-events.ts";

/** The namespace an emit goes out from. */
interface Addressee {
  readonly name: string;
  readonly internals: RoomPorts;
  /** It stands for all its children. */
  readonly hasChildren: boolean;
}

type Rooms = string | readonly string[];

/**
 * An emit in the making: `io.to("a").except("b").volatile`. Immutable: every step returns a new one, so a part of a
 * chain can be kept and used twice.
 */
export class BroadcastOperator<
  EmitEvents extends EventsMap = DefaultEventsMap,
  SocketData = Untyped,
  /** The events as each single client takes them. */
  ClientEvents extends EventsMap = EmitEvents,
> {
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
  to(room: Rooms): BroadcastOperator<EmitEvents, SocketData, ClientEvents> {
    return this.#with({ rooms: new Set([...this.#audience.rooms, ...toAddressedNames(room)]) });
  }

  in(room: Rooms): BroadcastOperator<EmitEvents, SocketData, ClientEvents> {
    return this.to(room);
  }

  /** Leaves out whoever is in one of these rooms. */
  except(room: Rooms): BroadcastOperator<EmitEvents, SocketData, ClientEvents> {
    return this.#with({ except: new Set([...this.#audience.except, ...toAddressedNames(room)]) });
  }

  /** May be lost: dropped, not retried, when the client or the account is too busy at that moment. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData, ClientEvents> {
    return this.#with({}, { volatile: true });
  }

  /** Accepted and without effect: API Gateway decides about compression. */
  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData, ClientEvents> {
    return this.#with({}, { compress });
  }

  /** Everyone: there are no nodes, so nobody is elsewhere. */
  get local(): BroadcastOperator<EmitEvents, SocketData, ClientEvents> {
    return this.#with({}, { local: true });
  }

  /** For an acknowledgement at the end of `emit`: how long answers are waited for, in milliseconds. */
  timeout(ms: number): BroadcastOperator<DecorateAcknowledgements<EmitEvents>, SocketData, ClientEvents> {
    return this.#with({}, { timeout: ms }) as never;
  }

  /**
   * Throws when the event is reserved or over 128 KB; nothing has been sent then. Returns true. A function as the last
   * argument is called once, with an error if not everybody has answered, and the first argument of each answer.
   * Without `timeout` answers are waited for 10 s.
   */
  emit<Name extends EventNames<EmitEvents>>(event: Name, ...args: EventParams<EmitEvents, Name>): true {
    const { internals } = this.#nsp;
    const { values, callback } = splitCallback(args);
    const where = { event, nsp: this.#nsp.name, socketId: "" };
    if (callback !== undefined) {
      const turn = currentContext()?.turn ?? effectTurnIfServed(internals, "emit", where);
      const ask = () => this.#ask(event, values, CALLBACK_WAIT_MS);
      answerCallback(
        internals,
        turn,
        internals.isServed ? ask() : Promise.resolve().then(ask),
        callback,
        forCallback,
        where,
      );
      return true;
    }
    if (this.#nsp.hasChildren) {
      const turn = effectTurnIfServed(internals, "emit", where);
      broadcastToChildren(internals, turn, this.#audience, [event, ...values], this.#flags);
      return true;
    }
    const publication = new Publication(internals, this.#nsp.name, [event, ...values], this.#flags);
    const turn = effectTurnIfServed(internals, "emit", where);
    if (turn) void turn.order(() => publication.sendToAudience(internals, turn, this.#audience, this.#flags));
    return true;
  }

  /**
   * Resolves with the first argument of each answer, in the order in which they came. Rejects when not everybody has
   * answered in time; those that did are in `responses` of the error. Without `timeout` until the invocation ends.
   */
  async emitWithAck<Name extends EventNamesWithAck<EmitEvents>>(
    event: Name,
    ...args: ParamsWithoutAck<EmitEvents, Name>
  ): Promise<AckResult<EmitEvents, Name>> {
    const asked = this.#ask(event, args, Infinity);
    effectTurn(this.#nsp.internals.runtime)?.follow(asked.catch(() => undefined));
    return (await asked) as AckResult<EmitEvents, Name>;
  }

  send(...args: EventParams<EmitEvents, "message" & EventNames<EmitEvents>>): this {
    this.emit("message", ...(args as never));
    return this;
  }

  write(...args: EventParams<EmitEvents, "message" & EventNames<EmitEvents>>): this {
    return this.send(...args);
  }

  /** Every matching socket, read from the table at this moment; nothing can time out. */
  async fetchSockets(): Promise<RemoteSocket<ClientEvents, SocketData>[]> {
    const fetched = await recorded(() => fetchMembers(this.#nsp.internals, this.#audience), "ask");
    return fetched.map((socket) => new RemoteSocket(this.#nsp.internals, socket));
  }

  /**
   * How many sockets match at this moment. One room, or everyone: counted by the table, which sends no row of them, in a
   * request for each MB of rows. Several rooms, or `except`: every row is read, for who is in two counts once.
   */
  count(): Promise<number> {
    if (this.#nsp.hasChildren) {
      throw new CoreError(
        "core.parent_without_sockets",
        "sockets of a parent namespace are not counted: ask the children, by `io.of(name)`",
      );
    }
    return countMembers(this.#nsp.internals, this.#audience);
  }

  /** The ids of every matching socket. @deprecated As in Socket.IO: `fetchSockets` tells more. */
  allSockets(): Promise<Set<string>> {
    return listSocketIds(this.#nsp.internals, this.#audience);
  }

  /** Every matching socket joins; emits that the turn issues after this find it there. */
  socketsJoin(room: Rooms): void {
    joinMembers(this.#nsp.internals, this.#audience, toRoomNames(room));
  }

  /** Every matching socket leaves; emits that the turn issues after this do not find it there. */
  socketsLeave(room: Rooms): void {
    leaveMembers(this.#nsp.internals, this.#audience, toAddressedNames(room));
  }

  /** Disconnects the matching sockets from the namespace, or with `close` their whole connection. */
  disconnectSockets(close = false): void {
    disconnectSockets(this.#nsp.internals, this.#audience, close);
  }

  #ask(event: string, values: readonly unknown[], defaultWaitMs: number): Promise<Responses> {
    const { internals } = this.#nsp;
    const turn = effectTurn(internals.runtime);
    if (turn === undefined) return recorded(() => new Promise<never>(() => undefined), "refuse");
    if (this.#nsp.hasChildren) {
      throw new CoreError(
        "core.parent_without_sockets",
        "acknowledgements are not supported on parent namespaces: ask the children, by `io.of(name)`",
      );
    }
    const flags = { ...this.#flags, timeout: this.#flags.timeout ?? defaultWaitMs };
    const ask = askAudience(internals, turn, this.#audience, [event, ...values], flags);
    return recorded(ask, "refuse");
  }

  #with(
    audience: Partial<Audience>,
    flags: EmitFlags = {},
  ): BroadcastOperator<EmitEvents, SocketData, ClientEvents> {
    return new BroadcastOperator(this.#nsp, { ...this.#audience, ...audience }, { ...this.#flags, ...flags });
  }
}

/** An emit to many, on whose acknowledgements an event map says what each single client answers. */
export type Broadcast<Emit extends EventsMap, SocketData> = BroadcastOperator<
  DecorateAcknowledgementsWithMultipleResponses<Emit>,
  SocketData,
  Emit
>;

/** As Socket.IO calls back: `null`, or what went wrong, then the answers. */
const forCallback = {
  result: (responses: Responses): readonly unknown[] => [null, responses],
  error: (error: unknown): readonly unknown[] => [error, responsesIn(error)],
};
