import type { Clock } from "../clock.ts";
import { toSeconds } from "../clock.ts";
import { openedAtMs, type Sid } from "../ids.ts";

/**
 * How long every row of a session is kept, from its opening: the two hours that API Gateway gives a connection, and
 * half an hour for its close to be noticed and finished.
 */
export const SESSION_LIFETIME_SECONDS = 2 * 60 * 60 + 30 * 60;

/** A sweep is saved every minute; one that was not saved for a day belongs to a deployment that is gone. */
const SWEEP_LIFETIME_SECONDS = 24 * 60 * 60;

/** When all rows of a session expire, in epoch seconds: known from its id, so nothing ever needs renewing. */
export const sessionExpiresAtSeconds = (sid: Sid): number =>
  toSeconds(openedAtMs(sid)) + SESSION_LIFETIME_SECONDS;

/** By when all sessions that there are now have expired: of what several of them share. */
export const anySessionExpiresAtSeconds = (clock: Pick<Clock, "nowMs">): number =>
  toSeconds(clock.nowMs()) + SESSION_LIFETIME_SECONDS;

/** A room stays spread over shards for a day and more behind the last who was put into one. */
const ROOM_SHARDS_LIFETIME_SECONDS = 24 * 60 * 60;

/** Behind everybody who is put into a shard by then. */
export const roomShardsExpiresAtSeconds = (clock: Pick<Clock, "nowMs">): number =>
  anySessionExpiresAtSeconds(clock) + ROOM_SHARDS_LIFETIME_SECONDS;

/** Counts of a minute ago are of no use to anybody. */
const COUNT_LIFETIME_SECONDS = 10 * 60;

export const countExpiresAtSeconds = (clock: Clock): number =>
  toSeconds(clock.nowMs()) + COUNT_LIFETIME_SECONDS;
/** The expiry of what stays, the end of the year 9999: every row has one, so that none needs another condition. */
export const NEVER_SECONDS = 253_402_300_799;

export const sweepExpiresAtSeconds = (clock: Clock): number =>
  toSeconds(clock.nowMs()) + SWEEP_LIFETIME_SECONDS;

/**
 * DynamoDB deletes expired rows days late and returns them until then, so every read asks this.
 * As a condition of a write it reads `expiresAt > :now`, with `:now` from `toExpirySeconds`.
 */
export const isLive = (expiresAtSeconds: number, clock: Clock): boolean =>
  expiresAtSeconds > toExpirySeconds(clock);

/** The present as rows are compared with it: whole seconds, rounded down. */
export const toExpirySeconds = (clock: Clock): number => Math.floor(clock.nowMs() / 1000);
