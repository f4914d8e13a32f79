/** Listeners as an app has them: each changes something, or nothing. The lines are named in scope-watch.test.ts. */
type Done = (value?: unknown) => void;

let count = 0;
const names: string[] = [];
const byName = new Map<string, object>();
const limit = 3;
let lazy: { readonly opened: boolean } | undefined;
let game: { readonly board: string } | undefined;
const ticks = { count: 0 };
// nonsticky: cache
const cache = new Map<string, number>();

class Lobby {
  static opened = 0;
  readonly #players = new Set<string>();
  rounds = { played: 0 };

  add(name: string): number {
    this.#players.add(name);
    return this.#players.size;
  }

  play(): void {
    this.rounds.played += 1;
  }
}
const lobby = new Lobby();

const add = (name: string): void => {
  names.push(name);
};

export const listeners: Readonly<Record<string, (...args: never[]) => unknown>> = {
  count: () => (count += 1),
  names: (name: string) => add(name),
  later: async (name: string) => {
    await Promise.resolve();
    names.push(name);
  },
  sockets: function (this: object, name: string) {
    byName.set(name, this);
  },
  private: (name: string) => lobby.add(name),
  field: () => lobby.play(),
  static: () => (Lobby.opened += 1),
  global: () => {
    const scope = globalThis as { watchedHits?: number };
    return (scope.watchedHits = (globalThis.watchedHits ?? 0) + 1);
  },
  bound: function (this: number) {
    count += this;
  }.bind(2),
  nothing: (value: number) => Math.min(value, limit),
  lazy: () => (lazy ??= { opened: true }),
  looked: () => {
    if (lazy === undefined) lazy = { opened: true };
    return lazy;
  },
  start: (board: string) => {
    game = { board };
  },
  board: () => game?.board,
  ticks: () => ticks.count,
  cached: (key: string) => cache.set(key, 1),
  throws: () => {
    count += 1;
    throw new Error("after all");
  },
};

declare global {
  var watchedHits: number | undefined;
}
globalThis.watchedHits = 0;

/** What a timer of the module would do. */
export const tick = (): void => {
  ticks.count += 1;
};

/** A connection listener, whose variables are made anew for each packet. */
export function connect(socket: { readonly id: string }): (value: string, done: Done) => void {
  let nickname: string | undefined;
  return (value, done) => {
    nickname = `${value} of ${socket.id}`;
    done(nickname);
  };
}

class Game {
  moves = 0;
}

type Handlers = Readonly<Record<string, (value: never) => unknown>>;

/** One whose handlers do not mention the socket, so V8 keeps none in its scope. */
export const sparse = (): Handlers => {
  let total = 0;
  let match: Game | undefined;
  let answer: ((value: unknown) => void) | null = null;
  let pattern: RegExp | null = null;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let asking: Promise<void> | undefined;
  let parser: RegExp | undefined;
  return {
    total: () => (total += 1),
    match: () => (match = new Game()),
    lazyMatch: () => (match ??= new Game()),
    moves: () => match && (match.moves += 1),
    answer: (done: (value: unknown) => void) => (answer = done),
    pattern: (text: string) => (pattern = new RegExp(text)),
    waiting: () => {
      waiting = setTimeout(() => answer?.([waiting, pattern]), 1);
      clearTimeout(waiting);
    },
    asking: async () => {
      asking = Promise.resolve();
      await asking;
    },
    parser: () => (parser ??= /x/),
  };
};

/** Variables of who registers the listener belong to the process. */
export function factory(): { readonly listener: () => Handlers } {
  let visits = 0;
  return { listener: () => ({ visit: () => (visits += 1) }) };
}
