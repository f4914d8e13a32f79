import { AsyncResource } from "node:async_hooks";
import { currentContext } from "../../engine/turn.ts";
import type { KeptSession } from "../../state/records.ts";
import type { SocketData } from "./socket-data.ts";
import type { FoundStore, SessionLike } from "./session-store.ts";

type Done = (error?: unknown) => void;

/** What sessions of express-session can do, besides holding what the app puts into them. */
const methods = ["save", "reload", "regenerate", "destroy", "touch", "resetMaxAge"] as const;
type Method = (typeof methods)[number];

/** Of these the app hears by a callback; the others return the session. */
const isAsynchronous = (method: Method): boolean => method !== "touch" && method !== "resetMaxAge";

/** Who finds the store of a session, by what its row says of the middleware that knows it. */
export type FindStore = (source: string) => Promise<FoundStore>;

/**
 * `socket.request.session`, as its socket has it: what the handshake found, and what handlers have changed since. The
 * data is a row's, like `socket.data`, and under its rules; what a session does, the class of the app's library does, with
 * the app's store, over a copy of the data that is taken back afterwards.
 */
export class RequestSession {
  readonly #values: SocketData;
  #facade: object | undefined;
  #findStore: FindStore = () => Promise.reject(new Error("expected a store"));

  constructor(values: SocketData) {
    this.#values = values;
  }

  /** What is there of a session before a socket has one of its own: that of the handshake. */
  static stored(kept: KeptSession | undefined): Record<string, string> {
    if (kept === undefined) return {};
    const { data, id, source, inMemory } = kept;
    return {
      data,
      ...(id === undefined || source === undefined
        ? {}
        : { id: JSON.stringify(id), source: JSON.stringify(source) }),
      ...(inMemory ? { inMemory: "true" } : {}),
    };
  }

  /** As far as a packet of its socket knows the app's middlewares. */
  findStoreBy(findStore: FindStore): void {
    this.#findStore = findStore;
  }

  get id(): string | undefined {
    return this.#values.view["id"] as string | undefined;
  }

  get source(): string | undefined {
    return this.#values.view["source"] as string | undefined;
  }

  get isInMemory(): boolean {
    return this.#values.view["inMemory"] === true;
  }

  /** Undefined: there is none. */
  get view(): object | undefined {
    // A replay finds one that is gone by now: its listener did.
    const isThere =
      this.#data !== undefined || (this.id !== undefined && currentContext()?.mode === "replay");
    return isThere ? this.#facadeOf() : undefined;
  }

  /** One that the app's middleware, or a handler, has put on the request. */
  adopt(
    session: unknown,
    from: { readonly id?: string; readonly source?: string; readonly inMemory?: boolean } = {},
  ): void {
    if (currentContext()?.mode === "replay") return;
    if (typeof session !== "object" || session === null) return this.#values.assign("data", undefined);
    this.#take(session);
    for (const name of ["id", "source", "inMemory"] as const)
      if (from[name] !== undefined) this.#values.assign(name, from[name]);
  }

  get #data(): Record<string, unknown> | undefined {
    return this.#values.view["data"] as Record<string, unknown> | undefined;
  }

  /** As a store would keep it. */
  #take(session: object): void {
    this.#values.assign("data", JSON.parse(JSON.stringify(session)));
  }

  /** A replay has done it: its callbacks bind handlers, and nothing else. */
  #call(method: Method, done: Done): void {
    if (currentContext()?.mode === "replay") return done();
    // A handler that does not wait for it is not over before it: the instance could be frozen.
    const called = AsyncResource.bind(done);
    const finished = this.#run(method).then(
      () => called(),
      (error: unknown) => called(error),
    );
    currentContext()?.turn.track(finished.catch(() => undefined));
  }

  async #run(method: Method): Promise<void> {
    const { id, source } = this;
    // Without a store a session has no such methods.
    if (id === undefined || source === undefined) return;
    const { toSession } = await this.#findStore(source);
    const session = toSession({ id, data: JSON.parse(JSON.stringify(this.#data ?? {})) as object });
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown) => (error ? reject(toError(error)) : resolve());
      (session.current as SessionLike | undefined)?.[method]?.(settle);
    });
    if (method === "save") return;
    if (session.current === undefined) return this.#values.assign("data", undefined);
    this.#take(session.current);
    this.#values.assign("id", session.id);
  }

  #facadeOf(): object {
    return (this.#facade ??= new Proxy({}, this.#handler()));
  }

  #handler(): ProxyHandler<object> {
    const data = () => this.#data ?? {};
    return {
      get: (_, name) => {
        if (typeof name === "string" && !Object.hasOwn(data(), name)) {
          if (name === "id" && this.id !== undefined) return this.id;
          if (this.source !== undefined && methods.includes(name as Method))
            return this.#methodOf(name as Method);
        }
        return Reflect.get(data(), name) as unknown;
      },
      set: (_, name, value) => Reflect.set(data(), name, value),
      has: (_, name) => Reflect.has(data(), name),
      deleteProperty: (_, name) => Reflect.deleteProperty(data(), name),
      defineProperty: (_, name, descriptor) =>
        Reflect.defineProperty(data(), name, { ...descriptor, configurable: true }),
      ownKeys: () => Reflect.ownKeys(data()),
      getOwnPropertyDescriptor: (_, name) => {
        const descriptor = Reflect.getOwnPropertyDescriptor(data(), name);
        return (
          descriptor && { ...descriptor, value: Reflect.get(data(), name) as unknown, configurable: true }
        );
      },
    };
  }

  #methodOf(method: Method): (done?: Done) => object {
    return (done) => {
      if (isAsynchronous(method)) this.#call(method, done ?? (() => undefined));
      else this.#restart();
      return this.#facadeOf();
    };
  }

  /** Its cookie begins anew, as `touch` has it. */
  #restart(): void {
    const cookie = this.#data?.["cookie"] as { originalMaxAge?: number | null; expires?: string } | undefined;
    if (typeof cookie?.originalMaxAge !== "number") return;
    cookie.expires = new Date(Date.now() + cookie.originalMaxAge).toISOString();
  }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
