import type { HandlerCall } from "../../lib/handler-watch.ts";
import { BehindFrameworks, type Behind } from "./behind.ts";
import { contains, digestOf, isPlain, type Digest } from "./digest.ts";
import type { AnyFunction, FunctionScopes, Inspected, Scope, Script } from "./function-scopes.ts";
import { sourceOf, wordsOf } from "./source-text.ts";
import type { Sources, Place } from "./sources.ts";

/** Something that outlives a handler, as it was at one moment. */
export interface Kept extends Digest {
  readonly form: "variable" | "field" | "global";
  /** As its code has it: a field's own name, without its object. */
  readonly name: string;
  /** For people: `users`, `lobby.players`, `global.users`. */
  readonly label: string;
  readonly seenFrom: Place;
  readonly script: Script;
  /** Of the connection listener: made anew before each packet. */
  readonly isOfListener: boolean;
  /** The object itself, where it is one. */
  readonly object?: object | undefined;
  /** The functions that name it, of which one may set it. */
  readonly seers: Set<AnyFunction>;
}

export type Snapshot = ReadonlyMap<string, Kept>;

const MAX_FUNCTIONS = 150;
const MAX_MEMBERS = 100;
const MAX_DEPTH = 2;

/** Takes snapshots of what a listener can reach: its variables, those of the app's functions that it names, and so on. */
export class Snapshots {
  readonly #scopes: FunctionScopes;
  readonly #sources: Sources;
  readonly #ownClasses = new WeakMap<object, boolean>();
  readonly #frameworks: BehindFrameworks;
  /** By what a framework has given for the listener of an event, which is another function for each socket. */
  readonly #behindEvents = new Map<string, Behind>();
  readonly #behind = new WeakMap<AnyFunction, Behind>();

  constructor(scopes: FunctionScopes, sources: Sources) {
    this.#scopes = scopes;
    this.#sources = sources;
    this.#frameworks = new BehindFrameworks(scopes, sources);
  }

  take({ event, listener, others = [], self }: HandlerCall): Snapshot {
    const walk = new Walk(this.#scopes, this.#sources, (instance) => this.#isOwn(instance), self);
    const inner = (listener as { readonly listener?: AnyFunction }).listener ?? listener;
    const behind = [this.#behindEvent(inner, event), ...others.map((one) => this.#behindOf(one))];
    for (const instance of new Set(behind.flatMap(({ instances }) => instances))) walk.fromInstance(instance);
    walk.from([inner, ...others, ...behind.flatMap(({ functions }) => functions)]);
    return walk.found;
  }

  /** What of the app is behind a function that is none of the app's. */
  #behindOf(given: AnyFunction): Behind {
    let found = this.#behind.get(given);
    if (found === undefined) {
      found = this.isOfFramework(given) ? this.#frameworks.find(given) : nothing;
      this.#behind.set(given, found);
    }
    return found;
  }

  #behindEvent(given: AnyFunction, event: string): Behind {
    const location = this.#scopes.locate(given);
    const key = location && `${location.scriptId}:${location.line}:${location.column} ${event}`;
    const found = (key === undefined ? undefined : this.#behindEvents.get(key)) ?? this.#behindOf(given);
    if (key !== undefined) this.#behindEvents.set(key, found);
    return found;
  }

  /** Whether it is a package's function, which may call the app's a little later. */
  isOfFramework(listener: AnyFunction): boolean {
    const location = this.#scopes.locate(listener);
    const place = location && this.#sources.placeOf(location);
    return place !== undefined && this.#sources.isOfPackage(place.file);
  }

  /**
   * What a variable is a part of, where that is declared further out and so stays longer: `rooms` for `const room = rooms[id]` in
   * the listener. Who sees the one sees the other, whether it names it or not.
   */
  holderOf({ name: part, object, seers }: Kept, self: unknown): Kept | undefined {
    const [seer] = seers;
    const inspected = seer && this.#scopes.inspect(seer);
    const seenFrom = inspected && this.#sources.placeOf(inspected.location);
    if (object === undefined || inspected === undefined || seenFrom === undefined) return undefined;
    const own = inspected.scopes.findIndex(({ variables }) => Object.hasOwn(variables, part));
    for (const scope of inspected.scopes.slice(own + 1)) {
      if (isOfListener(scope, self)) continue;
      for (const [name, value] of Object.entries(scope.variables)) {
        const digest = digestOf(value, (instance) => this.#isOwn(instance));
        if (digest.nature !== "data" || !contains(value as object, object)) continue;
        const { script } = inspected.location;
        const about = { form: "variable", name, label: name, seenFrom, script, isOfListener: false } as const;
        return { ...about, ...digest, object: value as object, seers };
      }
    }
    return undefined;
  }

  /** Made by a class of the app. */
  #isOwn(instance: object): boolean {
    const made: unknown = (instance as { constructor?: unknown }).constructor;
    if (typeof made !== "function") return false;
    const known = this.#ownClasses.get(made);
    if (known !== undefined) return known;
    const location = this.#scopes.locate(made as AnyFunction);
    const place = location && this.#sources.placeOf(location);
    const isOwn = place !== undefined && this.#sources.isOwn(place.file);
    this.#ownClasses.set(made, isOwn);
    return isOwn;
  }
}

const nothing: Behind = { functions: [], instances: [] };

/** One snapshot in the making. */
class Walk {
  readonly found = new Map<string, Kept>();
  readonly #scopes: FunctionScopes;
  readonly #sources: Sources;
  readonly #isOwn: (instance: object) => boolean;
  readonly #self: unknown;
  readonly #seen = new Set<string>();
  readonly #objects = new Set<object>();
  readonly #queue: AnyFunction[] = [];

