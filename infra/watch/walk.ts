import { isOfModule } from "./behind.ts";
import { digestOf, identityOf, isPlain, kindOf, type Digest } from "./digest.ts";
import type { AnyFunction, FunctionScopes, Inspected, Scope } from "./function-scopes.ts";
import type { Kept } from "./kept.ts";
import type { ListenerScopes } from "./listener-scopes.ts";
import { sourceOf, wordsOf } from "./source-text.ts";
import type { Sources } from "./sources.ts";

const MAX_FUNCTIONS = 150;
const MAX_MEMBERS = 100;
const MAX_DEPTH = 2;

/** One snapshot in the making. */
export class Walk {
  readonly found = new Map<string, Kept>();
  /** Functions that a function of the app was given, and that may be a framework's. */
  readonly handed = new Set<AnyFunction>();
  readonly #scopes: FunctionScopes;
  readonly #sources: Sources;
  readonly #isOwn: (instance: object) => boolean;
  readonly #listener: ListenerScopes;
  readonly #seen = new Set<string>();
  readonly #objects = new Set<object>();
  readonly #queue: AnyFunction[] = [];

  constructor(
    scopes: FunctionScopes,
    sources: Sources,
    isOwn: (instance: object) => boolean,
    listener: ListenerScopes,
  ) {
    this.#scopes = scopes;
    this.#sources = sources;
    this.#isOwn = isOwn;
    this.#listener = listener;
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
      const isOfThisListener = this.#listener.has(inspected, index);
      for (const word of words) {
        if (seen.has(word) || !Object.hasOwn(scope.variables, word)) continue;
        seen.add(word);
        const value = scope.variables[word];
        if (typeof value === "function" && !isOfModule(scope.description))
          this.handed.add(value as AnyFunction);
        const key = `${keyOf(scope, inspected, scopes.length - index)} ${word}`;
        this.#keep(key, value, {
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
    const digest = digestOf(value, this.#isOwn);
    if (typeof value === "function") {
      // Of the module it is code; a listener that is handed one, to call it for a later packet, has it once.
      if (isVariableOfListener(about)) this.found.set(key, { ...about, ...digest });
      return this.#keepFunction(value as AnyFunction, about, depth);
    }
    if (digest.nature !== "data") return void this.found.set(key, { ...about, ...digest });
    const object = value as object;
    if (!Array.isArray(object) && !isPlain(object) && this.#isOwn(object)) {
      const which = {
        nature: "instance",
        text: identityOf(object),
        kind: kindOf(object),
        holdsSockets: false,
      } as const;
      if (isVariableOfListener(about)) this.found.set(key, { ...about, ...which });
      return this.#keepInstance(key, object, about, depth);
    }
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

const isVariableOfListener = ({ form, isOfListener }: Omit<Kept, keyof Digest>): boolean =>
  form === "variable" && isOfListener;

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
