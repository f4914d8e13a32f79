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

/**
 * What no type parameter tells: data and arguments of untyped apps. As in Socket.IO, anything may be done with them, so
 * that `function handle(socket: Socket) { socket.data.user = 1 }` compiles.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- says so in one place
export type Untyped = any;

export type EventNames<Map extends EventsMap> = keyof Map & string;

export type EventParams<Map extends EventsMap, Name extends EventNames<Map>> = Parameters<Map[Name]>;

/* eslint-disable @typescript-eslint/no-explicit-any -- these types take listeners apart, whatever they take */

type AnyFunction = (...args: any[]) => any;
/** Whether or not it may be left out; `never` where there is none. */
type Last<Args extends unknown[]> = Required<Args> extends [...any, infer Final] ? Final : Args[number];
type IsAny<T> = 0 extends 1 & T ? true : false;
type AllButLast<Args extends unknown[]> = Args extends [...infer Head, any]
  ? Head
  : Required<Args> extends [...infer Head, any]
    ? Head
    : any[];
type FirstNonError<Args extends unknown[]> = Args[0] extends Error ? Args[1] : Args[0];

/** Events whose last argument is an acknowledgement; all events of maps that do not tell. */
export type EventNamesWithAck<Map extends EventsMap, Name extends EventNames<Map> = EventNames<Map>> = {
  [Each in Name]: IsAny<Map[Each] | Last<Parameters<Map[Each]>>> extends true
    ? Each
    : [Last<Parameters<Map[Each]>>] extends [never]
      ? never
      : Last<Parameters<Map[Each]>> extends AnyFunction
        ? Each
        : never;
}[Name];

/** What such an event takes besides its acknowledgement. */
export type ParamsWithoutAck<Map extends EventsMap, Name extends EventNames<Map>> = AllButLast<
  Parameters<Map[Name]>
>;

/** What `emitWithAck` resolves with: the first argument of the answer. */
export type AckResult<Map extends EventsMap, Name extends EventNames<Map>> =
  Last<Parameters<Map[Name]>> extends (...args: infer Args) => any ? FirstNonError<Args> : any;

/** One that may be left out is decorated as well. */
type DecorateAcks<Args extends unknown[], How extends "single" | "multiple"> = {
  [Key in keyof Args]: NonNullable<Args[Key]> extends (...args: infer AckArgs) => infer Result
    ? | Extract<Args[Key], null | undefined>
      | (How extends "single"
          ? AckArgs[0] extends Error
            ? NonNullable<Args[Key]>
            : (error: Error, ...args: AckArgs) => Result
          : (error: Error, responses: FirstNonError<AckArgs>[]) => Result)
    : Args[Key];
};

type DecorateEvents<Map, How extends "single" | "multiple"> = {
  [Name in keyof Map]: Map[Name] extends (...args: infer Args) => infer Result
    ? (...args: DecorateAcks<Args, How>) => Result
    : Map[Name];
};

/** After `timeout()`: an acknowledgement may be an error. */
export type DecorateAcknowledgements<Map> = DecorateEvents<Map, "single">;
/** To many: an acknowledgement is an error, and the answers there are. */
export type DecorateAcknowledgementsWithMultipleResponses<Map> = DecorateEvents<Map, "multiple">;

/* eslint-enable @typescript-eslint/no-explicit-any */

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
 * Node's EventEmitter with names and arguments checked, and without `emit`: listeners are called one by one, so that a
 * turn can wait for asynchronous ones.
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

  prependListener<Name extends EventNames<Listen> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<Listen, Reserved, Name>,
  ): this {
    this.#emitter.prependListener(event, listener);
    return this;
  }

  prependOnceListener<Name extends EventNames<Listen> | EventNames<Reserved>>(
    event: Name,
    listener: ListenerOf<Listen, Reserved, Name>,
  ): this {
    this.#emitter.prependOnceListener(event, listener);
    return this;
  }

  removeAllListeners(event?: string): this {
    this.#emitter.removeAllListeners(event);
    return this;
  }

  listeners(event: string): Listener<Untyped[]>[] {
    return this.#emitter.listeners(event) as Listener<Untyped[]>[];
  }

  /** Those of `once` with what takes them off when they are called: for whoever calls them. */
  rawListeners(event: string): Listener<Untyped[]>[] {
    return this.#emitter.rawListeners(event) as Listener<Untyped[]>[];
  }

  /** Accepted; nothing warns of many listeners. */
  setMaxListeners(count: number): this {
    this.#emitter.setMaxListeners(count);
    return this;
  }

  /** 0, for no limit, unless it was set. */
  getMaxListeners(): number {
    return this.#emitter.getMaxListeners();
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
