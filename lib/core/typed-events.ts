import { EventEmitter } from "node:events";

/** Maps event names to listener signatures, as the four type parameters of `Server` take it. */
export interface EventsMap {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a listener may take anything
  [event: string]: any;
}

/** Any event with any arguments: the default of every type parameter. */
export interface DefaultEventsMap {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a listener may take anything
  [event: string]: (...args: any[]) => void;
}

export type EventNames<Map extends EventsMap> = keyof Map & string;

export type EventParams<Map extends EventsMap, Name extends EventNames<Map>> = Parameters<Map[Name]>;

/** A listener of the app: what it returns may be a promise, and the turn waits for it. */
export type Listener<Args extends unknown[]> = (...args: Args) => unknown;

type Callable<T> = T extends (...args: infer Args) => unknown ? Listener<Args> : Listener<unknown[]>;

/** The listener of a user's event, or of a reserved one, which wins. */
export type ListenerOf<
  Listen extends EventsMap,
  Reserved extends EventsMap,
  Name,
> = Name extends keyof Reserved
  ? Callable<Reserved[Name]>
  : Name extends keyof Listen
    ? Callable<Listen[Name]>
    : never;

/**
 * Node's EventEmitter with names and arguments checked. `emitReserved` calls the listeners and collects what they
 * return, so that a turn can wait for asynchronous ones.
 */
export abstract class TypedEmitter<Listen extends EventsMap, Reserved extends EventsMap> {
  // Private by #, so that a socket's own enumerable properties are those which the app has set.
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  on<Name extends EventNames<Listen> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<Listen, Reserved, Name>,
  ): this {
    this.#emitter.on(event, listener);
    return this;
  }

  once<Name extends EventNames<Listen> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<Listen, Reserved, Name>,
  ): this {
    this.#emitter.once(event, listener);
    return this;
  }

  off<Name extends EventNames<Listen> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<Listen, Reserved, Name>,
  ): this {
    this.#emitter.off(event, listener);
    return this;
  }

  addListener<Name extends EventNames<Listen> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<Listen, Reserved, Name>,
  ): this {
    return this.on(event, listener);
  }

  removeListener<Name extends EventNames<Listen> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<Listen, Reserved, Name>,
  ): this {
    return this.off(event, listener);
  }

  removeAllListeners(event?: string): this {
    this.#emitter.removeAllListeners(event);
    return this;
  }

  listeners(event: string): Listener<never[]>[] {
    return this.#emitter.rawListeners(event) as Listener<never[]>[];
  }

  listenerCount(event: string): number {
    return this.#emitter.listenerCount(event);
  }

  hasListeners(event: string): boolean {
    return this.#emitter.listenerCount(event) > 0;
  }

  eventNames(): (string | symbol)[] {
    return this.#emitter.eventNames();
  }
}
