import { setTimeout as sleep } from "node:timers/promises";
import { CoreError } from "../../engine/errors.ts";
import { isInMemory } from "../../engine/handshake/kept-request.ts";
import { toNodeRequest, NodeResponse } from "../../engine/handshake/node-request.ts";
import { currentContext } from "../../engine/turn.ts";

/** As express-session has it. */
export type SessionLike = Record<string, (done?: (error?: unknown) => void) => unknown>;

/** The request of a session: its library finds the store there, and puts the session there. */
interface Holder {
  sessionID: string;
  readonly sessionStore: SessionStore;
  session?: object;
}

interface SessionStore {
  createSession(holder: object, data: object): object;
}

export interface FoundStore {
  readonly store: SessionStore;
  /** A session of the app's library over that data; `current` follows what it puts in its place. */
  toSession(kept: { readonly id: string; readonly data: object }): {
    readonly current: object | undefined;
    readonly id: string;
  };
}

/** How long a middleware may take to show its store, two seconds; most do at once. */
const LOOK_EVERY_MS = 10;
const MAX_LOOKS = 200;

/** Calls a middleware as its kind is called. */
export type RunMiddleware = (
  middleware: (...args: unknown[]) => unknown,
  request: object,
  response: object,
  next: () => void,
) => unknown;

const known = new WeakMap<object, SessionStore>();

/** This instance has seen the middleware at work. */
export function noteStore(middleware: object, store: unknown): void {
  if (isStore(store)) known.set(middleware, store);
}

/**
 * The store that a middleware knows. One that this instance has not seen at work is run over a request of nobody, inertly:
 * a middleware of sessions shows its store before it looks at the request.
 *
 * Rejects with `core.session_in_memory`, `core.session_store_unknown`.
 */
export async function findStore(
  middleware: ((first: never, second: never, third: never) => unknown) | undefined,
  run: RunMiddleware,
): Promise<FoundStore> {
  const found = middleware && (known.get(middleware) ?? (await learn(middleware, run)));
  if (found === undefined) {
    throw new CoreError(
      "core.session_store_unknown",
      "expected the middleware that has opened this session to show its store on every instance, got none: give " +
        "io.engine.use() or io.use() the middleware itself, where the module is loaded",
    );
  }
  if (isInMemory(found)) throw sessionInMemory();
  return { store: found, toSession: (kept) => toSession(found, kept) };
}

export const sessionInMemory = (): CoreError =>
  new CoreError(
    "core.session_in_memory",
    "expected sessions in a store that every instance reaches, got express-session's MemoryStore, which is the memory of " +
      "one process: give it a `store`, for example connect-dynamodb or connect-redis",
  );

async function learn(
  middleware: (first: never, second: never, third: never) => unknown,
  run: RunMiddleware,
): Promise<SessionStore | undefined> {
  const request = toNodeRequest({
    method: "GET",
    url: "/",
    headers: {},
    query: {},
    address: "",
    secure: true,
  });
  const response = new NodeResponse(request);
  let isOver = false;
  const over = () => (isOver = true);
  const call = () => run(middleware as unknown as (...args: unknown[]) => unknown, request, response, over);
  try {
    const turn = currentContext()?.turn;
    const result: unknown = turn === undefined ? call() : turn.run("replay", call);
    if (result instanceof Promise) result.catch(over);
  } catch {
    // What it says of a request of nobody is nobody's concern.
    over();
  }
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    const { sessionStore: store } = request as unknown as { sessionStore?: unknown };
    if (isStore(store)) {
      known.set(middleware, store);
      return store;
    }
    if (isOver) return undefined;
    await sleep(LOOK_EVERY_MS);
  }
  return undefined;
}

function toSession(store: SessionStore, { id, data }: { readonly id: string; readonly data: object }) {
  const request = toNodeRequest({
    method: "GET",
    url: "/",
    headers: {},
    query: {},
    address: "",
    secure: true,
  });
  const holder = Object.assign(request, { sessionID: id, sessionStore: store }) as Holder & typeof request;
  store.createSession(holder, { cookie: {}, ...data });
  return {
    get current() {
      return holder.session;
    },
    get id() {
      return holder.sessionID;
    },
  };
}

const isStore = (value: unknown): value is SessionStore =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { createSession?: unknown }).createSession === "function";
