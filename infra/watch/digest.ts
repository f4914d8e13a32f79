/** What a value is worth looking at as. */
export type Nature = "empty" | "primitive" | "data" | "instance" | "socket" | "opaque";

export interface Digest {
  readonly nature: Nature;
  /** Differs when the value does, as far as it was looked at. */
  readonly text: string;
  /** For people: `Array`, `Map`, `number`. */
  readonly kind: string;
  /** It is a socket, or there is one in it. */
  readonly holdsSockets: boolean;
}

/** Looking at more would take longer than handlers do; lengths are compared beyond it. */
const MAX_NODES = 2_000;
const MAX_TEXT = 200;

/**
 * A short text for a value, to be compared with that of a later moment. No code of the app runs: accessors are not
 * read. `isOwn` tells the app's classes, whose fields are looked at, from those of packages, which are left alone.
 */
export function digestOf(value: unknown, isOwn: (instance: object) => boolean): Digest {
  const holdsSockets = false;
  if (value === undefined || value === null) {
    return { nature: "empty", text: String(value), kind: String(value), holdsSockets };
  }
  if (typeof value === "function")
    return { nature: "opaque", text: "function", kind: "function", holdsSockets };
  if (typeof value !== "object") {
    return { nature: "primitive", text: primitive(value), kind: typeof value, holdsSockets };
  }
  const kind = kindOf(value);
  if (isLive(value)) return { nature: "opaque", text: "live", kind, holdsSockets };
  if (isSocket(value))
    return { nature: "socket", text: `socket ${identityOf(value)}`, kind, holdsSockets: true };
  if (!isData(value, isOwn)) return { nature: "opaque", text: "opaque", kind, holdsSockets };
  const hash = new Hash(isOwn);
  return { nature: "data", text: hash.of(value), kind, holdsSockets: hash.holdsSockets };
}

/** Whether an object is a part of another, near enough to have been looked at. */
export function contains(outer: object, part: object | undefined): boolean {
  const seen = new Set<unknown>([outer]);
  for (const at of seen) {
    if (at === part) return true;
    if (seen.size > MAX_NODES || typeof at !== "object" || at === null) continue;
    const parts: Iterable<unknown> =
      at instanceof Map
        ? at.values()
        : at instanceof Set
          ? at
          : Object.values(Object.getOwnPropertyDescriptors(at)).map(({ value }) => value as unknown);
    for (const one of parts) seen.add(one);
  }
  return false;
}

export const kindOf = (value: object): string => {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "Object";
};

export const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

function isData(value: object, isOwn: (instance: object) => boolean): boolean {
  if (Array.isArray(value) || value instanceof Map || value instanceof Set || value instanceof Date)
    return true;
  return isPlain(value) || ArrayBuffer.isView(value) || isOwn(value);
}

/** One of this package's, from whatever copy of it. */
function isSocket(value: object): boolean {
  const has = (name: string) => name in value;
  return has("nsp") && has("handshake") && has("rooms") && !isPlain(value);
}

/** Kept in the table, or with the socket: its changes are seen everywhere. */
const isLive = (value: object): boolean => (value as { readonly [LIVE]?: unknown })[LIVE] === true;

const LIVE = Symbol.for("nonsticky.live");

/** Walks breadth first, so that what is near is seen however much lies below. */
class Hash {
  holdsSockets = false;
  #state = 0x811c9dc5;
  #left = MAX_NODES;
  readonly #isOwn: (instance: object) => boolean;

  constructor(isOwn: (instance: object) => boolean) {
    this.#isOwn = isOwn;
  }

  of(root: object): string {
    const seen = new Set<object>([root]);
    const queue: object[] = [root];
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return this.#add(primitive(value));
      if (seen.has(value)) return this.#add("seen");
      seen.add(value);
      this.holdsSockets ||= isSocket(value);
      if (isSocket(value) || isLive(value) || !isData(value, this.#isOwn))
        return this.#add(identityOf(value));
      queue.push(value);
      this.#add(kindOf(value));
    };
    for (let at = queue.shift(); at !== undefined && this.#left > 0; at = queue.shift())
      this.#walk(at, visit);
    return this.#state.toString(36);
  }

  #walk(value: object, visit: (part: unknown) => void): void {
    if (value instanceof Date) return this.#add(String(value.getTime()));
    if (ArrayBuffer.isView(value)) return this.#add(String(value.byteLength));
    if (value instanceof Map || value instanceof Set) {
      this.#add(String(value.size));
      // The newest are at the end, and what is beyond the limit is told by the size.
      for (const part of value) {
        if (this.#left <= 0) return;
        if (value instanceof Map) for (const each of part as [unknown, unknown]) visit(each);
        else visit(part);
      }
      return;
    }
    const keys = Reflect.ownKeys(value).filter((key): key is string => typeof key === "string");
    this.#add(String(keys.length));
    for (const key of keys.length > MAX_NODES ? keys.slice(-MAX_NODES / 2) : keys) {
      if (this.#left <= 0) return;
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      if (descriptor === undefined || !("value" in descriptor)) continue;
      this.#add(key);
      visit(descriptor.value);
    }
  }

  #add(text: string): void {
    this.#left -= 1;
    for (let index = 0; index < text.length; index += 1) {
      this.#state = Math.imul(this.#state ^ text.charCodeAt(index), 0x01000193) >>> 0;
    }
    this.#state = Math.imul(this.#state ^ 31, 0x01000193) >>> 0;
  }
}

function primitive(value: unknown): string {
  if (typeof value === "function") return "function";
  if (typeof value !== "string") return `${typeof value} ${String(value)}`;
  return value.length <= MAX_TEXT
    ? `string ${value}`
    : `string ${value.length} ${value.slice(0, 50)}${value.slice(-MAX_TEXT)}`;
}

const identities = new WeakMap<object, string>();
let known = 0;

export function identityOf(value: object): string {
  let found = identities.get(value);
  if (found === undefined) identities.set(value, (found = `@${(known += 1)}`));
  return found;
}