  constructor(scopes: FunctionScopes, sources: Sources, isOwn: (instance: object) => boolean, self: unknown) {
    this.#scopes = scopes;
    this.#sources = sources;
    this.#isOwn = isOwn;
    this.#self = self;
  }

  from(functions: readonly AnyFunction[]): void {
    this.#queue.push(...functions);
    for (let count = 0; count < MAX_FUNCTIONS; count += 1) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#visit(next);
    }
  }

  /** One that a framework calls methods of: its fields by the name of its class. */
  fromInstance(instance: object): void {
    const name = instance.constructor.name;
    const place = this.#placeOf(instance.constructor as AnyFunction);
    if (place === undefined) return;
    const about = { ...place, form: "field", name, label: name, isOfListener: false } as const;
    this.#keepInstance(`instance ${this.#objects.size} ${name}`, instance, { ...about, seers: new Set() }, 0);
  }

  #visit(wanted: AnyFunction): void {
    const inspected = this.#scopes.inspect(wanted);
    const seenFrom = inspected && this.#sources.placeOf(inspected.location);
    if (inspected === undefined || seenFrom === undefined || !this.#sources.isOwn(seenFrom.file)) return;
    const { location, scopes } = inspected;
    const id = `${location.scriptId}:${location.line}:${location.column}`;
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    const words = wordsOf(inspected.target);
    const seen = new Set<string>();
    for (const [index, scope] of scopes.entries()) {
      const isOfThisListener = isOfListener(scope, this.#self);
      for (const word of words) {
        if (seen.has(word) || !Object.hasOwn(scope.variables, word)) continue;
        seen.add(word);
        const key = `${keyOf(scope, inspected, scopes.length - index)} ${word}`;
        this.#keep(key, scope.variables[word], {
          form: "variable",
          name: word,
          label: word,
          seenFrom,
          script: location.script,
          isOfListener: isOfThisListener,
          seers: new Set(),
        });
        this.found.get(key)?.seers.add(inspected.target);
      }
    }
    for (const word of globalsIn(inspected.target, words, seen)) {
      const label = `global.${word}`;
      this.#keep(`global ${word}`, valueOf(globalThis, word), {
        form: "global",
        name: word,
        label,
        seenFrom,
        script: location.script,
        isOfListener: false,
        seers: new Set(),
      });
    }
  }

  #keep(key: string, value: unknown, about: Omit<Kept, keyof Digest>, depth = 0): void {
    if (this.found.has(key)) return;
    if (typeof value === "function") return this.#keepFunction(value as AnyFunction, about, depth);
    const digest = digestOf(value, this.#isOwn);
    if (digest.nature !== "data") return void this.found.set(key, { ...about, ...digest });
    const object = value as object;
    if (!Array.isArray(object) && !isPlain(object) && this.#isOwn(object))
      return this.#keepInstance(key, object, about, depth);
    this.found.set(key, { ...about, ...digest, object });
    if (isPlain(object))
      for (const [, member] of membersOf(object)) if (typeof member === "function") this.#push(member);
  }

  /** A class may have static fields; any function has variables of its own. */
  #keepFunction(value: AnyFunction, about: Omit<Kept, keyof Digest>, depth: number): void {
    this.#push(value);
    if (!/^class\b/.test(sourceOf(value)) || depth > 0) return;
    const { prototype } = value as { prototype?: object };
    if (prototype)
      for (const [, member] of membersOf(prototype)) if (typeof member === "function") this.#push(member);
    const place = this.#placeOf(value);
    if (place === undefined) return;
    for (const [name, member] of membersOf(value)) {
      if (["length", "name", "prototype"].includes(name)) continue;
      const label = `${about.label}.${name}`;
      this.#keep(
        `static ${label}`,
        member,
        { ...about, ...place, form: "field", name, label, isOfListener: false },
        depth + 1,
      );
    }
  }

  /** Its fields one by one, so that the one that changes is named; and what its methods see. */
  #keepInstance(key: string, instance: object, about: Omit<Kept, keyof Digest>, depth: number): void {
    if (this.#objects.has(instance) || depth > MAX_DEPTH) return;
    this.#objects.add(instance);
    const made = instance.constructor as AnyFunction;
    const place = this.#placeOf(made);
    if (place === undefined) return;
    this.#push(made);
    const prototype = Object.getPrototypeOf(instance) as object;
    for (const [, member] of membersOf(prototype)) if (typeof member === "function") this.#push(member);
    const fields = [...membersOf(instance), ...this.#scopes.privateFields(instance)];
    for (const [name, value] of fields) {
      // Node's own, in a class that extends EventEmitter.
      if (/^_(events|eventsCount|maxListeners)$/.test(name)) continue;
      const label = `${about.label}.${name}`;
      this.#keep(`${key}.${name}`, value, { ...about, ...place, form: "field", name, label }, depth + 1);
    }
  }

  #placeOf(made: AnyFunction): Pick<Kept, "seenFrom" | "script"> | undefined {
    const location = this.#scopes.locate(made);
    const seenFrom = location && this.#sources.placeOf(location);
    return seenFrom && this.#sources.isOwn(seenFrom.file) ? { seenFrom, script: location.script } : undefined;
  }

  #push(member: unknown): void {
    this.#queue.push(member as AnyFunction);
  }
}

