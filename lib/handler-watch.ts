/** A call of one of the app's listeners, middlewares or routes, live. */
export interface HandlerCall {
  /**
   * `connection` for the connection listener, `connect` for a middleware, `GET /users` for a request; `allowRequest` and
   * `io.engine.use` for what runs before there is a session.
   */
  readonly event: string;
  readonly listener: (...args: never[]) => unknown;
  /** Who else may run in the same call, as the routes behind the listener of an HTTP server. */
  readonly others?: readonly ((...args: never[]) => unknown)[];
  /** Connection listeners of its namespace, whose runs make what handlers of a socket close over. */
  readonly makers?: readonly ((...args: never[]) => unknown)[];
  /** What it is called on: the socket, as a rule. */
  readonly self: unknown;
}

/**
 * Looks at an app's variables around its handlers, while it is developed or tested. A deployed function has none.
 * MUST NOT throw, and MUST NOT call the app's code.
 */
export interface HandlerWatch {
  /** Before the call. Returns what MUST be called when it has settled; undefined where this call is not looked at. */
  begin(call: HandlerCall): (() => void) | undefined;
  /** Before a frame, or another letter, is looked at. `delivery` is the mailbox's name of what brought it. */
  beginPacket?(delivery: string): PacketWatch | undefined;
  /** Before a listener is run once more to bind its handlers. Returns what MUST be called when they are bound. */
  beginReplay?(): (() => void) | undefined;
  /** One more header of a request of the running code to a service: `name: value`, or undefined. It is not signed. */
  requestHeader?(origin: string): string | undefined;
}

/** Somebody looks at all that one packet causes. MUST NOT throw. */
export interface PacketWatch {
  /** Runs a part of it, and returns what that returns. */
  run<T>(code: () => T): T;
  /** There is nothing more of it. */
  end(): void;
}

const KEY = Symbol.for("nonsticky.handler-watch");

/** Makes a watch known to bundles that this process loads later: they have copies of this module of their own. */
export function installHandlerWatch(watch: HandlerWatch): void {
  Object.defineProperty(globalThis, KEY, { value: watch });
}

export const installedHandlerWatch = (): HandlerWatch | undefined =>
  (globalThis as { readonly [KEY]?: HandlerWatch })[KEY];
