import { CoreError } from "../../engine/errors.ts";
import { TypedEmitter, type EventNames, type ListenerOf } from "../replay/typed-events.ts";

/** What `nsp.adapter` tells of rooms, a socket's own among them. */
export interface RoomEvents {
  /** The first socket is in the room. */
  "create-room": (room: string) => void;
  /** A socket is in the room, that has not been. */
  "join-room": (room: string, id: string) => void;
  /** A socket is no longer in the room. */
  "leave-room": (room: string, id: string) => void;
  /** No socket is in the room any more. */
  "delete-room": (room: string) => void;
}

export type RoomEventName = keyof RoomEvents;

const names: readonly RoomEventName[] = ["create-room", "join-room", "leave-room", "delete-room"];

type None = Record<never, never>;

/**
 * `nsp.adapter`, as far as there is one: it tells when rooms come and go, once each in the whole deployment, in the turn
 * whose write made it so. Where somebody listens the rooms of every socket that connects are counted, which costs more:
 * docs/rooms.md.
 *
 * @example
 * io.of("/").adapter.on("delete-room", (room) => games.delete(room));
 */
export class RoomAdapter extends TypedEmitter<RoomEvents, None> {
  readonly #isServed: () => boolean;
  #isAnnounced = false;

  /** @internal */
  constructor(isServed: () => boolean) {
    super();
    this.#isServed = isServed;
  }

  /** Throws `core.registration_in_handler` once packets run: no other instance would know of it. */
  override on<Name extends EventNames<RoomEvents>>(
    event: Name,
    listener: ListenerOf<RoomEvents, None, Name>,
  ): this {
    this.#requireOpen(event);
    return super.on(event, listener);
  }

  /** For the first time on each instance, as no instance knows of the others. */
  override once<Name extends EventNames<RoomEvents>>(
    event: Name,
    listener: ListenerOf<RoomEvents, None, Name>,
  ): this {
    this.#requireOpen(event);
    return super.once(event, listener);
  }

  override prependListener<Name extends EventNames<RoomEvents>>(
    event: Name,
    listener: ListenerOf<RoomEvents, None, Name>,
  ): this {
    this.#requireOpen(event);
    return super.prependListener(event, listener);
  }

  override prependOnceListener<Name extends EventNames<RoomEvents>>(
    event: Name,
    listener: ListenerOf<RoomEvents, None, Name>,
  ): this {
    this.#requireOpen(event);
    return super.prependOnceListener(event, listener);
  }

  /** Throws `core.no_adapter`: no instance has the rooms. */
  get rooms(): never {
    return refuse("rooms");
  }

  /** Throws `core.no_adapter`: no instance has the sockets. */
  get sids(): never {
    return refuse("sids");
  }

  /** @internal Whether rooms are to be counted for somebody. */
  get isHeard(): boolean {
    return names.some((name) => this.hasListeners(name));
  }

  /** @internal The app has been told of the namespace, if it is: from when packets run, it is too late to listen. */
  close(): void {
    this.#isAnnounced = true;
  }

  #requireOpen(event: string): void {
    if (!this.#isAnnounced || !this.#isServed()) return;
    throw new CoreError(
      "core.registration_in_handler",
      `expected a listener of ${JSON.stringify(event)} where the app's module is loaded, or for a dynamic namespace in a ` +
        "listener of new_namespace, got adapter.on while packets run; no other instance would know it",
      { evidence: { event } },
    );
  }
}

function refuse(member: string): never {
  throw new CoreError(
    "core.no_adapter",
    `expected no call of nsp.adapter.${member}, for rooms and sockets are in the table: await io.in(room).count() tells ` +
      "how many are in a room, await io.in(room).fetchSockets() who, and adapter.on hears of rooms that come and go",
    { evidence: { member: `nsp.adapter.${member}` } },
  );
}

/** What else an adapter of Socket.IO does. */
const others = [
  ...["addAll", "addSockets", "broadcast", "broadcastWithAck", "del", "delAll", "delSockets"],
  ...["disconnectSockets", "encoder", "fetchSockets", "init", "nsp", "persistSession", "restoreSession"],
  ...["serverCount", "serverSideEmit", "socketRooms", "sockets"],
];
for (const member of others) {
  Object.defineProperty(RoomAdapter.prototype, member, { get: () => refuse(member), configurable: true });
}
