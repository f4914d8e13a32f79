import { AsyncLocalStorage } from "node:async_hooks";
// Not the global one, which takes what is started while the app's code runs for a timer of the app's.
import { clearTimeout, setTimeout } from "node:timers";
import type { Alarm, AlarmClock, AlarmTime, Ringing } from "../engine/alarms/alarm.ts";
import type { Work } from "./work.ts";

/** As the deployed queue has it: `infra/timers/queue.yml`. */
const LONGEST_DELAY_MS = 15 * 60_000;
const AGAIN_AFTER_MS = 250;

/** The queue of delayed messages in memory. What is armed is no work until it rings. */
export class MemoryAlarms implements AlarmClock {
  readonly #ring: (ringing: Ringing) => Promise<readonly string[]>;
  readonly #work: Work;
  readonly #waiting = new Set<NodeJS.Timeout>();
  /** Alarms ring outside of whatever turn they were set in. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #count = 0;
  #stopped = false;

  constructor({
    ring,
    work,
  }: {
    /** Resolves with the ids of those that must be handed over again. */
    readonly ring: (ringing: Ringing) => Promise<readonly string[]>;
    readonly work: Work;
  }) {
    this.#ring = ring;
    this.#work = work;
  }

  set(alarm: Alarm, { inMs, dueAtMs = Date.now() + inMs }: AlarmTime): Promise<void> {
    this.#count += 1;
    this.#wait(alarm, `alarm-${this.#count}`, dueAtMs, Math.min(inMs, LONGEST_DELAY_MS));
    return Promise.resolve();
  }

  /** Nothing rings any more. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
  }

  #wait(alarm: Alarm, id: string, dueAtMs: number, delayMs: number): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      const end = this.#work.begin();
      void this.#outside(() => this.#hand(alarm, id, dueAtMs)).then(end);
    }, delayMs);
    this.#waiting.add(timer);
  }

  async #hand(alarm: Alarm, id: string, dueAtMs: number): Promise<void> {
    const failed = await this.#ring({ alarm, id, dueAtMs, leftMs: dueAtMs - Date.now() });
    if (failed.length > 0) this.#wait(alarm, id, dueAtMs, AGAIN_AFTER_MS);
  }
}
