import { randomUUID } from "node:crypto";
import type { Clock } from "../../clock.ts";
import type { Sid } from "../../ids.ts";
import type { Logger } from "../../log.ts";
import type { LeaseStore } from "../../state/leases.ts";

/** A writer that has crashed holds others up for so long at most. */
const LEASE_MS = 5_000;
/** No frame is begun with less than this left: the longest that one may take to be posted. */
const MARGIN_MS = 3_500;
/** Packets that queue up behind each other share a lease for so long; then others get their chance. */
const RUN_MS = 1_000;
/** Longer than a lease, and than the runs of a few writers that are busy. */
const WAIT_BUDGET_MS = 10_000;
const FIRST_DELAY_MS = 10;
const MAX_DELAY_MS = 200;

interface Held {
  readonly sinceMs: number;
  untilMs: number;
}

/**
 * `outbound: "exclusive"`: whoever writes to a client takes a lease on its session first. A packet with attachments is
 * several frames, and a frame of another instance between two of them is, to the stock parser, the end of the stream.
 *
 *     A  takes the lease, posts 51-…             posts the attachment, gives it back
 *     B                          is refused, waits                                 takes it, posts 42…
 *
 * Two writes a run of packets. In one process a session's packets come one after the other anyway, so one name for the
 * whole process is enough.
 */
export class WriteLeases {
  readonly #store: LeaseStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #holder = randomUUID();
  readonly #held = new Map<Sid, Held>();

  constructor({ store, clock, logger }: { store: LeaseStore; clock: Clock; logger: Logger }) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Before a packet. False: somebody else holds it, for too long, or at all where there is no time to wait. */
  async take(sid: Sid, isPatient: boolean): Promise<boolean> {
    const held = this.#held.get(sid);
    if (held && this.#clock.nowMs() - held.sinceMs >= RUN_MS) await this.giveBack(sid);
    if (await this.keep(sid)) return true;
    const giveUpAtMs = this.#clock.nowMs() + WAIT_BUDGET_MS;
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, MAX_DELAY_MS)) {
      if (await this.#tryToTake(sid)) return true;
      if (!isPatient || this.#clock.nowMs() + delayMs > giveUpAtMs) return false;
      await this.#clock.sleep(delayMs * (0.5 + Math.random() / 2));
    }
  }

  /** Before each further frame. False: it was lost on the way, and somebody may have written in between. */
  async keep(sid: Sid): Promise<boolean> {
    const held = this.#held.get(sid);
    if (held === undefined) return false;
    const nowMs = this.#clock.nowMs();
    if (held.untilMs - nowMs >= MARGIN_MS) return true;
    if (held.untilMs > nowMs && (await this.#tryToTake(sid))) return true;
    this.#held.delete(sid);
    return false;
  }

  /** When nothing more is queued for its client. */
  async giveBack(sid: Sid): Promise<void> {
    if (!this.#held.delete(sid)) return;
    try {
      await this.#store.endLease(sid, this.#holder);
    } catch (error) {
      // What was sent was sent. The others wait until it has run out.
      this.#logger.warn("a lease on writing to a client could not be given back", { error });
    }
  }

  async #tryToTake(sid: Sid): Promise<boolean> {
    const nowMs = this.#clock.nowMs();
    const untilMs = nowMs + LEASE_MS;
    if (!(await this.#store.takeLease({ sid, holder: this.#holder, nowMs, untilMs }))) return false;
    const held = this.#held.get(sid);
    if (held) held.untilMs = untilMs;
    else this.#held.set(sid, { sinceMs: nowMs, untilMs });
    return true;
  }
}
