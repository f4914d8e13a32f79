import { described } from "../../described.ts";
import type { SocketChanges } from "../../state/store.ts";
import { CoreError } from "../../engine/errors.ts";
import { DataBudget, MAX_DATA_BYTES, toDataBytes } from "./data-budget.ts";
import { serialiseOr } from "./serialise.ts";

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
  readonly #budget: DataBudget;
  /** Made when somebody looks: the data of most packets is not looked at. */
  #views: WeakMap<object, object> | undefined;
  #targets: WeakMap<object, object> | undefined;

  /** `isInert` says whether the running code is a replay, whose writes have happened already. */
  constructor(
    stored: Readonly<Record<string, string>>,
    isInert: () => boolean,
    onUnstorable: (error: CoreError) => void,
    /** What errors call it. */
    path = "socket.data",
    budget = new DataBudget(),
  ) {
    this.#path = path;
    this.#budget = budget;
    budget.set(this, toDataBytes(Object.entries(stored)));
    this.#stored = new Map(Object.entries(stored));
    this.#values = parseStoredData(stored);
    this.#isInert = isInert;
    this.#onUnstorable = onUnstorable;
  }

  get names(): readonly string[] {
    return Object.keys(this.#values);
  }

  get view(): Values {
    return this.#viewOf(this.#values) as Values;
  }

  replace(values: unknown): void {
    if (this.#isInert()) return;
    // What is in lists, maps and sets is kept under no name.
    if (Object.prototype.toString.call(values) !== "[object Object]") {
      throw new CoreError(
        "core.unserialisable",
        `expected socket.data to be an object, got ${described(values)}`,
      );
    }
    this.#values = this.#unwrap(values) as Values;
  }

  /** Sets one key, also during a replay; undefined removes it. */
  assign(key: string, value: unknown): void {
    // Also one that is called `__proto__`.
    const property = { value: this.#unwrap(value), configurable: true, enumerable: true, writable: true };
    Object.defineProperty(this.#values, key, property);
  }

  /**
   * What must be written so that the table holds the present value; undefined when it does. A value that cannot be
   * stored is reported and left out; the others are stored.
   */
  changes(): Pick<SocketChanges, "set" | "remove"> | undefined {
    if (this.#stored.size === 0 && this.names.length === 0) return undefined;
    const set = Object.create(null) as Record<string, string>;
    for (const [key, value] of Object.entries(this.#values)) {
      if (value === undefined || !this.#isName(key)) continue;
      const text = serialiseOr(this.#onUnstorable, value, `${this.#path}.${key}`);
      if (text !== undefined && this.#stored.get(key) !== text) set[key] = text;
    }
    const remove = [...this.#stored.keys()].filter(
      (key) => !Object.hasOwn(this.#values, key) || this.#values[key] === undefined,
    );
    if (remove.length === 0 && Object.keys(set).length === 0) return undefined;
    if (this.#isTooLarge(set, remove)) return undefined;
    return { set, remove };
  }

  /** Takes note that `changes` are being written. */
  markStored(changes: Pick<SocketChanges, "set" | "remove">): void {
    for (const [key, text] of Object.entries(changes.set)) this.#stored.set(key, text);
    for (const key of changes.remove) this.#stored.delete(key);
  }

  /** Half a surrogate pair, which a client may have written as `\ud800`, is in no UTF-8 text. */
  #isName(key: string): boolean {
    if (!/\p{Surrogate}/u.test(key)) return true;
    this.#onUnstorable(
      new CoreError(
        "core.unserialisable",
        `expected keys of ${this.#path} to be text, got half a surrogate pair`,
        {
          evidence: { property: this.#path },
        },
      ),
    );
    return false;
  }

  #isTooLarge(set: Readonly<Record<string, string>>, remove: readonly string[]): boolean {
    const kept = new Map(this.#stored);
    for (const key of remove) kept.delete(key);
    for (const [key, text] of Object.entries(set)) kept.set(key, text);
    const bytes = toDataBytes(kept);
    const total = this.#budget.totalWith(this, bytes);
    if (total <= MAX_DATA_BYTES) {
      this.#budget.set(this, bytes);
      return false;
    }
    this.#onUnstorable(
      new CoreError(
        "core.data_too_large",
        "expected what is kept with a socket, its data and its own properties, to be at most " +
          `${MAX_DATA_BYTES} bytes as JSON, got ${total}; the change of ${this.#path} is not stored`,
        { evidence: { bytes: total } },
      ),
    );
    return true;
  }

  /** A view whose writes do nothing during a replay, also through aliases taken in the listener. */
  #viewOf(value: unknown): unknown {
    if (value === null || typeof value !== "object" || !isPlain(value)) return value;
    const known = this.#views?.get(value);
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
    (this.#views ??= new WeakMap()).set(value, view);
    (this.#targets ??= new WeakMap()).set(view, value);
    return view;
  }

  #unwrap(value: unknown): unknown {
    return typeof value === "object" && value !== null ? (this.#targets?.get(value) ?? value) : value;
  }
}

/** `socket.data` out of its row. */
const parseStoredData = (stored: Readonly<Record<string, string>>): Values =>
  Object.fromEntries(Object.entries(stored).map(([key, text]) => [key, JSON.parse(text) as unknown]));

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
