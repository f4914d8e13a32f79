import type { CoreError } from "../../engine/errors.ts";
import { serialise, serialiseOr } from "./serialise.ts";
import type { SocketData } from "./socket-data.ts";

/** One socket object of the batch. */
interface Watched {
  readonly socket: object;
  /** Plain properties that are nobody's news: those a replayed listener has set, and those that cannot be stored. */
  readonly observed: Map<string, unknown>;
  /** Names whose value on this socket is the one that all sockets of the batch share. */
  readonly shared: Set<string>;
}

/**
 * Properties that the app has put on a socket itself (`socket.user = …`), which Socket.IO apps do in middleware.
 * They are kept beside `socket.data` and under its rules: the next packet has them again, in the same batch or on
 * another instance, and writing one in a replay does nothing.
 *
 * A property is plain when the app sets it, and becomes an accessor of the shared value when it is collected: an
 * object has no other way to hear of its properties.
 */
export class OwnProperties {
  readonly #values: SocketData;
  readonly #onUnstorable: (error: CoreError) => void;
  readonly #path: string;
  readonly #watched: Watched[] = [];

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
    this.#collect();
    const watched: Watched = { socket, observed: new Map(), shared: new Set() };
    for (const name of Object.keys(this.#values.view)) this.#share(watched, name);
    const bound = bind();
    for (const [name, value] of plainProperties(socket)) watched.observed.set(name, toComparable(value));
    this.#watched.push(watched);
    return bound;
  }

  /**
   * What events of the journal have put onto the socket since is nothing new either. What could be stored would be
   * there already, if a later packet had not taken it off again.
   */
  observe(socket: object): void {
    const watched = this.#watched.find((one) => one.socket === socket);
    for (const [name, value] of plainProperties(socket)) {
      if (watched === undefined || watched.observed.has(name)) continue;
      if (serialiseOr(() => undefined, value, name) === undefined) watched.observed.set(name, value);
      else Reflect.deleteProperty(socket, name);
    }
  }

  /** What must be written so that the table holds the present values; undefined when it does. */
  changes(): ReturnType<SocketData["changes"]> {
    this.#collect();
    return this.#values.changes();
  }

  markStored(changes: Parameters<SocketData["markStored"]>[0]): void {
    this.#values.markStored(changes);
  }

  #collect(): void {
    for (const watched of this.#watched) {
      const { socket, observed, shared } = watched;
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
        this.#share(watched, name);
      }
    }
  }

  #share({ socket, shared }: Watched, name: string): void {
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

const plainProperties = (socket: object): [string, unknown][] =>
  Object.entries(Object.getOwnPropertyDescriptors(socket))
    .filter(([, { enumerable, writable }]) => enumerable && writable !== undefined)
    .map(([name, { value }]): [string, unknown] => [name, value]);

/** Text where there is one, else the very value: two unserialisable objects are equal if they are the same. */
function toComparable(value: unknown): unknown {
  try {
    return serialise(value, "");
  } catch {
    return value;
  }
}
