import { settlesWithin, type Clock } from "../../clock.ts";

/** What is kept of an invocation for ending the sessions whose payloads it cannot finish. */
const RESERVE_MS = 4_000;
/** What is kept for answering, so that what is done is not handed over again with what is not. */
const ANSWER_MS = 1_000;

/** The time an invocation has. Without a deadline it never ends. */
export class InvocationTime {
  readonly deadlineMs: number | undefined;
  readonly #clock: Clock;
  readonly #leftMs: number;

  constructor(clock: Clock, deadlineMs: number | undefined) {
    this.#clock = clock;
    this.deadlineMs = deadlineMs;
    this.#leftMs = deadlineMs === undefined ? Infinity : deadlineMs - clock.nowMs();
  }

  /** Whether to begin nothing more that can be left undone. */
  get isShort(): boolean {
    if (this.deadlineMs === undefined) return false;
    return this.#clock.nowMs() >= this.deadlineMs - Math.min(RESERVE_MS, this.#leftMs / 4);
  }

  /** Whether it is over in time for an answer. Never rejects. */
  isEnoughFor(work: Promise<unknown>): Promise<boolean> {
    if (this.deadlineMs === undefined) {
      return work.then(
        () => true,
        () => true,
      );
    }
    return settlesWithin(this.#clock, work, this.#leftMs - Math.min(ANSWER_MS, this.#leftMs / 10));
  }
}
