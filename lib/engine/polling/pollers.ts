import type { Clock } from "../../clock.ts";
import type { DeploymentStore } from "../../state/deployment.ts";

/** Longer than any GET is held: a process that does nothing but hold GETs begins one in each span. */
const SPAN_MS = 30_000;
/** From there on the others, handshakes and POSTs among them, must not wait for GETs that are held for nothing. */
const BUSY_FROM = 0.5;

/**
 * How many processes poll at the moment, of how many there may be: each holds one GET, and is counted once in each span
 * of time, which costs a write and a read a process and span. What is remembered between requests is this estimate
 * alone; a process that has lost it counts itself again.
 */
export class Pollers {
  readonly #store: DeploymentStore;
  readonly #clock: Clock;
  readonly #capacity: number | undefined;
  #counted: { readonly span: number; readonly pollers: number } | undefined;

  /** @param capacity so many executions there are for polling; undefined: as many as anybody wants */
  constructor(store: DeploymentStore, clock: Clock, capacity: number | undefined) {
    this.#store = store;
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** Whether so many executions are in use that none should be held for long. */
  async isBusy(): Promise<boolean> {
    if (this.#capacity === undefined) return false;
    const span = Math.floor(this.#clock.nowMs() / SPAN_MS);
    if (this.#counted?.span !== span) this.#counted = { span, pollers: await this.#store.countPoller(span) };
    return this.#counted.pollers > this.#capacity * BUSY_FROM;
  }
}
