/** So many at once, and so many a second over time. */
export class Rate {
  readonly #perSecond: number;
  readonly #atOnce: number;
  #left: number;
  #atMs = -Infinity;

  constructor(perSecond: number, atOnce: number) {
    this.#perSecond = perSecond;
    this.#atOnce = atOnce;
    this.#left = atOnce;
  }

  /** False: that is one too many. */
  take(nowMs: number): boolean {
    const gained = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#atOnce, this.#left + Math.max(0, gained));
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
