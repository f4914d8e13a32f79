import type { SocketChanges } from "../../state/store.ts";
import { askAudience } from "./ask.ts";
import { abandon, answerCallback, CALLBACK_WAIT_MS, splitCallback } from "./ack-callback.ts";
import type { Audience } from "./audience.ts";
import type { EmitFlags } from "./broadcast.ts";
import { effectTurn } from "../../engine/turn-for-effect.ts";
import { CoreError } from "../../engine/errors.ts";
import type { RoomPorts } from "./room-ports.ts";
import { recorded } from "../replay/recorded-result.ts";
import { fromRoomName, toAddressedNames, toRoomNames } from "./room-name.ts";
import { Publication } from "./publish.ts";
import { socketsOf } from "../replay/session-sockets.ts";
import { sessionOf } from "../../engine/session.ts";
import { SocketData } from "../replay/socket-data.ts";
import { toHandshake, type Handshake } from "./socket-handshake.ts";
import { toReporter } from "../replay/socket-state.ts";
import { storedData, toDataChanges, toOtherBudget } from "../replay/socket-row.ts";
import { disconnectSockets, joinMembers, leaveMembers, type FetchedSocket } from "./sockets-at-a-distance.ts";
import { currentContext, type Turn } from "../../engine/turn.ts";
import type {
  AckResult,
  DecorateAcknowledgements,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
  ParamsWithoutAck,
  Untyped,
} from "../replay/typed-events.ts";

/**
 * A socket as `fetchSockets` found it: a snapshot that can be acted upon. Its `data` may be written: what has changed
 * is saved, key by key, when the turn has come to its end, or by `io.flush()`. Of the socket whose packet is being
 * handled it is `socket.data` itself; a handler of another socket that runs meanwhile sees the change with its next
 * packet, and the later write of a key wins.
 */
export class RemoteSocket<EmitEvents extends EventsMap = DefaultEventsMap, Data = Untyped> {
  readonly id: string;
  readonly handshake: Handshake;
  readonly rooms: ReadonlySet<string>;
  readonly #internals: RoomPorts;
  readonly #audience: Audience;
  readonly #fetched: FetchedSocket;
  readonly #flags: EmitFlags;
  #data: SocketData | undefined;
  /** The turn whose end saves what has been written. */
  #savedBy: Turn | undefined;
  /** Which code has written to `data` last. */
  #writer = "";

  /** @internal */
  constructor(internals: RoomPorts, fetched: FetchedSocket, flags: EmitFlags = {}, data?: SocketData) {
    this.id = fetched.socket.socketId;
    this.rooms = new Set(fetched.rooms.map(fromRoomName));
    this.handshake = toHandshake(fetched.handshake, fetched.auth?.auth ?? {});
    this.#internals = internals;
    this.#audience = { nsp: fetched.socket.nsp, rooms: new Set([this.id]), except: new Set() };
    this.#fetched = fetched;
    this.#flags = flags;
    this.#data = data;
  }

