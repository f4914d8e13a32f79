/**
 * How fast a deployment posts, whoever does: one row, for the account's quota is one. It holds until when posts have been
 * reserved, and to what the pace was cut when the gateway last refused some.
 */
export interface PaceStore {
  /**
   * Reserves `durationMs` behind what has been reserved so far, from `nowMs` on where that has passed. One write; two where
   * it had passed, and more only where others write at that very moment. A repetition after a lost answer MAY reserve
   * twice. What is reserved further ahead than `MAX_RESERVED_MS` was reserved by a clock that was wrong, and does not count.
   */
  reservePosts(reservation: PostReservation): Promise<ReservedPosts>;
  /** Notes a cut IF there has been none since `unlessSinceMs`. One write. */
  cutPace(cut: PaceCut, unlessSinceMs: number): Promise<boolean>;
}

export interface PostReservation {
  readonly durationMs: number;
  readonly nowMs: number;
}

export interface ReservedPosts {
  /** When what was reserved now ends. */
  readonly untilMs: number;
  /** The last cut, unless it is long ago. */
  readonly cut?: PaceCut;
}

/** The pace went down to `pace` posts a second at that time. */
export interface PaceCut {
  readonly pace: number;
  readonly atMs: number;
}

export const MAX_RESERVED_MS = 60_000;
