import type { Sid } from "../../ids.ts";
import type { Excess } from "../payload-limits.ts";

const MINUTE_MS = 60_000;
/** Whoever is quiet for that many others' frames begins anew. */
const MAX_REMEMBERED = 10_000;

/**
 * Frames of a session in a minute, by the gateway's time stamps, as far as this instance has seen them. That costs no
 * request, and is never more than there were: a session whose frames go through several instances may send as many to
 * each of them, and one that is over here is over anywhere. An instance that has forgotten counts anew.
 */
export class FrameRates {
  readonly #most: number;
  readonly #counts = new Map<Sid, { readonly minute: number; frames: number }>();

  constructor(most: number) {
    this.#most = most;
  }

  /** What the session has gone over with these frames, if anything. */
  add(sid: Sid, atMs: number, frames: number): Excess | undefined {
    const minute = Math.floor(atMs / MINUTE_MS);
    const known = this.#counts.get(sid);
    const count = known?.minute === minute ? known : { minute, frames: 0 };
    count.frames += frames;
    if (count !== known) this.#remember(sid, count);
    return count.frames > this.#most ? tooManyFrames(this.#most) : undefined;
  }

  #remember(sid: Sid, count: { readonly minute: number; frames: number }): void {
    this.#counts.delete(sid);
    this.#counts.set(sid, count);
    if (this.#counts.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest);
      return;
    }
  }
}

const tooManyFrames = (limit: number): Excess => ({
  code: "core.too_many_frames",
  message: "a client has sent too many frames in a minute",
  limit,
});
