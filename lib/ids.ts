import { createHash, randomBytes } from "node:crypto";

declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

/** API Gateway's name for one WebSocket connection, e.g. `PJqB0fHsqRcCHlw=`. */
export type ConnectionId = Brand<"ConnectionId">;
/** The Engine.IO session id: 20 URL-safe characters, known to the client and to nobody else. */
export type Sid = Brand<"Sid">;
/** The public id of one client in one namespace: 20 URL-safe characters, a room of its own. */
export type SocketId = Brand<"SocketId">;
/** The private id a client shows to recover its state. */
export type Pid = Brand<"Pid">;

const ID_PATTERN = /^[A-Za-z0-9_-]{20}$/;
const RANDOM_BYTES = 10;
const SID_EPOCH_MS = Date.UTC(2025, 0, 1);

/**
 * Makes a session id: 79 random bits (Socket.IO's own ids have 80), one that says whether the session began with
 * polling, and the time of opening in 40. What the id tells needs no read: a pong finds its beat, and a WebSocket that
 * opens is known to be an upgrade. The time comes last, so that ids stay evenly spread as keys.
 */
export function createSid(openedAtMs: number, bornOnPolling = false): Sid {
  const bytes = Buffer.alloc(RANDOM_BYTES + 5);
  randomBytes(RANDOM_BYTES).copy(bytes);
  bytes.writeUInt8((bytes.readUInt8(0) & 0xfe) | (bornOnPolling ? 1 : 0), 0);
  bytes.writeUIntBE(Math.max(0, Math.floor(openedAtMs) - SID_EPOCH_MS), RANDOM_BYTES, 5);
  return bytes.toString("base64url") as Sid;
}

/** When the session was opened, in epoch milliseconds, read out of its id. */
export function openedAtMs(sid: Sid): number {
  return Buffer.from(sid, "base64url").readUIntBE(RANDOM_BYTES, 5) + SID_EPOCH_MS;
}

/** Whether the session began with long-polling; it may have been upgraded since. */
export const isBornOnPolling = (sid: Sid): boolean => (Buffer.from(sid, "base64url").readUInt8(0) & 1) === 1;

export const createSocketId = (): SocketId => randomBytes(15).toString("base64url") as SocketId;

export const isSid = (value: unknown): value is Sid => typeof value === "string" && ID_PATTERN.test(value);

export const toSid = (value: string): Sid => value as Sid;
export const toSocketId = (value: string): SocketId => value as SocketId;
export const toConnectionId = (value: string): ConnectionId => value as ConnectionId;

/** A stable number in `[0, buckets)` for a session: which shard of a spread partition it lives in. */
export function shardOf(sid: Sid, buckets: number): number {
  return createHash("sha1").update(sid).digest().readUInt32BE(0) % buckets;
}
