import type { Clock } from "../../clock.ts";
import type { DeploymentStore } from "../../state/deployment.ts";

/** Longer than any GET is held: a process that does nothing but hold GETs begins one in each span. */
const SPAN_MS = 30_000;
/** From there on the others, handshakes and POSTs among them, must not wait for GETs that are held for nothing. */
const BUSY_FROM = 0.5;

/**
 * How many processes poll at the moment, of how many there may be: each holds one GET, and is counted once in each span
 * of time, which costs a write and a read a process and span. What is remembered between requests is this estimate
 * alone; a process that has lost it counts itself again. A process that takes several requests at once counts the GETs
 * that it holds itself, of those that it takes, and asks nobody.
 */
export class Pollers {
  readonly #store: DeploymentStore;
  readonly #clock: Clock;
  readonly #capacity: number | undefined;
  readonly #atOnce: number | undefined;
  #counted: { readonly span: number; readonly pollers: number } | undefined;
  #held = 0;

  /**
   * @param capacity so many executions there are for polling; undefined: as many as anybody wants
   * @param atOnce so many requests this process takes at once; undefined: one, as an execution does
   */
  constructor(
    store: DeploymentStore,
    clock: Clock,
    capacity: number | undefined,
    atOnce: number | undefined = undefined,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#capacity = capacity;
    this.#atOnce = atOnce;
  }

  /** Whether so many executions are in use that none should be held for long. */
  async isBusy(): Promise<boolean> {
    if (this.#atOnce !== undefined) return this.#held > this.#atOnce * BUSY_FROM;
    if (this.#capacity === undefined) return false;
    const span = Math.floor(this.#clock.nowMs() / SPAN_MS);
    if (this.#counted?.span !== span) this.#counted = { span, pollers: await this.#store.countPoller(span) };
    return this.#counted.pollers > this.#capacity * BUSY_FROM;
  }

  /** GETs that this process holds at the moment. */
  get held(): number {
    return this.#held;
  }

  /** Carries out a GET, and counts it as held until it ends. */
  async hold<Result>(get: () => Promise<Result>): Promise<Result> {
    this.#held += 1;
    try {
      return await get();
    } finally {
      this.#held -= 1;
    }
  }
}
