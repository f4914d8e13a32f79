import type { EngineApp } from "../engine.ts";
import type { Job } from "./job.ts";
import type { Runtime } from "../runtime.ts";

const TICK_MS = 25;

/**
 * Deletes letters from the mailbox while slow handlers of their batch still run, so that the next letters of the same
 * session need not wait for them. An optimisation: nothing depends on it for being right.
 *
 * A letter may go once its handler has started, what it sent so far is settled, and what it changed is stored; always
 * a prefix of its lane, or the order would break. Posts on their way hold it back however long they take: the next
 * letter may run on another instance, and what it emits must not overtake them.
 */
export class EarlyRelease {
  readonly #runtime: Runtime;
  readonly #app: EngineApp;
  readonly #lanes: readonly (readonly Job[])[];
  #stopped = false;

  constructor(runtime: Runtime, app: EngineApp, lanes: readonly (readonly Job[])[]) {
    this.#runtime = runtime;
    this.#app = app;
    this.#lanes = lanes;
    const releasable = lanes.flat().some((job) => job.delivery.receipt !== undefined);
    if (releasable) void this.#loop();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #loop(): Promise<void> {
    for (;;) {
      await this.#runtime.clock.sleep(TICK_MS);
      if (this.#stopped) return;
      try {
        await this.#releasePrefixes();
      } catch (error) {
        this.#runtime.logger.warn("an early release failed; the batch releases it at its end", { error });
      }
    }
  }

  async #releasePrefixes(): Promise<void> {
    const ready = this.#lanes.flatMap((lane) => prefixOf(lane, isReleasable));
    // A payload is one delivery of many frames: it goes as a whole, with its last one.
    const whole = new Set(ready.filter((job) => job.isLast).map((job) => job.delivery));
    const jobs = ready.filter(
      ({ turn, delivery }) => whole.has(delivery) && !turn.released && delivery.receipt !== undefined,
    );
    if (jobs.length === 0) return;
    for (const { turn } of jobs) turn.collect();
    const sessions = new Set(jobs.flatMap((job) => (job.session ? [job.session] : [])));
    for (const session of sessions) await this.#app.save?.(session);
    // From here on another invocation may run this session's next letters.
    for (const job of jobs) job.turn.released = true;
    const waiting = jobs.filter(({ stage }) => stage === "started").length;
    if (waiting > 0) this.#runtime.metrics.add("TurnsWaiting", waiting);
    const receipts = new Set(jobs.map((job) => job.delivery.receipt ?? ""));
    await this.#runtime.mailbox.release([...receipts]);
  }
}

function isReleasable(job: Job): boolean {
  if (job.stage === "waiting" || job.stage === "failed" || job.turn.failure) return false;
  // Attachments that have come and are not stored yet would be lost with this instance.
  if (job.session?.pendingChanged) return false;
  return job.stage === "done" || job.turn.quiet;
}

function prefixOf<T>(list: readonly T[], holds: (item: T) => boolean): readonly T[] {
  const end = list.findIndex((item) => !holds(item));
  return end === -1 ? list : list.slice(0, end);
}
