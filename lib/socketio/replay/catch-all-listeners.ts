import type { Listener } from "./typed-events.ts";

type CatchAll = Listener<[event: string, ...args: unknown[]]>;

/** The listeners of `onAny`, in the order they are to be called. */
export class CatchAllListeners {
  readonly #listeners: CatchAll[] = [];

  append(listener: CatchAll): void {
    this.#listeners.push(listener);
  }

  prepend(listener: CatchAll): void {
    this.#listeners.unshift(listener);
  }

  /** One listener, once; without an argument, all of them. */
  remove(listener?: CatchAll): void {
    if (listener === undefined) {
      this.#listeners.length = 0;
      return;
    }
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }

  list(): CatchAll[] {
    return [...this.#listeners];
  }
}
