import { collectionMethod } from "./collection-views.ts";
import { isCollection, type Collection, type Seen, type Watcher } from "./watcher.ts";

/** What every view answers with true, for those who walk over the values of an app. */
export const IS_LIVE = Symbol.for("nonsticky.live");

/**
 * What the app gets to see of arrays, objects, maps and sets: a view of each, the same whenever it is asked for, through
 * which every reading and writing is noticed, also in aliases that the app has kept. It is an `Array` to
 * `Array.isArray`, a `Map` to `instanceof`, prints and serialises as what is behind it.
 */
export class Views implements Seen {
  readonly #watcher: Watcher;
  readonly #views = new WeakMap<object, object>();
  readonly #targets = new WeakMap<object, object>();

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  /** What is behind a view; anything else is itself. */
  readonly unwrap = (value: unknown): unknown =>
    typeof value === "object" && value !== null ? (this.#targets.get(value) ?? value) : value;

  /** What the app gets of a value that was found in `parent`. */
  reach(parent: object, key: unknown, given: unknown): unknown {
    const value = this.unwrap(given);
    if (isContainer(value)) {
      this.#watcher.onReached(parent, key, value);
      return this.viewOf(value);
    }
    this.#watcher.onRead(parent, key);
    return value;
  }

  viewOf(target: object): object {
    const known = this.#views.get(target);
    if (known) return known;
    const view = new Proxy(target, isCollection(target) ? this.#collection : this.#plain);
    this.#views.set(target, view);
    this.#targets.set(view, target);
    return view;
  }

  readonly #plain: ProxyHandler<object> = {
    get: (target, key, receiver) => {
      if (key === IS_LIVE) return true;
      const value: unknown = Reflect.get(target, key, receiver);
      if (typeof key === "symbol") return value;
      if (typeof value === "function")
        return Array.isArray(target) ? this.#listMethod(target, key, value) : value;
      // A proxy must answer a frozen property with its very value.
      return Object.isFrozen(target) ? value : this.reach(target, key, value);
    },
    has: (target, key) => {
      this.#watcher.onRead(target, key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor: (target, key) => {
      const found = Reflect.getOwnPropertyDescriptor(target, key);
      if (found === undefined) this.#watcher.onRead(target, key);
      return found?.configurable && "value" in found && typeof key === "string"
        ? { ...found, value: this.reach(target, key, found.value) }
        : found;
    },
    set: (target, key, next) =>
      !this.#watcher.admitsWrite(target, key, { value: next }) || Reflect.set(target, key, this.unwrap(next)),
    deleteProperty: (target, key) =>
      !this.#watcher.admitsWrite(target, key) || Reflect.deleteProperty(target, key),
    defineProperty: (target, key, descriptor) => {
      const isValue = "value" in descriptor;
      if (!this.#watcher.admitsWrite(target, key, { value: descriptor.value })) return true;
      return Reflect.defineProperty(
        target,
        key,
        isValue ? { ...descriptor, value: this.unwrap(descriptor.value) } : descriptor,
      );
    },
  };

  readonly #collection: ProxyHandler<object> = {
    get: (target, key) => key === IS_LIVE || collectionMethod(target as Collection, key, this, this.#watcher),
  };

  /** An item is found by itself, as well as by its view. */
  #listMethod(target: unknown[], key: string, method: unknown): unknown {
    if (key !== "includes" && key !== "indexOf" && key !== "lastIndexOf") return method;
    const items = () => target.map(this.unwrap);
    return (wanted: unknown, ...from: [number?]) =>
      (items()[key] as (wanted: unknown, ...from: [number?]) => unknown)(this.unwrap(wanted), ...from);
  }
}

/** What has something inside that may change. Dates and bytes are replaced as a whole. */
export function isContainer(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value) || isCollection(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
