/** Each event's first calls are looked at: there most variables show. */
const FIRST_CALLS = 3;
/** Of the later ones, for variables that change under a condition. */
const EVERY = 16;
/** What looking may take of the time that has passed, but for the first calls. */
const MAX_SHARE = 0.05;

/** Chooses the calls that are looked at, so that looking stays cheap however slow it is. */
export class Sampling {
  readonly #everyCall: boolean;
  readonly #onFailed: (error: unknown) => void;
  readonly #calls = new Map<string, number>();
  readonly #startedAtMs = performance.now();
  #spentMs = 0;

  constructor(everyCall: boolean, onFailed: (error: unknown) => void) {
    this.#everyCall = everyCall;
    this.#onFailed = onFailed;
  }

  takes(event: string): boolean {
    const call = (this.#calls.get(event) ?? 0) + 1;
    this.#calls.set(event, call);
    if (this.#everyCall || call <= FIRST_CALLS) return true;
    return call % EVERY === 0 && this.#spentMs < MAX_SHARE * (performance.now() - this.#startedAtMs);
  }

  /** Undefined where looking itself failed: the app goes on as if nobody looked. */
  measure<T>(look: () => T): T | undefined {
    const startedAtMs = performance.now();
    try {
      return look();
    } catch (error) {
      this.#onFailed(error);
      return undefined;
    } finally {
      this.#spentMs += performance.now() - startedAtMs;
    }
  }
}
