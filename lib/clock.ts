/** The one source of time. Everything that compares times takes one of these, so a test can own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Resolves after `durationMs`, or when it is woken before. */
  sleep(durationMs: number, waker?: Waker): Promise<void>;
}

/** By which one sleep is ended early. An `AbortController` costs more than the packet that it waits for. */
export class Waker {
  #isWoken = false;
  #onWake: (() => void) | undefined;

  wake(): void {
    this.#isWoken = true;
    this.#onWake?.();
  }

  /** For the clock: calls back once, at once if it was woken before. */
  onWake(callback: () => void): void {
    if (this.#isWoken) callback();
    else this.#onWake = callback;
  }
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs, waker) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      waker?.onWake(() => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

export const toSeconds = (ms: number): number => Math.ceil(ms / 1000);

/** Whether a promise settles within `durationMs`. Never rejects, and leaves no timer behind. */
export function settlesWithin(clock: Clock, promise: Promise<unknown>, durationMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = new Waker();
    const settle = () => {
      resolve(true);
      timer.wake();
    };
    promise.then(settle, settle);
    void clock.sleep(durationMs, timer).then(() => resolve(false));
  });
}