  /** As it was fetched, with what has been written here since. */
  get data(): Data {
    return (this.#data ??= this.#openData()).view as Data;
  }

  set data(data: Data) {
    (this.#data ??= this.#openData()).replace(data);
  }

  /** For the next emit: how long its acknowledgement is waited for, in milliseconds. */
  timeout(ms: number): RemoteSocket<DecorateAcknowledgements<EmitEvents>, Data> {
    return new RemoteSocket<DecorateAcknowledgements<EmitEvents>, Data>(
      this.#internals,
      this.#fetched,
      { ...this.#flags, timeout: ms },
      this.#data,
    );
  }

  /**
   * Throws when the event is reserved or over 128 KB. A function as the last argument is called with its client's
   * answer, as by `socket.emit`: after `timeout` with an error or `null` first, else given up on after 10 s.
   */
  emit<Name extends EventNames<EmitEvents>>(event: Name, ...args: EventParams<EmitEvents, Name>): true {
    const { values, callback } = splitCallback(args);
    if (callback !== undefined) {
      const turn = currentContext()?.turn ?? effectTurn(this.#internals.runtime);
      const asked = this.#ask(event, values, CALLBACK_WAIT_MS);
      const where = { event, nsp: this.#audience.nsp, socketId: this.id };
      const toArgs =
        this.#flags.timeout === undefined
          ? {
              result: (answer: readonly unknown[]) => answer,
              error: (error: unknown) => abandon(this.#internals, error, where),
            }
          : forCallback;
      answerCallback(this.#internals, turn, asked, callback, toArgs, where);
      return true;
    }
    const publication = new Publication(this.#internals, this.#audience.nsp, [event, ...values], this.#flags);
    const turn = effectTurn(this.#internals.runtime);
    if (turn) {
      void turn.order(() => publication.sendToAudience(this.#internals, turn, this.#audience, this.#flags));
    }
    return true;
  }

  /** Resolves with the first argument of its client's answer; rejects when there is none in time. */
  async emitWithAck<Name extends EventNamesWithAck<EmitEvents>>(
    event: Name,
    ...args: ParamsWithoutAck<EmitEvents, Name>
  ): Promise<AckResult<EmitEvents, Name>> {
    const asked = this.#ask(event, args, Infinity);
    effectTurn(this.#internals.runtime)?.follow(asked.catch(() => undefined));
    return (await asked)[0] as AckResult<EmitEvents, Name>;
  }

  /** Emits that the turn issues after this find the socket there. */
  join(room: string | readonly string[]): void {
    joinMembers(this.#internals, this.#audience, toRoomNames(room));
  }

  /** Emits that the turn issues after this do not find the socket there. */
  leave(room: string): void {
    leaveMembers(this.#internals, this.#audience, toAddressedNames([room]));
  }

  /** Leaves the namespace, or with `close` ends the whole connection. */
  disconnect(close = false): this {
    disconnectSockets(this.#internals, this.#audience, close);
    return this;
  }

  #ask(event: string, values: readonly unknown[], defaultWaitMs: number): Promise<readonly unknown[]> {
    const turn = effectTurn(this.#internals.runtime);
    if (turn === undefined) return recorded(() => new Promise<never>(() => undefined), "refuse");
    const flags = { ...this.#flags, timeout: this.#flags.timeout ?? defaultWaitMs };
    const whole = (answer: readonly unknown[]) => answer;
    const ask = askAudience(this.#internals, turn, this.#audience, [event, ...values], flags, whole);
    return recorded(async () => {
      const [answer] = await ask();
      if (answer !== undefined) return answer as readonly unknown[];
      // Gone, so there is no need to wait.
      throw new CoreError("core.ack_timeout", "operation has timed out");
    }, "refuse");
  }

  /** That of the turn's own socket is alive, and saved with it; of any other, what is written is saved at the end. */
  #openData(): SocketData {
    const { runtime } = this.#internals;
    const { socket } = this.#fetched;
    const turn = effectTurn(runtime);
    const session = turn && sessionOf(turn);
    const live = session && socketsOf(session).get(socket.nsp);
    if (live?.id === socket.socketId && live.connected) return live.data;
    const beforeWrite = (): boolean => {
      const writing = effectTurn(runtime);
      if (writing !== undefined) this.#saveAtEnd(writing, data);
      return writing === undefined;
    };
    const report = toReporter(this.#internals, socket);
    const reporter = (error: CoreError) => report(error, this.#writer);
    const data = new SocketData(storedData(socket), beforeWrite, reporter, undefined, toOtherBudget(socket));
    return data;
  }

  /** Only what is written waits to be saved: a script that reads for hours keeps nothing of what it has read. */
  #saveAtEnd(turn: Turn, data: SocketData): void {
    if (this.#savedBy === turn) return;
    this.#savedBy = turn;
    this.#writer = turn.label;
    turn.atEnd(() => {
      this.#savedBy = undefined;
      return this.#saveData(data);
    });
  }

  async #saveData(data: SocketData): Promise<void> {
    const changes = data.changes();
    if (changes === undefined) return;
    const { member, socket } = this.#fetched;
    const stored: SocketChanges = toDataChanges(changes);
    await this.#internals.runtime.store.saveSocket(member.sid, socket.nsp, socket.socketId, stored);
    data.markStored(changes);
  }
}

/** As Socket.IO calls back for one socket: `null` and its answer, or what went wrong. */
const forCallback = {
  result: (answer: readonly unknown[]): readonly unknown[] => [null, ...answer],
  error: (error: unknown): readonly unknown[] => [error],
};
