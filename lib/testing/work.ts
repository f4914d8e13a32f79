/** Counts what is under way, for whoever waits until nothing is. */
export class Work {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** Returns what ends it, which may be called once. */
  begin(): () => void {
    this.#count += 1;
    return () => {
      this.#count -= 1;
      this.#wakeIfIdle();
    };
  }

  /** Resolves when nothing is under way any more. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#wakeIfIdle();
    });
  }

  /**
   * Not at once: what has just ended may be about to begin something else, and what a client of this process has sent
   * arrives when sockets are read next, which is not before the second round from here.
   */
  #wakeIfIdle(rounds = QUIET_ROUNDS): void {
    if (this.#count > 0 || this.#waiting.length === 0) return;
    if (rounds > 0) {
      setImmediate(() => this.#wakeIfIdle(rounds - 1));
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Of the event loop. */
const QUIET_ROUNDS = 3;
