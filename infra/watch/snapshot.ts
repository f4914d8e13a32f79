import type { HandlerCall } from "../../lib/handler-watch.ts";
import { BehindFrameworks, type Behind } from "./behind.ts";
import { contains, digestOf } from "./digest.ts";
import type { AnyFunction, FunctionScopes } from "./function-scopes.ts";
import type { Kept, Snapshot } from "./kept.ts";
import { ListenerScopes, toMaker, type Maker } from "./listener-scopes.ts";
import type { Sources } from "./sources.ts";
import { Walk } from "./walk.ts";

const MAX_HANDED = 5;

/** Takes snapshots of what a listener can reach: its variables, those of the app's functions that it names, and so on. */
export class Snapshots {
  readonly #scopes: FunctionScopes;
  readonly #sources: Sources;
  readonly #ownClasses = new WeakMap<object, boolean>();
  readonly #frameworks: BehindFrameworks;
  /** By what a framework has given for the listener of an event, which is another function for each socket. */
  readonly #behindEvents = new Map<string, Behind>();
  readonly #makers = new WeakMap<AnyFunction, Maker | undefined>();
  readonly #behind = new WeakMap<AnyFunction, Behind>();

  constructor(scopes: FunctionScopes, sources: Sources) {
    this.#scopes = scopes;
    this.#sources = sources;
    this.#frameworks = new BehindFrameworks(scopes, sources);
  }

  take(call: HandlerCall): Snapshot {
    const { event, listener, others = [] } = call;
    const isOwn = (instance: object) => this.#isOwn(instance);
    const walk = new Walk(this.#scopes, this.#sources, isOwn, this.#listenerOf(call));
    const inner = (listener as { readonly listener?: AnyFunction }).listener ?? listener;
    const behind = [this.#behindEvent(inner, event), ...others.map((one) => this.#behindOf(one))];
    for (const instance of new Set(behind.flatMap(({ instances }) => instances))) walk.fromInstance(instance);
    walk.from([inner, ...others, ...behind.flatMap(({ functions }) => functions)]);
    // A listener of the app's may call a framework in turn.
    for (const one of [...walk.handed].slice(0, MAX_HANDED)) {
      const { functions, instances } = this.#behindEvent(one, event);
      for (const instance of instances) walk.fromInstance(instance);
      walk.from(functions);
    }
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
  holderOf({ name: part, object, seers }: Kept, call: HandlerCall): Kept | undefined {
    const listener = this.#listenerOf(call);
    const [seer] = seers;
    const inspected = seer && this.#scopes.inspect(seer);
    const seenFrom = inspected && this.#sources.placeOf(inspected.location);
    if (object === undefined || inspected === undefined || seenFrom === undefined) return undefined;
    const own = inspected.scopes.findIndex(({ variables }) => Object.hasOwn(variables, part));
    for (const [index, scope] of inspected.scopes.entries()) {
      if (index <= own || listener.has(inspected, index)) continue;
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

  #listenerOf({ self, makers = [] }: HandlerCall): ListenerScopes {
    return new ListenerScopes(
      self,
      makers.flatMap((maker) => this.#makerOf(maker) ?? []),
    );
  }

  #makerOf(listener: AnyFunction): Maker | undefined {
    if (!this.#makers.has(listener)) {
      const inspected = this.#scopes.inspect(listener);
      this.#makers.set(listener, inspected && toMaker(inspected));
    }
    return this.#makers.get(listener);
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
