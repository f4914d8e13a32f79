import type { Sid, SocketId } from "../ids.ts";

/**
 * Values of the app's own, in maps by name, a row a key. Keys are in the order of their UTF-8 bytes.
 *
 * Every change that depends on what is there is linearizable, repetitions after a lost answer included: a repeated
 * request MUST NOT undo, or do twice, what others have seen done. What does not look at what is there, `putShared` and
 * `deleteShared`, may be done twice: a repetition replaces what another put has replaced it by, or removes what has been
 * put meanwhile. A put MUST NOT be repeated over what was made of it.
 */
export interface SharedStore {
  getShared(place: SharedPlace): Promise<SharedRecord | undefined>;
  /** Several at once, in the order of `places`: up to a hundred, in one read. */
  getManyShared(places: readonly SharedPlace[]): Promise<readonly (SharedRecord | undefined)[]>;

  /** Puts an entry whatever was there before. One write. */
  putShared(place: SharedPlace, entry: SharedEntry): Promise<void>;

  /**
   * Puts an entry, or with undefined removes it, IF the one there is still `previous` (undefined: IF there is none).
   * One write, and a read where that was refused. False when the condition did not hold.
   */
  replaceShared(
    place: SharedPlace,
    previous: SharedRecord | undefined,
    next: SharedEntry | undefined,
  ): Promise<boolean>;

  /**
   * Adds to a number, or puts `by` where there is no entry, and resolves with what it has become. Owner and expiry of
   * an entry stay. One write, and one more every 32 of them. Nothing is done where the entry is no number, or the sum
   * would be no safe integer.
   */
  addShared(place: SharedPlace, by: number): Promise<number | "not a number" | "out of range">;

  /**
   * Whether there was an entry. A call whose answer was lost may say that there was none, and may remove
   * one that has come since. One write: exact would be a read as well, and whoever wants that has `replaceShared`.
   */
  deleteShared(place: SharedPlace): Promise<boolean>;
  /** Removes several, in batches of 25. */
  deleteManyShared(map: string, keys: readonly string[]): Promise<void>;

  /** A page of entries in the order of their keys, of those behind the key `after`. */
  listShared(map: string, range: SharedRange, after?: string): Promise<SharedPage>;
  /** How many of them there are; reads, and so costs, what `listShared` does. */
  countShared(map: string, range: SharedRange): Promise<number>;

  /**
   * Notes in a session's own rows that a socket is to own an entry, so that its close finds it: BEFORE the entry is
   * put. Idempotent. The note expires with the session.
   */
  noteOwned(owner: SharedOwner, place: SharedPlace): Promise<void>;
  /** Removes each of these entries IF it is still that owner's, and then the notes. */
  deleteOwned(owner: SharedOwner, places: readonly SharedPlace[]): Promise<void>;
}

export interface SharedPlace {
  readonly map: string;
  readonly key: string;
}

export type SharedValue =
  | { readonly kind: "json"; readonly text: string }
  /** A safe integer: what can be added to. */
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

export interface SharedEntry {
  readonly value: SharedValue;
  /** `NEVER_SECONDS` for one that stays. */
  readonly expiresAtSeconds: number;
  readonly owner?: SharedOwner;
}

/** The socket that an entry goes with. */
export interface SharedOwner {
  readonly sid: Sid;
  readonly socketId: SocketId;
}

/** An entry as it was read, for `replaceShared`. */
export interface SharedRecord extends SharedEntry {
  /** Another one after each change. */
  readonly version: string;
  /** Who changed it last, for those who ask whether they did. Means nothing to callers. */
  readonly marks: readonly string[];
}

export interface SharedListing {
  readonly key: string;
  readonly value: SharedValue;
}

export interface SharedPage {
  readonly entries: readonly SharedListing[];
  /** Behind which the next page begins; undefined on the last. A page before that may be empty. */
  readonly after: string | undefined;
}

/** All keys; those that begin with `prefix`; or those from `from` to `to`, both included. */
export interface SharedRange {
  readonly prefix?: string;
  readonly from?: string;
  readonly to?: string;
}

/** A note in a session's rows: an entry that goes with that socket of it. */
export interface OwnedRecord extends SharedPlace {
  readonly socketId: SocketId;
}
