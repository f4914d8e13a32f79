import { runningTurn, runWithTurn } from "../running.ts";
import { Spending } from "./spending.ts";
import { Stages } from "./effects-in-order.ts";
import { endOfTick } from "./end-of-tick.ts";
import type { Strays } from "./stray-effects.ts";

/** In a replay every effect is inert: it happened in the live run. */
export type Mode = "live" | "replay";

/** Where the running code of the app belongs. */
export interface Context {
  readonly turn: Turn;
  readonly mode: Mode;
  /** What the layer above keeps of this run of the app's code; it knows the type. */
  readonly run?: object | undefined;
}

/** A socket of a turn, as far as properties of its own go. */
export interface WatchedSocket {
  collect(): void;
  release(): void;
}

/** What became of the posts of some emits. */
export interface Tally {
  delivered: number;
  gone: number;
  dropped: number;
  /** Of parts of large broadcasts that broke off: sent or not, nobody knows. */
  unknown: number;
}

export const emptyTally = (): Tally => ({ delivered: 0, gone: 0, dropped: 0, unknown: 0 });

export function addTally(sum: Tally, { delivered, gone, dropped, unknown }: Readonly<Tally>): void {
  sum.delivered += delivered;
  sum.gone += gone;
  sum.dropped += dropped;
  sum.unknown += unknown;
}

/**
 * Everything one packet (or connect, close, tick) causes, from the first read to the last post.
 *
 * Effects start when they are issued and keep their order in one respect: each effect's *stage* (find the audience,
 * write the membership) ends before the next effect's stage begins, so a join is seen by the emit after it. Turns of
 * one lane share their line of stages, or two packets of a client that emit to one room could be heard the other way
 * round. What a stage hands to the connections' queues goes on by itself.
 */
export class Turn {
  /** Of which kind its letter is. */
  readonly letterKind: string;
  /** What it is about, for metrics and logs: `event`, `connect`, `close`. */
  kind: string;
  #detail: string | undefined;
  readonly tally = emptyTally();
  /** True once its message was deleted from the mailbox: another turn of the session may run beside it. */
  released = false;
  /** Whose lane its letter came out of: its session; undefined outside of any. */
  owner: object | undefined;
  /** When its letter was written, by the clock of whoever did; undefined outside of any. */
  writtenAtMs: number | undefined;
  /** The letter that it comes with again after a crash; undefined where none does. */
  letterId: string | undefined;
  /** When the invocation ends that carries this turn; undefined outside of any. */
  deadlineMs: number | undefined;
  /** What its effects must wait for, at the moment at which they are issued. */
  hold: (() => Promise<unknown> | undefined) | undefined;
  /** What its delivery has used up of what is counted; shared by all turns of it. */
  readonly spending: Spending;
  /** Timers the app's code has started in this turn; they end with it. */
  readonly timers: ReturnType<typeof setTimeout>[] = [];
  readonly #stages: Stages;
  readonly #effects = new Set<Promise<unknown>>();
  readonly #handlers = new Set<Promise<unknown>>();
  readonly #endings: (() => Promise<void>)[] = [];
  readonly #sockets: WatchedSocket[] = [];
  #ended = false;
  #failure: { error: unknown } | undefined;
  readonly #strays: Strays;

  constructor(
    kind: string,
    strays: Strays,
    { stages = new Stages(), spending = new Spending() }: { stages?: Stages; spending?: Spending } = {},
  ) {
    this.kind = kind;
    this.letterKind = kind;
    this.spending = spending;
    this.#strays = strays;
    this.#stages = stages;
  }

  /** Says what it turned out to be. */
  describe(kind: string, detail?: string): void {
    this.kind = kind;
    this.#detail = detail;
  }

  /** For logs: `event "chat message"`, `connect to /`, `close`. */
  get label(): string {
    return this.#detail === undefined ? this.kind : `${this.kind} ${this.#detail}`;
  }

  /** Runs the app's code so that `socket.*` and `io.*` inside it, also after an `await`, belong to this turn. */
  run<T>(mode: Mode, code: () => T, run?: object): T {
    const context: Context = { turn: this, mode, run };
    return runWithTurn(context, code);
  }

