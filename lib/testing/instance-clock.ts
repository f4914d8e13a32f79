import type { Clock, Waker } from "../clock.ts";

/** Real time for one server, which stops with it: sleepers are then left where they are, like a frozen instance. */
export class InstanceClock implements Clock {
  readonly #longestSleepMs: number;
  readonly #sleepers = new Map<NodeJS.Timeout, () => void>();
  #stopped = false;

  constructor(longestSleepMs = Infinity) {
    this.#longestSleepMs = longestSleepMs;
  }

  nowMs(): number {
    return Date.now();
  }

  sleep(durationMs: number, waker?: Waker): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return;
      const timer = setTimeout(() => wake(), Math.min(durationMs, this.#longestSleepMs));
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(timer);
        resolve();
      };
      this.#sleepers.set(timer, wake);
      waker?.onWake(wake);
    });
  }

  /** Ends every sleep. For sleepers that look again and sleep on. */
  wake(): void {
    for (const wake of [...this.#sleepers.values()]) wake();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#sleepers.keys()) clearTimeout(timer);
    this.#sleepers.clear();
  }
}
