import type { Clock } from "../../clock.ts";
import type { ConnectionId } from "../../ids.ts";
import type { PaceCut, PaceStore } from "../../state/pace-store.ts";

export interface PaceOptions {
  readonly store: PaceStore;
  readonly clock: Clock;
  /** The most posts a second that large broadcasts make together. */
  readonly ceiling: number;
}

/** API Gateway's bucket lets half of a second's quota through at once; so much of a second is taken out of it. */
const BURST_MS = 400;
/** So many connections refused within a second: it is the account's quota, and not the buffers of slow clients. */
const REFUSED_AT_ONCE = 5;
const REFUSED_WITHIN_MS = 1_000;
/** Whoever is refused within that time of a cut may have posted before it. */
const CUT_ONCE_MS = 1_000;
const CUT_TO = 0.75;
/** From the ceiling, which says nothing of the quota that there is. */
const FIRST_CUT_TO = 0.5;
/** Nobody begins for so long after a cut: what has been refused is tried again in that time. */
const PAUSE_MS = 1_000;
/** Between a cut and the ceiling, a fiftieth of the ceiling more each second. */
const RISE_MS = 50_000;
const LOWEST_PACE = 50;

/**
 * How fast large broadcasts post, whichever processes do: together no faster than the account's quota allows. Who has posts
 * to make reserves the time for some of them, behind what others have reserved. So all together keep the pace, and
 * nobody's share is idle while another has something to post.
 *
 * The pace is the ceiling. When the gateway refuses posts (429) it goes down for everybody, to half and then to three quarters
 * of what it was, and up from there by the time that has passed: nothing is written for it to rise.
 *
 * What is no large broadcast does not ask here: pings, answers, rooms of up to a page. It has what the ceiling leaves.
 */
export class PostPace {
  readonly #store: PaceStore;
  readonly #clock: Clock;
  readonly #ceiling: number;
  #cut: PaceCut | undefined;
  #broadcasts = 0;
  #refused = new Map<ConnectionId, number>();
  #cutting: Promise<void> | undefined;

  constructor({ store, clock, ceiling }: PaceOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#ceiling = ceiling;
  }

  /** Posts a second, as far as this process has heard. */
  get postsPerSecond(): number {
    if (this.#cut === undefined) return this.#ceiling;
    const { pace, atMs } = this.#cut;
    const risen = (Math.max(0, this.#clock.nowMs() - atMs) / RISE_MS) * this.#ceiling;
    return Math.min(this.#ceiling, pace + risen);
  }

  /** Refusals count for as long as a broadcast is under way here. Resolves when what they have caused is written. */
  async during<T>(broadcast: () => Promise<T>): Promise<T> {
    this.#broadcasts += 1;
    try {
      return await broadcast();
    } finally {
      this.#broadcasts -= 1;
      await this.#cutting;
    }
  }

  /** Resolves with when so many posts may begin: up to a burst earlier than the pace alone would have it. */
  async reserve(posts: number): Promise<number> {
    const durationMs = (posts / this.postsPerSecond) * 1_000;
    const { untilMs, cut } = await this.#store.reservePosts({ durationMs, nowMs: this.#clock.nowMs() });
    this.#cut = cut;
    // While the gateway refuses there is nothing in its bucket.
    const burstMs = this.postsPerSecond < this.#ceiling ? 0 : BURST_MS;
    return untilMs - durationMs - burstMs;
  }

  /** The gateway has refused a post to this connection. */
  onRefused(connectionId: ConnectionId): void {
    if (this.#broadcasts === 0) return;
    const nowMs = this.#clock.nowMs();
    this.#refused.delete(connectionId);
    this.#refused.set(connectionId, nowMs);
    for (const [other, atMs] of this.#refused) {
      if (atMs > nowMs - REFUSED_WITHIN_MS) break;
      this.#refused.delete(other);
    }
    if (this.#refused.size < REFUSED_AT_ONCE || this.#cutting !== undefined) return;
    this.#refused.clear();
    this.#cutting = this.#cutDown(nowMs).finally(() => (this.#cutting = undefined));
  }

  /** Never rejects: who is refused again tries again. */
  async #cutDown(atMs: number): Promise<void> {
    if (this.#cut !== undefined && this.#cut.atMs >= atMs - CUT_ONCE_MS) return;
    const pace = this.postsPerSecond;
    const to = pace * (pace < this.#ceiling ? CUT_TO : FIRST_CUT_TO);
    const cut = { pace: Math.max(LOWEST_PACE, to), atMs };
    try {
      if (!(await this.#store.cutPace(cut, atMs - CUT_ONCE_MS))) return;
      this.#cut = cut;
      await this.#store.reservePosts({ durationMs: PAUSE_MS, nowMs: atMs });
    } catch {
      // The table is out of reach, of which everything else here will hear.
    }
  }
}
