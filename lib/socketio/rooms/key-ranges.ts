import type { Sid } from "../../ids.ts";
import type { SidRange } from "../../state/store.ts";

/** Texts of which the one sorts before every session id, the other behind. A key must not be empty. */
const START = "!";
const END = "~";

/**
 * What the ids of sessions may begin with, in the order of their bytes: base64url of six bits, of which the last tells of
 * rare clients (`createSid`) and is 0 for all others. So each is the beginning of as many ids.
 */
const BEGINNINGS = [..."-02468ACEGIKMOQSUWYacegikmoqsuwy"];

/** Everything up to this one, which is known to be there. */
export const rangeUpTo = (last: Sid): SidRange => ({ from: START, upTo: last });

/** That one session. */
export const rangeOf = (sid: Sid): SidRange => ({ from: sid, upTo: sid });

/**
 * Cuts all keys behind `last` into ranges of about as many members each as there were up to it, at most one for each
 * beginning: no id is in two of them, and whatever an id begins with it is in one.
 */
export function cutRanges(last: Sid): SidRange[] {
  const next = BEGINNINGS.findIndex((beginning) => beginning > last.charAt(0));
  const left = next === -1 ? [] : BEGINNINGS.slice(next);
  // The beginning of `last` itself has been used up by half, as far as anybody knows.
  const seen = BEGINNINGS.length - left.length - 0.5;
  const count = Math.min(left.length + 1, Math.max(1, Math.ceil((left.length + 0.5) / seen)));
  const cuts = Array.from(
    { length: count - 1 },
    (_, index) => left[Math.round(((index + 1) * (left.length + 0.5)) / count - 0.5)] ?? END,
  );
  const ends = [...new Set([...cuts, END])];
  // No id is as short as a cut, so it makes no difference that both ends are included.
  return ends.map((upTo, index) => ({ from: ends[index - 1] ?? `${last}${START}`, upTo }));
}
