import type { CoreError } from "./errors.ts";
import { serialise, serialiseOr } from "./serialise.ts";

/**
 * Properties that the app has put on a socket itself (`socket.user = …`), which Socket.IO apps do in middleware.
 * They are stored beside `socket.data`, so that the socket of the next packet has them again.
 */
export class OwnProperties {
  readonly #stored: Map<string, string>;
  readonly #onUnstorable: (error: CoreError) => void;

  constructor(stored: Readonly<Record<string, string>>, onUnstorable: (error: CoreError) => void) {
    this.#onUnstorable = onUnstorable;
    this.#stored = new Map(Object.entries(stored));
  }

  restore(socket: object): void {
    for (const [name, text] of this.#stored) Object.assign(socket, { [name]: JSON.parse(text) as unknown });
  }

  /** What is there now, to compare with later: a replayed listener may set values that nobody needs to store. */
  static observe(socket: object): ReadonlyMap<string, unknown> {
    return new Map(Object.entries(socket).map(([name, value]) => [name, toComparable(value)]));
  }

  /** What has changed since `observed`, as JSON text. What cannot be stored is reported and left out. */
  changes(socket: object, observed: ReadonlyMap<string, unknown>): Record<string, string> {
    const set: Record<string, string> = {};
    for (const [name, value] of Object.entries(socket)) {
      if (value === undefined || observed.get(name) === toComparable(value)) continue;
      const text = serialiseOr(this.#onUnstorable, value, `socket.${name}`);
      if (text !== undefined && this.#stored.get(name) !== text) set[name] = text;
    }
    return set;
  }

  markStored(set: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(set)) this.#stored.set(name, text);
  }
}

/** Text where there is one, else the very value: two unserialisable objects are equal if they are the same. */
function toComparable(value: unknown): unknown {
  try {
    return serialise(value, "");
  } catch {
    return value;
  }
}
