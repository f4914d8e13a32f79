import type { Delivery, Lane as LaneKind } from "../letter.ts";
import type { Session } from "../session.ts";
import { Spending } from "../spending.ts";
import { Stages } from "../effects-in-order.ts";
import type { Job, Task } from "./job.ts";

/** Letters of one message group in a batch, which start in order. */
export class Lane {
  readonly kind: LaneKind;
  readonly runs: DeliveryRun[] = [];
  readonly stages = new Stages();
  /** Loaded at most once per lane and batch. */
  session: Session | undefined;
  /** Whether the session is closed, or there is none: frames of POSTs do nothing any more. */
  isOver = false;
  /** A letter could not be started, so it comes again, and those behind it must come again behind it. */
  isFailed = false;
  /** The invocation has ended: nothing more is started. */
  isAbandoned = false;
  lastJob: Job | undefined;

  constructor(kind: LaneKind) {
    this.kind = kind;
  }

  /** Resolves when everything that was started has ended. */
  settle(): Promise<unknown> {
    return Promise.all(this.runs.flatMap((run) => run.endings));
  }

  /** The invocation ends without it. What it would still have done is left undone, as far as that can be seen from here. */
  abandon(): void {
    this.isAbandoned = true;
    this.stages.abandon();
    for (const run of this.runs) run.markReleased();
  }
}

/**
 * One delivery while its batch runs. A payload is one of many frames: each becomes a job when it is its turn, and is
 * forgotten when it has ended, so that a batch holds no more than what runs.
 */
export class DeliveryRun {
  readonly delivery: Delivery;
  readonly tasks: Iterable<Task>;
  readonly spending = new Spending();
  /** All its jobs were started, or will not be. */
  isStarted = false;
  isFailed = false;
  /** Deleted from the mailbox, or given back to it: whatever still runs, another invocation may run beside it. */
  isReleased = false;
  readonly #running = new Map<Job, Promise<void>>();

  constructor(delivery: Delivery, tasks: Iterable<Task>) {
    this.delivery = delivery;
    this.tasks = tasks;
  }

  get isDone(): boolean {
    return this.isStarted && this.#running.size === 0;
  }

  /** Those that were started and have not ended. */
  get running(): Iterable<Job> {
    return this.#running.keys();
  }

  get endings(): readonly Promise<void>[] {
    return [...this.#running.values()];
  }

  /** A job was started; `ending` never rejects. */
  follow(job: Job, ending: Promise<void>): void {
    this.#running.set(
      job,
      ending.then(() => {
        this.#running.delete(job);
        if (job.turn.failure) this.isFailed = true;
      }),
    );
  }

  markReleased(): void {
    this.isReleased = true;
    for (const { turn } of this.running) turn.released = true;
  }
}
