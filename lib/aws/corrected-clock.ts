import type { Clock, Waker } from "../clock.ts";

/**
 * How long before its handling an event of API Gateway may have been made: it invokes at once and gives up after 30 s,
 * most of which a cold start may take. A clock that is further off than this is wrong.
 */
const MAX_EVENT_AGE_MS = 15_000;
/** No event comes from the future; clocks that are right differ by less. */
const TOLERANCE_MS = 2_000;
/** What is further away is an example that somebody sends by hand, not an event of now. */
const MAX_CORRECTION_MS = 3_600_000;

/**
 * The time of an instance. Rows are compared by the times that instances write into them, so one whose clock is off
 * would take living clients for silent ones. It goes by the clock that AWS has stamped its events with, once its own is
 * found to be wrong; where it is right it stays what it is, to the millisecond.
 */
export class CorrectedClock implements Clock {
  readonly #base: Clock;
  readonly #onWrong: (offMs: number) => void;
  #correctionMs = 0;

  /** @param onWrong is told by how much the clock is ahead, or behind where that is negative; once for each correction */
  constructor(base: Clock, onWrong: (offMs: number) => void) {
    this.#base = base;
    this.#onWrong = onWrong;
  }

  nowMs(): number {
    return this.#base.nowMs() + this.#correctionMs;
  }

  sleep(durationMs: number, waker?: Waker): Promise<void> {
    return this.#base.sleep(durationMs, waker);
  }

  /** Takes the time of an event that is about to be handled, whatever event of AWS it is. */
  hear(event: unknown): void {
    const { requestContext, Records } = (event ?? {}) as Stamped;
    const askedAtMs = requestContext?.requestTimeEpoch ?? requestContext?.timeEpoch;
    if (isTime(askedAtMs)) this.#hearFresh(askedAtMs);
    const sentAtMs = Math.max(...(Records ?? []).map(({ attributes }) => Number(attributes?.SentTimestamp)));
    if (isTime(sentAtMs)) this.#hearQueued(sentAtMs);
  }

  /** The gateway waits for the answer: the event was made a moment ago. */
  #hearFresh(atMs: number): void {
    this.#hearQueued(atMs);
    if (this.nowMs() - atMs > MAX_EVENT_AGE_MS) this.#correct(atMs);
  }

  /** It may have waited, nobody knows how long. It is not of the future. */
  #hearQueued(atMs: number): void {
    if (atMs - this.nowMs() > TOLERANCE_MS) this.#correct(atMs);
  }

  #correct(toMs: number): void {
    const correctionMs = toMs - this.#base.nowMs();
    if (Math.abs(correctionMs) > MAX_CORRECTION_MS) return;
    this.#onWrong(this.nowMs() - toMs);
    this.#correctionMs = correctionMs;
  }
}

/** Where events carry the time at which AWS made them, in epoch milliseconds. */
interface Stamped {
  /** Of a WebSocket or its authorizer, and of an HTTP API. */
  readonly requestContext?: { readonly requestTimeEpoch?: number; readonly timeEpoch?: number };
  readonly Records?: readonly { readonly attributes?: { readonly SentTimestamp?: string } }[];
}

const isTime = (value: number | undefined): value is number => Number.isFinite(value);
