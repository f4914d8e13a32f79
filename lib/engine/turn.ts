import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { Logger } from "../log.ts";
import type { HandledEvent } from "../socketio/replay/registration-journal.ts";
import type { ListenerRun } from "../socketio/replay/listener-run.ts";
import type { Session } from "./session.ts";
import type { SocketState } from "../socketio/replay/socket-state.ts";

/** In a replay every effect is inert: it happened in the live run. */
export type Mode = "live" | "replay";

/** Where the running code of the app belongs. */
export interface Context {
  readonly turn: Turn;
  readonly mode: Mode;
  /** The listener whose run it is, where what it learns is kept for replays. */
  readonly run?: ListenerRun | undefined;
}

const contexts = new AsyncLocalStorage<Context>();

/** An event of a client whose handlers run. */
export interface Handling {
  readonly state: SocketState;
  readonly event: HandledEvent;
  readonly run: ListenerRun;
  isJournaled: boolean;
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
  /** For logs: `event "chat message"`, `connect`, `close`. */
  label: string;
  readonly tally: Tally = { delivered: 0, gone: 0, dropped: 0 };
  /** True once its message was deleted from the mailbox: another turn of the session may run beside it. */
  released = false;
  /** True in the turn of a CONNECT, where the connection listener binds the handlers. */
  mayRegister = false;
  /** The event whose handlers run in this turn, and their run; undefined in any other turn. */
  handling: Handling | undefined;
  /** The session whose packet this is; undefined outside of any. */
  session: Session | undefined;
  /** The namespace its packet is for; undefined without one. */
  nsp: string | undefined;
  /** When the invocation ends that carries this turn; undefined outside of any. */
  deadlineMs: number | undefined;
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

  constructor(label: string, strays: Strays, stages: Stages = new Stages()) {
    this.label = label;
    this.#strays = strays;
    this.#stages = stages;
  }

  /** Runs the app's code so that `socket.*` and `io.*` inside it, also after an `await`, belong to this turn. */
  run<T>(mode: Mode, code: () => T, run?: ListenerRun): T {
    return contexts.run({ turn: this, mode, run }, code);
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

  /** Starts an effect behind the stages of the effects before it. Resolves, or rejects, with its stage. */
  order<T>(stage: () => Promise<T> | T): Promise<T> {
    const started = this.#stages.append(() => contexts.exit(stage));
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
    void handler.finally(() => this.#handlers.delete(handler));
  }

  get following(): boolean {
    return this.#handlers.size > 0;
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

  /** All handlers and effects, until there is nothing more of either. */
  async settle(): Promise<void> {
    while (this.#effects.size + this.#handlers.size > 0) {
      await Promise.allSettled([...this.#effects, ...this.#handlers]);
    }
  }

  /** Whether no letter of this session can run on another instance while this turn does. */
  ownsLaneOf(session: Session): boolean {
    return this.session === session && !this.released && !this.#ended;
  }

  end(): void {
    this.#ended = true;
  }

  get ended(): boolean {
    return this.#ended;
  }
}

/** A line in which each stage begins when the one before it has ended, well or not. */
export class Stages {
  /** Eight letters and digits, its own among all lines. */
  readonly tag = randomBytes(4).toString("hex");
  #last: Promise<unknown> | undefined;

  append<T>(stage: () => Promise<T> | T): Promise<T> {
    const started = this.#last === undefined ? attempt(stage) : this.#last.then(stage, stage);
    this.#last = started;
    const clear = () => {
      if (this.#last === started) this.#last = undefined;
    };
    started.then(clear, clear);
    return started;
  }
}

const attempt = <T>(stage: () => Promise<T> | T): Promise<T> => {
  try {
    return Promise.resolve(stage());
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
};

/** The turn for an effect of this one: itself, or, if it is over, whichever the running code belongs to. */
export function livingTurn(turn: Turn): Turn {
  const running = contexts.getStore()?.turn;
  return turn.ended && running && !running.ended ? running : turn;
}

/** The turn that the running code belongs to, and how it runs; undefined outside of any. */
export const currentContext = (): Context | undefined => contexts.getStore();

/**
 * Effects issued after their turn had ended, by code that nobody waits for: a callback-style database driver, say.
 * They are carried out in whatever invocation is running, and logged with their culprit: never refused, never silent.
 */
export class Strays {
  readonly #pending = new Set<Promise<unknown>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(turn: Turn, effect: Promise<unknown>): void {
    this.#logger.warn("an effect was issued after its handler had ended; return the promise it waits for", {
      code: "core.stray_effect",
      turn: turn.label,
    });
    this.#pending.add(effect);
    const done = () => this.#pending.delete(effect);
    effect.then(done, (error: unknown) => {
      done();
      this.#logger.error("an effect issued after its handler had ended failed", { turn: turn.label, error });
    });
  }

  /** Work of the library that belongs to no turn and must still end before the invocation does. */
  watch(work: Promise<unknown>): void {
    this.#pending.add(work);
    const done = () => this.#pending.delete(work);
    work.then(done, (error: unknown) => {
      done();
      this.#logger.error("closing a connection failed", { error });
    });
  }

  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled([...this.#pending]);
  }
}
