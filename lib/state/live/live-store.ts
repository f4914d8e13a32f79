import type { Sid, SocketId } from "../../ids.ts";

/**
 * Live values of the app: what its code holds in variables, for every instance. Lists and scalars are a row; objects, maps
 * and sets are a row a key, so that changes of different keys do not meet.
 */
export interface LiveStore {
  /**
   * Every row of every live value, in no order. One request for each MB. Each row is whole and the newest; rows that
   * are committed while this goes on may be seen or not, each by itself.
   */
  listLive(): Promise<readonly LiveRecord[]>;

  /**
   * All of it at once, or nothing: one transaction, of up to 100 rows. A repetition after a lost answer is known. Where a
   * condition does not hold, it is told of which part, and nothing is written.
   */
  commitLive(commit: LiveCommit): Promise<LiveOutcome>;

  /** How many strokes of a letter are in the table. One read. */
  countStrokes(letterId: string): Promise<number>;
}

/** A row: of a whole value, or of one of its keys. */
export interface LivePlace {
  readonly name: string;
  readonly key: string | undefined;
}

export interface LiveEntry {
  /** JSON; undefined for a key that the initial value has, and that is gone. */
  readonly text: string | undefined;
  /** Keys are in the order of their ranks, as they came. */
  readonly rank: number;
}

export interface LiveRecord extends LivePlace, LiveEntry {
  /** Another one after each change. */
  readonly version: string;
}

export type LiveWrite = LivePlace &
  (
    | {
        readonly kind: "put";
        /** IF the row still has this version; undefined: IF there is none. */
        readonly previous: string | undefined;
        readonly entry: LiveEntry;
      }
    | { readonly kind: "remove"; readonly previous: string }
    /** IF the row has a safe integer, and the sum is one. */
    | { readonly kind: "add"; readonly by: number }
  );

/**
 * What a letter has changed so far, by how often its turn has begun to write: IF fewer strokes of it are in the table.
 * For letters whose handlers run again after a crash.
 */
export interface LiveStrokes {
  readonly letterId: string;
  readonly count: number;
}

/** What is kept with a socket, written in the same moment: up to 150 keys. IF the socket still exists. */
export interface LiveSocket {
  readonly sid: Sid;
  readonly nsp: string;
  readonly socketId: SocketId;
  readonly changes: {
    readonly set: Readonly<Record<string, string>>;
    readonly remove: readonly string[];
    readonly spent: readonly string[];
  };
}

export interface LiveCommit {
  /** The version of all its rows from now on, its own. */
  readonly version: string;
  /** Of one row each. */
  readonly writes: readonly LiveWrite[];
  readonly strokes: readonly LiveStrokes[];
  readonly sockets: readonly LiveSocket[];
}

/** `undefined`: done. Else the parts whose conditions did not hold. */
export type LiveOutcome =
  | {
      readonly writes: readonly LiveWrite[];
      readonly strokes: readonly LiveStrokes[];
      readonly sockets: readonly LiveSocket[];
    }
  | undefined;

/** Out of whether the condition of each part held: of the writes, the strokes, the sockets. */
export function toLiveOutcome(commit: LiveCommit, held: readonly boolean[]): NonNullable<LiveOutcome> {
  const { writes, strokes, sockets } = commit;
  const isRefused = (_: unknown, index: number, from: number) => held[from + index] === false;
  return {
    writes: writes.filter((part, index) => isRefused(part, index, 0)),
    strokes: strokes.filter((part, index) => isRefused(part, index, writes.length)),
    sockets: sockets.filter((part, index) => isRefused(part, index, writes.length + strokes.length)),
  };
}

/** The text of a safe integer, to which the table can add. */
export const toLiveAmount = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^-?\d{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) && !Object.is(number, -0) ? number : undefined;
};
