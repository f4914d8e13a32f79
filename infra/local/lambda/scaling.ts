import { isCpuSaturated } from "./cpu-meter.ts";

/**
 * A caller waits this long for a busy instance before another is started, and longer where the cores are at work
 * anyway. Starting costs a core for 150 ms: done at once, as on Lambda, a burst of fifty clients would start every
 * process there may be, and be served later for it.
 */
const PATIENCE_MS = 60;
const SATURATED_PATIENCE_MS = 300;

const patienceMs = (): number => (isCpuSaturated() ? SATURATED_PATIENCE_MS : PATIENCE_MS);

/** Watches those who wait for an instance, and calls for another when the first of them has waited long enough. */
export class Scaling {
  #timer: NodeJS.Timeout | undefined;
  /** Since when the first waits (`performance.now()`); undefined when nobody does. */
  #waitingSinceMs: () => number | undefined;
  #start: () => void;

  constructor(waitingSinceMs: () => number | undefined, start: () => void) {
    this.#waitingSinceMs = waitingSinceMs;
    this.#start = start;
  }

  /** Somebody waits. */
  watch(): void {
    const sinceMs = this.#waitingSinceMs();
    if (sinceMs === undefined || this.#timer !== undefined) return;
    const leftMs = patienceMs() - (performance.now() - sinceMs);
    this.#timer = setTimeout(() => this.#look(), Math.max(PATIENCE_MS / 4, leftMs));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    const sinceMs = this.#waitingSinceMs();
    if (sinceMs !== undefined && performance.now() - sinceMs >= patienceMs()) this.#start();
    this.watch();
  }
}
