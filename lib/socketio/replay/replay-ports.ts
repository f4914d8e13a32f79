import type { Runtime } from "../../engine/runtime.ts";
import type { Session } from "../../engine/session.ts";
import type { Turn } from "../../engine/turn.ts";
import type { FailureReport } from "./handler-failure.ts";
import type { ReplayCheck } from "./replay-check.ts";
import type { SocketState } from "./socket-state.ts";
import type { Listener, Untyped } from "./typed-events.ts";

/** What a replay needs of the server. */
export interface ReplayPorts extends FailureReport {
  /** Throws `core.no_runtime` until the server has been given one. */
  readonly runtime: Runtime;
  /** Undefined: replays are not compared with the live run. */
  readonly replayCheck: ReplayCheck | undefined;
}

/** A namespace, as far as its sockets are made anew. */
export interface ReplayedNamespace {
  readonly name: string;
  listeners(event: string): Listener<never[]>[];
  /** `replay`: its connection listeners are only to bind handlers. */
  createSocket(session: Session, state: SocketState, turn: Turn, replay?: Binding): ReplayedSocket;
}

export interface Binding {
  isBinding(): boolean;
}

/** An event as `socket.use` sees it: its name, then its arguments. */
export type Event = [event: string, ...args: Untyped[]];
export type EventMiddleware = (event: Event, next: (error?: Error) => void) => unknown;

/** Whose handlers are called. */
export interface HandlingSocket {
  readonly id: string;
  readonly internalState?: { noteHandled(event: string): void };
  readonly nsp: { readonly name: string; listeners?(event: string): Listener<never[]>[] };
  rawListeners(event: string): Listener<never[]>[];
}

/** A socket for the length of one packet, as far as the library itself works with it. */
export interface ReplayedSocket extends HandlingSocket {
  readonly internalState: SocketState;
  readonly eventMiddlewares: readonly EventMiddleware[];
  /** Resolves when its connection listeners have bound their handlers, asynchronous ones included. */
  bound: Promise<void>;
  hasListeners(event: string): boolean;
  listenersAny(): Listener<[event: string, ...args: unknown[]]>[];
  /** As an event of the journal found them: those of `once` that it used up are where they were. */
  listenersWith(spent: readonly string[], event: string): Listener<never[]>[];
  /** Makes the socket as its packet finds it: with what the app has put on it and on its request. */
  restore<T>(bind: () => T): T;
  /** What a replay has put on it by now is no news. */
  observe(): void;
  /** Until what is returned is called, sessions on its request are those of its namespace's middlewares. */
  beginMiddlewares(): () => void;
  adoptSession(index: number, middleware: object): void;
}