  /** The first failure of an effect: an outage, not a bug of the app. The boundary sees it. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** The first failure so far, which is then forgotten: for the turn of a script, which never ends. */
  takeFailure(): { readonly error: unknown } | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** True when no effect issued so far is still on its way. */
  get quiet(): boolean {
    return this.#effects.size === 0;
  }

  /** True when nothing is left to do, also at the end. */
  get isDone(): boolean {
    return this.quiet && this.#endings.length === 0;
  }

  /** True when no handler runs and no effect is on its way. */
  get isSettled(): boolean {
    return this.#effects.size + this.#handlers.size === 0;
  }

  /** An effect that takes no time: done at once, unless there are stages before it or something to wait for. */
  orderNow(stage: () => void): void {
    if (this.hold !== undefined || !this.#stages.isIdle) {
      void this.order(stage);
      return;
    }
    try {
      runWithTurn(undefined, stage);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Starts an effect behind the stages of the effects before it. Resolves, or rejects, with its stage. */
  order<T>(stage: () => Promise<T> | T): Promise<T> {
    const held = this.hold?.();
    const begin = () => runWithTurn(undefined, stage);
    const started = this.#stages.append(held === undefined ? begin : () => held.then(begin));
    this.track(started);
    return started;
  }

  /** An effect that must be done before the turn is. A failure of it is a failure of the turn. */
  track(effect: Promise<unknown>): void {
    if (this.#ended) {
      this.#strays.add(this, effect);
      return;
    }
    this.#effects.add(effect);
    effect.then(
      () => this.#effects.delete(effect),
      (error: unknown) => {
        this.#effects.delete(effect);
        this.fail(error);
      },
    );
  }

  /** Something to be done once, when the handlers have ended, before the turn does; soon, if it is over already. */
  atEnd(action: () => Promise<void>): void {
    if (this.#ended) this.track(Promise.resolve().then(action));
    else this.#endings.push(action);
  }

  /** Does it. A failure is a failure of the turn. Resolves, never rejects, when all is done. */
  async runEndings(): Promise<void> {
    const endings = this.#endings.splice(0).map((action) => action());
    for (const ending of endings) this.track(ending);
    await Promise.allSettled(endings);
  }

  /** A socket that was made for this turn, on which its handlers may put something. */
  watch(socket: WatchedSocket): void {
    this.#sockets.push(socket);
  }

  /** Takes what handlers have put on the sockets so far. */
  collect(): void {
    for (const socket of this.#sockets) socket.collect();
  }

  /** The same for the last time: its handlers have ended. */
  releaseSockets(): void {
    for (const socket of this.#sockets.splice(0)) socket.release();
  }

  /** What a handler returned; the turn ends after it. Never rejects: the caller has dealt with errors. */
  follow(handler: Promise<unknown>): void {
    this.#handlers.add(handler);
    const forget = () => this.#handlers.delete(handler);
    handler.then(forget, forget);
  }

  /** Effects issued so far, and those which they cause. */
  async settleEffects(): Promise<void> {
    while (this.#effects.size > 0) await Promise.allSettled([...this.#effects]);
  }

  /**
   * Names the line of this turn's stages. Two packets of one line reach every client in the order of their stages, so
   * who has the later one has had the earlier.
   */
  get lineTag(): string {
    return this.#stages.tag;
  }

  /**
   * All handlers and effects, until there is nothing more of either. Code that waits for nothing but promises of its own goes
   * on until it does: what an effect has woken, or what a framework calls a few promises behind its listener.
   */
  async settle(): Promise<void> {
    for (await endOfTick(); !this.isSettled; await endOfTick())
      await Promise.allSettled([...this.#effects, ...this.#handlers]);
  }

  /** Whether no letter of this session can run on another instance while this turn does. */
  ownsLaneOf(session: object): boolean {
    return this.owner === session && !this.released && !this.#ended;
  }

  end(): void {
    this.#ended = true;
  }

  get ended(): boolean {
    return this.#ended;
  }
}

/** The turn that the running code belongs to, and how it runs; undefined outside of any. */
export const currentContext = (): Context | undefined => runningTurn() as Context | undefined;
