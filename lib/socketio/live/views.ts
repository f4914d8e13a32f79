import { collectionMethod } from "./collection-views.ts";
import { define } from "./define.ts";
import {
  refuseClosing,
  refuseKey,
  requirePlainProperty,
  requirePropertyKey,
  requireSamePrototype,
} from "./plain-changes.ts";
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
      // What it inherits is nobody's value.
      if (key === "__proto__" && !Object.hasOwn(target, key)) {
        this.#watcher.onRead(target, key);
        return value;
      }
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
    set: (target, key, next) => {
      requirePropertyKey(target, key, () => this.#watcher.titleOf(target));
      if (!this.#watcher.admitsWrite(target, key, { value: next })) return true;
      const value = this.unwrap(next);
      // As a key that somebody has chosen, and not as what the object inherits from.
      if (key === "__proto__") define(target, key, value);
      return key === "__proto__" || Reflect.set(target, key, value);
    },
    deleteProperty: (target, key) =>
      !this.#watcher.admitsWrite(target, key) || Reflect.deleteProperty(target, key),
    defineProperty: (target, key, descriptor) => {
      const title = () => this.#watcher.titleOf(target);
      requirePropertyKey(target, key, title);
      requirePlainProperty(target, key as string, descriptor, title);
      const isValue = "value" in descriptor;
      if (!this.#watcher.admitsWrite(target, key, { value: descriptor.value })) return true;
      return Reflect.defineProperty(
        target,
        key,
        isValue ? { ...descriptor, value: this.unwrap(descriptor.value) } : descriptor,
      );
    },
    preventExtensions: (target) => refuseClosing(this.#watcher.titleOf(target)),
    setPrototypeOf: (target, prototype) =>
      requireSamePrototype(target, prototype, () => this.#watcher.titleOf(target)),
  };

  readonly #collection: ProxyHandler<object> = {
    get: (target, key) => key === IS_LIVE || collectionMethod(target as Collection, key, this, this.#watcher),
    set: (target, key) => this.#refuseProperty(target, key),
    defineProperty: (target, key) => this.#refuseProperty(target, key),
    preventExtensions: (target) => refuseClosing(this.#watcher.titleOf(target)),
    setPrototypeOf: (target, prototype) =>
      requireSamePrototype(target, prototype, () => this.#watcher.titleOf(target)),
  };

  #refuseProperty(target: object, key: string | symbol): never {
    const wanted =
      target instanceof Map ? "keys, by set, and no properties" : "items, by add, and no properties";
    return refuseKey(this.#watcher.titleOf(target), wanted, key);
  }

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
