import type { EngineApp } from "./engine.ts";
import type { Job } from "./inbox.ts";
import type { Runtime } from "./runtime.ts";

const TICK_MS = 25;
const WHOLE_BATCH_AFTER_MS = 100;

/**
 * Deletes letters from the mailbox while slow handlers of their batch still run, so that the next letters of the same
 * session need not wait for them. An optimisation: nothing depends on it for being right.
 *
 * A letter may go once its handler has started, what it sent so far is settled, and what it changed is stored; always
 * a prefix of its lane, or the order would break. After 100 ms unsettled posts hold nothing back any more.
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
    for (let waitedMs = TICK_MS; ; waitedMs += TICK_MS) {
      await this.#runtime.clock.sleep(TICK_MS);
      if (this.#stopped) return;
      try {
        await this.#releasePrefixes(waitedMs >= WHOLE_BATCH_AFTER_MS);
      } catch (error) {
        this.#runtime.logger.warn("an early release failed; the batch releases it at its end", { error });
      }
    }
  }

  async #releasePrefixes(patient: boolean): Promise<void> {
    const ready = this.#lanes.flatMap((lane) => prefixOf(lane, (job) => isReleasable(job, patient)));
    const jobs = ready.filter((job) => !job.turn.released && job.delivery.receipt !== undefined);
    if (jobs.length === 0) return;
    const sessions = new Set(jobs.flatMap((job) => (job.session ? [job.session] : [])));
    for (const session of sessions) await this.#app.save?.(session);
    // From here on another invocation may run this session's next letters.
    for (const job of jobs) job.turn.released = true;
    await this.#runtime.mailbox.release(jobs.map((job) => job.delivery.receipt ?? ""));
  }
}

function isReleasable(job: Job, patient: boolean): boolean {
  if (job.stage === "waiting" || job.stage === "failed" || job.turn.failure) return false;
  return job.stage === "done" || patient || job.turn.quiet;
}

function prefixOf<T>(list: readonly T[], holds: (item: T) => boolean): readonly T[] {
  const end = list.findIndex((item) => !holds(item));
  return end === -1 ? list : list.slice(0, end);
}