/** Closed over by who has the socket of this packet: the listener, or what it hands the socket to. */
function isOfListener({ description, variables }: Scope, self: unknown): boolean {
  if (typeof self !== "object" || self === null || /^(Module|Script)/.test(description)) return false;
  return Object.values(variables).includes(self);
}

/** The same scope seen from two functions is one: those of a script's own level by the script, others by what they hold. */
function keyOf({ description, variables }: Scope, { location }: Inspected, height: number): string {
  if (/^(Module|Script)/.test(description)) return `${description} ${location.scriptId}`;
  return `${description} ${height} ${location.scriptId} ${Object.keys(variables).slice(0, 50).join()}`;
}

/** Properties of the global object that a function names, as such or, in sloppy code, as variables that nobody declares. */
function globalsIn(
  value: AnyFunction,
  words: ReadonlySet<string>,
  declared: ReadonlySet<string>,
): readonly string[] {
  const named = [...sourceOf(value).matchAll(/\bglobal(?:This)?\.([A-Za-z_$][\w$]*)/g)].map(
    ([, name]) => name ?? "",
  );
  const bare = [...words].filter(
    (word) =>
      !declared.has(word) && Object.hasOwn(globalThis, word) && !builtIn.has(word) && !isCounter(value, word),
  );
  return [...new Set([...named, ...bare])].filter((name) => !builtIn.has(name));
}

/** `for (i = 0; …)` of sloppy code: each loop begins with a value of its own, and nobody looks at the last one's. */
const isCounter = (value: AnyFunction, word: string): boolean =>
  new RegExp(`\\bfor\\s*\\(\\s*${word.replaceAll("$", "\\$")}\\s*(=[^=]|in\\b|of\\b)`).test(sourceOf(value));

/** What is there before an app is. */
const builtIn = new Set(Object.getOwnPropertyNames(globalThis));

/** Data properties; accessors are code, which is not run. */
function membersOf(object: object): [string, unknown][] {
  const names = Object.getOwnPropertyNames(object).slice(0, MAX_MEMBERS);
  return names.flatMap((name): [string, unknown][] => {
    const descriptor = Object.getOwnPropertyDescriptor(object, name);
    return descriptor !== undefined && "value" in descriptor && name !== "constructor"
      ? [[name, descriptor.value]]
      : [];
  });
}

const valueOf = (object: object, name: string): unknown =>
  Object.getOwnPropertyDescriptor(object, name)?.value as unknown;
