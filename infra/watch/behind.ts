import { types } from "node:util";
import type { AnyFunction, FunctionScopes, Inspected } from "./function-scopes.ts";
import { wordsOf } from "./source-text.ts";
import type { Sources } from "./sources.ts";

/** What of an app a framework's function leads to. */
export interface Behind {
  readonly functions: readonly AnyFunction[];
  /** Made by classes of the app. */
  readonly instances: readonly object[];
}

const MAX_OBJECTS = 3_000;
const MAX_FUNCTIONS = 300;
/** So many more, once something of the app was found: what is behind one function is near together. */
const MAX_AFTER = 150;
const MAX_MEMBERS = 100;

/**
 * Goes through what functions of packages hold, nearest first, until it comes upon the app's: a method that NestJS calls behind
 * rxjs and three wrappers of its own, the middlewares that Koa has composed. Not into Node, nor into this library, nor into
 * what a package keeps for all its functions.
 */
export class BehindFrameworks {
  readonly #scopes: FunctionScopes;
  readonly #sources: Sources;

  constructor(scopes: FunctionScopes, sources: Sources) {
    this.#scopes = scopes;
    this.#sources = sources;
  }

  find(listener: AnyFunction): Behind {
    const functions = new Set<AnyFunction>();
    const instances = new Set<object>();
    const seen = new Set<object>([listener]);
    let inspections = 0;
    let limit = MAX_FUNCTIONS;
    for (const at of seen) {
      if (seen.size > MAX_OBJECTS || inspections > limit) break;
      if (limit === MAX_FUNCTIONS && functions.size + instances.size > 0) limit = inspections + MAX_AFTER;
      if (typeof at === "function") {
        inspections += 1;
        const inspected = this.#scopes.inspect(at as AnyFunction);
        const place = inspected && this.#sources.placeOf(inspected.location);
        if (inspected === undefined) continue;
        if (place !== undefined && this.#sources.isOwn(place.file)) functions.add(inspected.target);
        else if (place !== undefined && this.#sources.isOfPackage(place.file))
          addAll(seen, heldBy(inspected));
        addAll(seen, inspected.bound);
        continue;
      }
      const owner = this.#ownerOf(at);
      if (owner === "app") instances.add(at);
      else if (owner !== "other") addAll(seen, partsOf(at));
    }
    return { functions: [...functions], instances: [...instances] };
  }

  /** Whose class has made it. */
  #ownerOf(instance: object): "app" | "package" | "nobody" | "other" {
    const prototype: unknown = Object.getPrototypeOf(instance);
    if (prototype === null || prototype === Object.prototype) return "nobody";
    if (Array.isArray(instance) || types.isMap(instance) || types.isSet(instance)) return "nobody";
    const made: unknown = (instance as { constructor?: unknown }).constructor;
    const location = typeof made === "function" ? this.#scopes.locate(made as AnyFunction) : undefined;
    const place = location && this.#sources.placeOf(location);
    if (place === undefined) return "other";
    if (this.#sources.isOwn(place.file)) return "app";
    return this.#sources.isOfPackage(place.file) ? "package" : "other";
  }
}

/** A bundler calls the function that it wraps a module in by the module's file. */
export const isOfModule = (description: string): boolean =>
  /^(Module|Script|Closure \((.*[\\/].*|.*\.[cm]?[jt]sx?)\)$)/.test(description);

/** What a function can name, without what belongs to its whole module. */
function heldBy({ target, scopes }: Inspected): readonly unknown[] {
  const words = wordsOf(target);
  const own = scopes.filter(
    ({ description, variables }, index) =>
      !isOfModule(description) &&
      index < scopes.findLastIndex((scope) => scope.description.startsWith("Closure")) &&
      !("module" in variables && "exports" in variables),
  );
  const named = own.flatMap(({ variables }) =>
    Object.entries(variables).flatMap(([name, value]) => (words.has(name) ? [value] : [])),
  );
  return [...named, ...partsOf(target)];
}

/** Accessors are code, which is not run. */
function partsOf(container: object): readonly unknown[] {
  if (types.isMap(container)) return [...container].flat().slice(0, MAX_MEMBERS);
  if (types.isSet(container)) return [...container].slice(0, MAX_MEMBERS);
  return Reflect.ownKeys(container)
    .slice(0, MAX_MEMBERS)
    .map((name) => Object.getOwnPropertyDescriptor(container, name)?.value as unknown);
}

function addAll(seen: Set<object>, values: readonly unknown[]): void {
  for (const value of values)
    if (typeof value === "function" || (typeof value === "object" && value !== null)) seen.add(value);
}
