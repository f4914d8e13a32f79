import type { Pool } from "./pool.ts";

/**
 * Lambda's own queue for invocations of type Event: accepted at once, run when there is an instance, tried again when
 * the function throws or its instance dies. AWS waits a minute before the first retry, here it is `retryAfterMs`.
 */
export class AsynchronousInvocations {
  /** Accepted and not settled. */
  pending = 0;
  #retryAfterMs: number;
  #log: (line: string) => void;
  #stopped = false;

  constructor(retryAfterMs: number, log: (line: string) => void) {
    this.#retryAfterMs = retryAfterMs;
    this.#log = log;
  }

  accept(pool: Pool, event: unknown, onInvoke?: (invocation: string) => void): void {
    this.pending += 1;
    void this.#attempt(pool, event, onInvoke, pool.spec.maximumRetryAttempts).finally(
      () => (this.pending -= 1),
    );
  }

  stop(): void {
    this.#stopped = true;
  }

  async #attempt(
    pool: Pool,
    event: unknown,
    onInvoke: ((invocation: string) => void) | undefined,
    retriesLeft: number,
  ): Promise<void> {
    const outcome = await pool.invoke(event, "asynchronous", undefined, (_, invocation) =>
      onInvoke?.(invocation),
    );
    if (outcome.kind === "answered" || this.#stopped) return;
    this.#log(`asynchronous ${pool.spec.key} ${outcome.kind}: ${outcome.message}`);
    if (retriesLeft === 0) return;
    await new Promise((resolve) => setTimeout(resolve, this.#retryAfterMs));
    if (!this.#stopped) await this.#attempt(pool, event, onInvoke, retriesLeft - 1);
  }
}
