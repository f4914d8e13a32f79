import type { Clock, Waker } from "../../lib/clock.ts";

/** A realistic moment: 9 October 2025. */
export const START_MS = 1_760_000_000_000;

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** Time that moves when the test says so. */
export class ManualClock implements Clock {
  #nowMs = START_MS;
  readonly #sleepers = new Set<Sleeper>();

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, waker?: Waker): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = { dueMs: this.#nowMs + durationMs, wake: resolve };
      this.#sleepers.add(sleeper);
      waker?.onWake(() => {
        this.#sleepers.delete(sleeper);
        resolve();
      });
    });
  }

  /** Moves on, stopping at every sleeper on the way until all that it sets off has come to rest. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    for (;;) {
      await drain();
      const [next] = [...this.#sleepers].sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined || next.dueMs > untilMs) break;
      this.#sleepers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
    }
    this.#nowMs = untilMs;
    await drain();
  }
}

/** Lets every promise that can settle without time, settle. */
export const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
