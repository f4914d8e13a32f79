import type { SocketChanges } from "../../state/store.ts";
import { CoreError } from "../../engine/errors.ts";
import { serialiseOr } from "./serialise.ts";

const MAX_BYTES = 256 * 1024;

type Values = Record<string, unknown>;

/**
 * The live value of one socket's `data` within a batch, and what of it is stored. Compared key by key at the end of
 * each handler, so that handlers running side by side on different instances do not undo each other's keys.
 */
export class SocketData {
  #values: Values;
  readonly #stored: Map<string, string>;
  readonly #isInert: () => boolean;
  readonly #onUnstorable: (error: CoreError) => void;
  readonly #path: string;
  readonly #views = new WeakMap<object, object>();
  readonly #targets = new WeakMap<object, object>();

  /** `isInert` says whether the running code is a replay, whose writes have happened already. */
  constructor(
    stored: Readonly<Record<string, string>>,
    isInert: () => boolean,
    onUnstorable: (error: CoreError) => void,
    /** What errors call it. */
    path = "socket.data",
  ) {
    this.#path = path;
    this.#stored = new Map(Object.entries(stored));
    this.#values = parseStoredData(stored);
    this.#isInert = isInert;
    this.#onUnstorable = onUnstorable;
  }

  get view(): Values {
    return this.#viewOf(this.#values) as Values;
  }

  replace(values: unknown): void {
    if (this.#isInert()) return;
    if (values === null || typeof values !== "object") {
      throw new CoreError(
        "core.unserialisable",
        `expected socket.data to be an object, got ${typeof values}`,
      );
    }
    this.#values = this.#unwrap(values) as Values;
  }

  /** Sets one key, also during a replay; undefined removes it. */
  assign(key: string, value: unknown): void {
    this.#values[key] = this.#unwrap(value);
  }

  /**
   * What must be written so that the table holds the present value; undefined when it does. A value that cannot be
   * stored is reported and left out; the others are stored.
   */
  changes(): Pick<SocketChanges, "set" | "remove"> | undefined {
    const set: Record<string, string> = {};
    for (const [key, value] of Object.entries(this.#values)) {
      if (value === undefined) continue;
      const text = serialiseOr(this.#onUnstorable, value, `${this.#path}.${key}`);
      if (text !== undefined && this.#stored.get(key) !== text) set[key] = text;
    }
    const remove = [...this.#stored.keys()].filter((key) => this.#values[key] === undefined);
    if (remove.length === 0 && Object.keys(set).length === 0) return undefined;
    if (this.#isTooLarge(set)) return undefined;
    return { set, remove };
  }

  /** Takes note that `changes` are being written. */
  markStored(changes: Pick<SocketChanges, "set" | "remove">): void {
    for (const [key, text] of Object.entries(changes.set)) this.#stored.set(key, text);
    for (const key of changes.remove) this.#stored.delete(key);
  }

  #isTooLarge(set: Readonly<Record<string, string>>): boolean {
    const kept = [...this.#stored].filter(([key]) => !(key in set)).map(([, text]) => text);
    const bytes = [...Object.values(set), ...kept].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (bytes <= MAX_BYTES) return false;
    this.#onUnstorable(
      new CoreError(
        "core.data_too_large",
        `expected ${this.#path} to be at most ${MAX_BYTES} bytes as JSON, got ${bytes}; the change is not stored`,
        { evidence: { bytes } },
      ),
    );
    return true;
  }

  /** A view whose writes do nothing during a replay, also through aliases taken in the listener. */
  #viewOf(value: unknown): unknown {
    if (value === null || typeof value !== "object" || !isPlain(value)) return value;
    const known = this.#views.get(value);
    if (known) return known;
    const view = new Proxy(value, {
      // A proxy must answer a frozen property with its very value.
      get: (target, key, receiver) => {
        const inner: unknown = Reflect.get(target, key, receiver);
        return Object.isFrozen(target) ? inner : this.#viewOf(inner);
      },
      set: (target, key, next) => this.#isInert() || Reflect.set(target, key, this.#unwrap(next)),
      deleteProperty: (target, key) => this.#isInert() || Reflect.deleteProperty(target, key),
      defineProperty: (target, key, descriptor) =>
        this.#isInert() || Reflect.defineProperty(target, key, descriptor),
    });
    this.#views.set(value, view);
    this.#targets.set(view, value);
    return view;
  }

  #unwrap(value: unknown): unknown {
    return typeof value === "object" && value !== null ? (this.#targets.get(value) ?? value) : value;
  }
}

/** `socket.data` out of its row. */
const parseStoredData = (stored: Readonly<Record<string, string>>): Values =>
  Object.fromEntries(Object.entries(stored).map(([key, text]) => [key, JSON.parse(text) as unknown]));

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
