import { Waker } from "../../clock.ts";
import type { EngineApp } from "../engine.ts";
import type { DeliveryRun, Lane } from "./lane.ts";
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
  readonly #lanes: readonly Lane[];
  readonly #stop = new Waker();
  #stopped = false;

  constructor(runtime: Runtime, app: EngineApp, lanes: readonly Lane[]) {
    this.#runtime = runtime;
    this.#app = app;
    this.#lanes = lanes;
    const releasable = lanes.some(({ runs }) => runs.some(({ delivery }) => delivery.receipt !== undefined));
    if (releasable) void this.#loop();
  }

  stop(): void {
    this.#stopped = true;
    this.#stop.wake();
  }

  async #loop(): Promise<void> {
    for (;;) {
      await this.#runtime.clock.sleep(TICK_MS, this.#stop);
      if (this.#stopped) return;
      try {
        await this.#releasePrefixes();
      } catch (error) {
        this.#runtime.logger.warn("an early release failed; the batch releases it at its end", { error });
      }
    }
  }

  async #releasePrefixes(): Promise<void> {
    const ready = this.#lanes.flatMap(releasablePrefix);
    const fresh = ready.filter(({ run }) => !run.isReleased && run.delivery.receipt !== undefined);
    if (fresh.length === 0) return;
    const running = fresh.flatMap(({ run }) => [...run.running]);
    for (const { turn } of running) turn.collect();
    const turns = new Map(
      fresh.flatMap(({ lane: { session }, run: { running: jobs } }) =>
        session ? [[session, [...jobs][0]?.turn] as const] : [],
      ),
    );
    for (const [session, turn] of turns) await this.#app.save?.(session, turn);
    // From here on another invocation may run this session's next letters.
    for (const { run } of fresh) run.markReleased();
    if (running.length > 0) this.#runtime.metrics.add("TurnsWaiting", running.length);
    await this.#runtime.mailbox.release(fresh.map(({ run }) => run.delivery.receipt ?? ""));
  }
}

interface Releasable {
  readonly lane: Lane;
  readonly run: DeliveryRun;
}

function releasablePrefix(lane: Lane): readonly Releasable[] {
  // Attachments that have come and are not stored yet would be lost with this instance.
  if (lane.session?.pendingChanged) return [];
  const end = lane.runs.findIndex((run) => !isReleasable(run));
  return lane.runs.slice(0, end === -1 ? undefined : end).map((run) => ({ lane, run }));
}

function isReleasable({ isStarted, isFailed, running }: DeliveryRun): boolean {
  if (!isStarted || isFailed) return false;
  for (const { turn } of running) if (turn.failure || !turn.quiet) return false;
  return true;
}
