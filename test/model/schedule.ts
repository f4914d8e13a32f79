import type { Waker } from "../../lib/clock.ts";
/**
 * One atomic thing that a process is about to do: a call of a port. Two steps commute when they belong to different
 * processes and touch nothing in common that either of them writes.
 */
export interface Step {
  /** The same in every run in which its process has come to the same point. */
  readonly id: string;
  readonly process: string;
  readonly label: string;
  readonly touches: readonly Touch[];
}

/** A row, or with fewer segments (`room|/|a`) all rows below it. */
export interface Touch {
  readonly what: string;
  readonly writes: boolean;
}

export const EVERYTHING = "";

export const reads = (...segments: string[]): Touch => ({ what: segments.join("|"), writes: false });
export const writes = (...segments: string[]): Touch => ({ what: segments.join("|"), writes: true });

/** A step that waits to be chosen. */
export interface Pending extends Step {
  /** How many steps had been carried out when it appeared: it is a consequence of the last of them. */
  readonly createdAfter: number;
}

interface Waiting extends Pending {
  readonly perform: () => void;
  /** Whether the request has left its process, and is carried out even if that crashes now. */
  readonly isSent: () => boolean;
}

interface Sleeper {
  readonly process: string;
  readonly wake: () => void;
}

const NEVER = new Promise<never>(() => undefined);

/**
 * The world of one run: processes are ordinary asynchronous code whose every port call waits here until the explorer
 * chooses it. Between two steps all microtasks run, so what a process does is a function of the results it was given.
 */
export class Schedule {
  /** What was chosen so far, in words. */
  readonly story: string[] = [];
  /** What processes threw: none of ours does, unless a model lets it. */
  readonly failures: unknown[] = [];
  readonly #waiting = new Map<string, Waiting>();
  readonly #ordinals = new Map<string, number>();
  readonly #running = new Set<string>();
  readonly #killed = new Set<string>();
  readonly #sleepers = new Set<Sleeper>();
  readonly #ticks = new Map<string, { atOnce: number; atAnyTime: number }>();
  readonly #stages: (() => void)[] = [];
  readonly #onEnd = new Map<string, () => void>();
  #steps = 0;

  /** Starts a process; it runs at once up to its first step. */
  run(process: string, main: () => Promise<unknown>, onEnd?: () => void): void {
    this.#running.add(process);
    if (onEnd) this.#onEnd.set(process, onEnd);
    main().then(
      () => this.#end(process),
      (error: unknown) => {
        this.failures.push(error);
        this.#end(process);
      },
    );
  }

  /** A call of a port: carried out, and answered, when it is chosen. A killed process waits forever. */
  step<T>(
    process: string,
    label: string,
    touches: readonly Touch[],
    perform: () => T | Promise<T>,
    isSent?: () => boolean,
  ): Promise<T> {
    if (this.#killed.has(process)) return NEVER;
    return new Promise<T>((resolve, reject) => {
      const id = `${process}#${this.#next(process)}`;
      const answer = async () => {
        const result = await perform();
        // Nobody is there to hear it.
        if (this.#killed.has(process)) await NEVER;
        return result;
      };
      this.offer({ id, process, label, touches }, () => void answer().then(resolve, reject), isSent);
    });
  }

  /** Something that may happen from now on, and of which nobody waits for an answer: a delivery, a crash. */
  offer(step: Step, perform: () => void, isSent: () => boolean = () => false): void {
    this.#waiting.set(step.id, { ...step, createdAfter: this.#steps, perform, isSent });
  }

  withdraw(id: string): void {
    this.#waiting.delete(id);
  }

  /** The process stops where it is; what it was about to do, and had not sent yet, never happens. */
  kill(process: string): void {
    this.#killed.add(process);
    this.#running.delete(process);
    for (const { id, process: owner, isSent } of [...this.#waiting.values()]) {
      if (owner === process && !isSent()) this.#waiting.delete(id);
    }
    this.#dropSleepers(process);
  }

  /** What happens only when nothing else can: the schedule a minute later, the client that comes back. */
  later(stage: () => void): void {
    this.#stages.push(stage);
  }

  /**
   * The first sleeps of this process end at once, the next ones at any moment, and all further ones only when nothing
   * else can happen.
   */
  allowTicks(process: string, ticks: { readonly atOnce: number; readonly atAnyTime: number }): void {
    this.#ticks.set(process, { ...ticks });
  }

  sleep(process: string, waker?: Waker): Promise<void> {
    const ticks = this.#ticks.get(process) ?? { atOnce: 0, atAnyTime: 0 };
    if (ticks.atOnce > 0) {
      ticks.atOnce -= 1;
      return Promise.resolve();
    }
    if (ticks.atAnyTime > 0) {
      ticks.atAnyTime -= 1;
      return this.step(process, "time passes", [], () => undefined);
    }
    if (this.#killed.has(process)) return NEVER;
    return new Promise((wake) => {
      const sleeper = { process, wake };
      this.#sleepers.add(sleeper);
      waker?.onWake(() => {
        if (this.#sleepers.delete(sleeper)) wake();
      });
    });
  }

  // What follows is for the explorer.

  get enabled(): readonly Pending[] {
    return [...this.#waiting.values()];
  }

  carryOut(id: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) throw new Error(`expected ${id} to be possible, got none such`);
    this.#waiting.delete(id);
    this.#steps += 1;
    this.story.push(`${waiting.process}: ${waiting.label}`);
    waiting.perform();
  }

  /** When nothing is enabled: lets time pass, or begins the next stage. False when there is neither. */
  advance(): boolean {
    for (const sleeper of this.#sleepers) {
      this.#sleepers.delete(sleeper);
      this.story.push(`${sleeper.process}: time passes`);
      sleeper.wake();
      return true;
    }
    const stage = this.#stages.shift();
    if (stage) this.story.push("— later —");
    stage?.();
    return stage !== undefined;
  }

  #end(process: string): void {
    this.#running.delete(process);
    this.#dropSleepers(process);
    this.#onEnd.get(process)?.();
  }

  /** A timer of an invocation that has returned does not fire: the instance is frozen. */
  #dropSleepers(process: string): void {
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.process === process) this.#sleepers.delete(sleeper);
    }
  }

  #next(process: string): number {
    const ordinal = (this.#ordinals.get(process) ?? 0) + 1;
    this.#ordinals.set(process, ordinal);
    return ordinal;
  }
}
