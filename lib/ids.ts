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
 * Makes a session id: 80 random bits (as many as Socket.IO's own ids have) followed by the time of opening in
 * 40 bits. The time lets a pong find its beat with no read; it comes last, so that ids stay evenly spread as keys.
 */
export function createSid(openedAtMs: number): Sid {
  const bytes = Buffer.alloc(RANDOM_BYTES + 5);
  randomBytes(RANDOM_BYTES).copy(bytes);
  bytes.writeUIntBE(Math.max(0, Math.floor(openedAtMs) - SID_EPOCH_MS), RANDOM_BYTES, 5);
  return bytes.toString("base64url") as Sid;
}

/** When the session was opened, in epoch milliseconds, read out of its id. */
export function openedAtMs(sid: Sid): number {
  return Buffer.from(sid, "base64url").readUIntBE(RANDOM_BYTES, 5) + SID_EPOCH_MS;
}

export const createSocketId = (): SocketId => randomBytes(15).toString("base64url") as SocketId;

export const isSid = (value: unknown): value is Sid => typeof value === "string" && ID_PATTERN.test(value);

export const toSid = (value: string): Sid => value as Sid;
export const toSocketId = (value: string): SocketId => value as SocketId;
export const toConnectionId = (value: string): ConnectionId => value as ConnectionId;

/** A stable number in `[0, buckets)` for a session: which shard of a spread partition it lives in. */
export function shardOf(sid: Sid, buckets: number): number {
  return createHash("sha1").update(sid).digest().readUInt32BE(0) % buckets;
}
