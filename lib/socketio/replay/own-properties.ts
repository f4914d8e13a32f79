import type { CoreError } from "../../engine/errors.ts";
import { serialise, serialiseOr } from "./serialise.ts";
import type { SocketData } from "./socket-data.ts";

/** One socket object, as long as the turn runs that it was made for. */
interface Watched {
  /** Plain properties that are nobody's news: those a replayed listener has set, and those that cannot be stored. */
  readonly observed: Map<string, unknown>;
  /** Names whose value on this socket is the one that all sockets of the batch share. */
  readonly shared: Set<string>;
}

/** Of the handlers that still run. To look at all of them for each packet would cost the square of a batch's packets. */
const MAX_LOOKED_AT = 16;

/**
 * Properties that the app has put on a socket itself (`socket.user = …`), which Socket.IO apps do in middleware.
 * They are kept beside `socket.data` and under its rules: the next packet has them again, in the same batch or on
 * another instance, and writing one in a replay does nothing.
 *
 * A property is plain when the app sets it, and becomes an accessor of the shared value when it is collected: an
 * object has no other way to hear of its properties. What a handler sets after an `await` is collected when the next
 * packet begins; at the latest, see `MAX_LOOKED_AT`, when the handler ends.
 */
export class OwnProperties {
  readonly #values: SocketData;
  readonly #onUnstorable: (error: CoreError) => void;
  readonly #path: string;
  readonly #watched = new Map<object, Watched>();
  /** Of these, and of some that are released, those which were made last. */
  readonly #newest: object[] = [];

  /** `path`: what errors call the object. */
  constructor(values: SocketData, onUnstorable: (error: CoreError) => void, path: string) {
    this.#values = values;
    this.#onUnstorable = onUnstorable;
    this.#path = path;
  }

  /**
   * Puts the properties onto the socket of a packet. What `bind` sets beyond them, in a replay of the connection
   * listener, is nothing new and is not stored.
   */
  restore<T>(socket: object, bind: () => T): T {
    for (const other of this.#newest) this.collect(other);
    const watched: Watched = { observed: new Map(), shared: new Set() };
    for (const name of this.#values.names) this.#share(socket, watched, name);
    const bound = bind();
    for (const [name, value] of plainProperties(socket)) watched.observed.set(name, toComparable(value));
    this.#watched.set(socket, watched);
    this.#newest.push(socket);
    if (this.#newest.length > MAX_LOOKED_AT) this.#newest.shift();
    return bound;
  }

  /** The turn that the socket was made for is over: what it has put on it is kept, and nothing more is expected. */
  release(socket: object): void {
    this.collect(socket);
    this.#watched.delete(socket);
  }

  /** Takes what its handlers have put on it so far. */
  collect(socket: object): void {
    const watched = this.#watched.get(socket);
    if (watched !== undefined) this.#collect(socket, watched);
  }

  /**
   * What events of the journal have put onto the socket since is nothing new either. What could be stored would be
   * there already, if a later packet had not taken it off again.
   */
  observe(socket: object): void {
    const watched = this.#watched.get(socket);
    for (const [name, value] of plainProperties(socket)) {
      if (watched === undefined || watched.observed.has(name)) continue;
      if (serialiseOr(() => undefined, value, name) === undefined) watched.observed.set(name, value);
      else Reflect.deleteProperty(socket, name);
    }
  }

  /** What must be written so that the table holds the present values; undefined when it does. */
  changes(): ReturnType<SocketData["changes"]> {
    for (const socket of this.#newest) this.collect(socket);
    return this.#values.changes();
  }

  markStored(changes: Parameters<SocketData["markStored"]>[0]): void {
    this.#values.markStored(changes);
  }

  #collect(socket: object, { observed, shared }: Watched): void {
    for (const name of shared) {
      if (Object.hasOwn(socket, name)) continue;
      shared.delete(name);
      this.#values.assign(name, undefined);
    }
    for (const [name, value] of plainProperties(socket)) {
      if (value === undefined || observed.get(name) === toComparable(value)) continue;
      if (serialiseOr(this.#onUnstorable, value, `${this.#path}.${name}`) === undefined) {
        observed.set(name, toComparable(value));
        continue;
      }
      this.#values.assign(name, value);
      this.#share(socket, { observed, shared }, name);
    }
  }

  #share(socket: object, { shared }: Watched, name: string): void {
    shared.add(name);
    Object.defineProperty(socket, name, {
      configurable: true,
      enumerable: true,
      get: () => this.#values.view[name],
      set: (value: unknown) => {
        this.#values.view[name] = value;
      },
    });
  }
}

/** Most sockets have none, and are looked at for every packet. */
function plainProperties(socket: object): [string, unknown][] {
  const plain: [string, unknown][] = [];
  for (const name of Object.keys(socket)) {
    const descriptor = Object.getOwnPropertyDescriptor(socket, name);
    if (descriptor?.writable !== undefined) plain.push([name, descriptor.value]);
  }
  return plain;
}

/** Text where there is one, else the very value: two unserialisable objects are equal if they are the same. */
function toComparable(value: unknown): unknown {
  try {
    return serialise(value, "");
  } catch {
    return value;
  }
}
