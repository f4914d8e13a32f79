import type { DisconnectReason } from "../protocol/reasons.ts";
import { CatchAllListeners } from "./replay/catch-all-listeners.ts";
import type { EventMiddleware } from "./replay/replay-ports.ts";
import type { Runtime } from "../engine/runtime.ts";
import { currentRun } from "./replay/listener-run.ts";
import { admitRegistration, requireListener } from "./replay/registration.ts";
import type { SocketState } from "./replay/socket-state.ts";
import {
  TypedEmitter,
  type EventNames,
  type EventsMap,
  type Listener,
  type ListenerOf,
  type Untyped,
} from "./replay/typed-events.ts";

export interface SocketReservedEvents {
  /** The second argument of Socket.IO's, which tells more, is never there. */
  disconnect: (reason: DisconnectReason, details?: Untyped) => void;
  disconnecting: (reason: DisconnectReason, details?: Untyped) => void;
  error: (error: Error) => void;
}

/** A method, so that a listener may name some events only: `(event: "a" | "b", data: Data) => …`. */
type CatchAll = { listen(event: string, ...args: Untyped[]): unknown }["listen"];

/** A `once` that is used up: its listener, and how many listeners its event had before it. */
interface Spent {
  readonly event: string;
  readonly listener: Listener<never[]>;
  readonly position: number | "first";
}

/** What a socket listens to: its half that a replay makes anew for every packet. */
export abstract class SocketListeners<Listen extends EventsMap> extends TypedEmitter<
  Listen,
  SocketReservedEvents
> {
  readonly #state: SocketState;
  readonly #ports: { readonly runtime: Runtime };
  readonly #middlewares: EventMiddleware[] = [];
  readonly #catchAll = new CatchAllListeners();
  readonly #catchAllOutgoing = new CatchAllListeners();
  readonly #onceCounts = new Map<string, number>();
  /** By key, in the order of registration. */
  readonly #spent = new Map<string, Spent>();

  constructor(state: SocketState, ports: { readonly runtime: Runtime }) {
    super();
    this.#state = state;
    this.#ports = ports;
  }

  override on<Name extends EventNames<Listen> | EventNames<SocketReservedEvents>>(
    event: Name,
    listener: ListenerOf<Listen, SocketReservedEvents, Name>,
  ): this {
    this.#admit("on", event, listener);
    return super.on(event, listener);
  }

  /** Handles the event once in the life of the socket, not once a packet. */
  override once<Name extends EventNames<Listen> | EventNames<SocketReservedEvents>>(
    event: Name,
    listener: ListenerOf<Listen, SocketReservedEvents, Name>,
  ): this {
    this.#admit("once", event, listener);
    const spend = this.#toSpend(event, listener, this.listenerCount(event));
    return spend ? super.on(event, spend) : this;
  }

  override prependListener<Name extends EventNames<Listen> | EventNames<SocketReservedEvents>>(
    event: Name,
    listener: ListenerOf<Listen, SocketReservedEvents, Name>,
  ): this {
    this.#admit("prependListener", event, listener);
    return super.prependListener(event, listener);
  }

  override prependOnceListener<Name extends EventNames<Listen> | EventNames<SocketReservedEvents>>(
    event: Name,
    listener: ListenerOf<Listen, SocketReservedEvents, Name>,
  ): this {
    this.#admit("prependOnceListener", event, listener);
    const spend = this.#toSpend(event, listener, "first");
    return spend ? super.prependListener(event, spend) : this;
  }

  override off<Name extends EventNames<Listen> | EventNames<SocketReservedEvents>>(
    event: Name,
    listener: ListenerOf<Listen, SocketReservedEvents, Name>,
  ): this {
    this.#admit("off", event, listener);
    return super.off(event, listener);
  }

  override removeAllListeners(event?: string): this {
    this.#admit("removeAllListeners", event ?? "*", () => undefined);
    return super.removeAllListeners(event);
  }

  /** Runs for every event of this socket, before its handlers; `next(error)` drops the event. */
  use(middleware: EventMiddleware): this {
    this.#admit("use", "*", middleware);
    this.#middlewares.push(middleware);
    return this;
  }

  onAny(listener: CatchAll): this {
    this.#admit("onAny", "*", listener);
    this.#catchAll.append(listener);
    return this;
  }

  prependAny(listener: CatchAll): this {
    this.#admit("prependAny", "*", listener);
    this.#catchAll.prepend(listener);
    return this;
  }

  offAny(listener?: CatchAll): this {
    this.#admit("offAny", "*", listener ?? (() => undefined));
    this.#catchAll.remove(listener);
    return this;
  }

  listenersAny(): CatchAll[] {
    return this.#catchAll.list();
  }

  /** Hears of what this socket's own code emits to it; of broadcasts that reach it, no instance could tell it. */
  onAnyOutgoing(listener: CatchAll): this {
    this.#admit("onAnyOutgoing", "*", listener);
    this.#catchAllOutgoing.append(listener);
    return this;
  }

  prependAnyOutgoing(listener: CatchAll): this {
    this.#admit("prependAnyOutgoing", "*", listener);
    this.#catchAllOutgoing.prepend(listener);
    return this;
  }

  offAnyOutgoing(listener?: CatchAll): this {
    this.#admit("offAnyOutgoing", "*", listener ?? (() => undefined));
    this.#catchAllOutgoing.remove(listener);
    return this;
  }

  listenersAnyOutgoing(): CatchAll[] {
    return this.#catchAllOutgoing.list();
  }

  /** @internal */
  get eventMiddlewares(): readonly EventMiddleware[] {
    return this.#middlewares;
  }

  /** @internal As an event of the journal found them: those of `once` that it used up are where they were. */
  listenersWith(spent: readonly string[], event: string): Listener<never[]>[] {
    const listeners = this.rawListeners(event);
    let inserted = 0;
    for (const [key, { position, listener, event: ofEvent }] of this.#spent) {
      if (ofEvent !== event || !spent.includes(key)) continue;
      listeners.splice(position === "first" ? 0 : position + inserted, 0, listener);
      inserted += 1;
    }
    return listeners;
  }

  /** A listener of `once`; undefined when it has been used up. */
  #toSpend<Name extends EventNames<Listen> | EventNames<SocketReservedEvents>>(
    event: Name,
    listener: ListenerOf<Listen, SocketReservedEvents, Name>,
    position: Spent["position"],
  ): ListenerOf<Listen, SocketReservedEvents, Name> | undefined {
    const ordinal = this.#onceCounts.get(event) ?? 0;
    this.#onceCounts.set(event, ordinal + 1);
    // A client may have named it: half a surrogate pair is in no text that can be stored.
    const key = `${ordinal} ${event.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`)}`;
    if (this.#state.spent.has(key)) {
      this.#spent.set(key, { event, listener, position });
      return undefined;
    }
    const spend = (...args: unknown[]): unknown => {
      if (this.#state.spent.has(key)) return undefined;
      this.#state.spent.add(key);
      super.off(event, spend as ListenerOf<Listen, SocketReservedEvents, Name>);
      currentRun()?.spent.push(key);
      return (listener as Listener<unknown[]>).apply(this, args);
    };
    // As Node's own `once` does, so that `off` finds it by the listener it was given.
    Object.assign(spend, { listener });
    return spend as ListenerOf<Listen, SocketReservedEvents, Name>;
  }

  #admit(what: string, event: string, listener: unknown): void {
    requireListener(event, listener);
    admitRegistration(this.#state, this.#ports.runtime, `${what} ${JSON.stringify(event)}`);
  }
}
