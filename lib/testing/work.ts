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

  #wakeIfIdle(): void {
    if (this.#count > 0) return;
    // Not at once: what has just ended may be about to begin something else.
    setImmediate(() => {
      if (this.#count > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    });
  }
}
