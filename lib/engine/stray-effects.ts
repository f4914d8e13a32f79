import type { Logger } from "../log.ts";

/**
 * Effects issued after their turn had ended, by code that nobody waits for: a callback-style database driver, say.
 * They are carried out in whatever invocation is running, and logged with their culprit: never refused, never silent.
 */
export class Strays {
  readonly #pending = new Set<Promise<unknown>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(turn: { readonly label: string }, effect: Promise<unknown>): void {
    this.#logger.warn("an effect was issued after its handler had ended; return the promise it waits for", {
      code: "core.stray_effect",
      turn: turn.label,
    });
    this.#pending.add(effect);
    const done = () => this.#pending.delete(effect);
    effect.then(done, (error: unknown) => {
      done();
      this.#logger.error("an effect issued after its handler had ended failed", { turn: turn.label, error });
    });
  }

  /** Work of the library that belongs to no turn and must still end before the invocation does. */
  watch(work: Promise<unknown>): void {
    this.#pending.add(work);
    const done = () => this.#pending.delete(work);
    work.then(done, (error: unknown) => {
      done();
      this.#logger.error("closing a connection failed", { error });
    });
  }

  /** True when there is nothing to settle. */
  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled([...this.#pending]);
  }
}
