import type { Clock } from "../../clock.ts";

/** How long lanes may run on before timers and sockets of the process have their turn. */
const SLICE_MS = 10;

/**
 * Parts the time of the process. Packets whose handlers need no I/O run in microtasks, one after the other, and
 * while these go on no timer fires and no answer is read: of nobody, whoever's packets they are. So lanes ask before
 * each job whether to pause, and what they have in common is the slice, not the pace.
 */
export class TimeSlices {
  readonly #clock: Clock;
  #slice: { readonly sinceMs: number; readonly over: Promise<void> } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What to wait for before going on; undefined: nothing. */
  pause(): Promise<void> | undefined {
    const nowMs = this.#clock.nowMs();
    this.#slice ??= this.#begin(nowMs);
    return nowMs - this.#slice.sinceMs < SLICE_MS ? undefined : this.#slice.over;
  }

  /** It ends with the present round of the event loop, whether or not anybody waits for that. */
  #begin(sinceMs: number): { sinceMs: number; over: Promise<void> } {
    const over = new Promise<void>((resolve) => {
      setImmediate(() => {
        this.#slice = undefined;
        resolve();
      });
    });
    return { sinceMs, over };
  }
}
