import { randomBytes } from "node:crypto";

/** A line in which each stage begins when the one before it has ended, well or not. */
export class Stages {
  #tag: string | undefined;
  #last: Promise<unknown> | undefined;
  #isAbandoned = false;

  /** Eight letters and digits, its own among all lines. */
  get tag(): string {
    return (this.#tag ??= randomBytes(4).toString("hex"));
  }

  /** No stage begins any more: those that wait for one do so for ever. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** True when the next stage begins at once. */
  get isIdle(): boolean {
    return this.#last === undefined && !this.#isAbandoned;
  }

  append<T>(stage: () => Promise<T> | T): Promise<T> {
    const begin = () => (this.#isAbandoned ? new Promise<never>(() => undefined) : stage());
    const started = this.#last === undefined ? attempt(begin) : this.#last.then(begin, begin);
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
