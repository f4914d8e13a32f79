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

/** A packet's place in the log of its rooms. Offsets sort by the time at which their packet began. */
export type Offset = Brand<"Offset">;

const ID_PATTERN = /^[A-Za-z0-9_-]{20}$/;
const RANDOM_BYTES = 10;
const SID_EPOCH_MS = Date.UTC(2025, 0, 1);

/** The revision of Engine.IO that a client speaks: 3 came with Socket.IO 2, 4 with all later ones. */
export type EngineProtocol = 3 | 4;

/** How a session began, which never changes. */
export interface Birth {
  /** Default 4. */
  readonly protocol?: EngineProtocol;
  /** Default false: with a WebSocket. */
  readonly onPolling?: boolean;
  /** Of protocol 3: whether payloads may come as bytes. Default false. */
  readonly takesBytes?: boolean;
}

/** Bits of an id's first byte. */
const ON_POLLING = 1;
const PROTOCOL_3 = 2;
const TAKES_BYTES = 4;
const BIRTH = ON_POLLING | PROTOCOL_3 | TAKES_BYTES;

/**
 * Makes a session id: 77 random bits (Socket.IO's own ids have 80), three that say how the session began, and the time
 * of opening in 40. What the id tells needs no read: a pong finds its beat, a WebSocket that opens is known to be an
 * upgrade, and who speaks protocol 4 pays nothing for those who do not. The time comes last, so that ids stay evenly
 * spread as keys.
 */
export function createSid(openedAtMs: number, { protocol, onPolling, takesBytes }: Birth = {}): Sid {
  const bytes = Buffer.alloc(RANDOM_BYTES + 5);
  randomBytes(RANDOM_BYTES).copy(bytes);
  const birth =
    (onPolling ? ON_POLLING : 0) | (protocol === 3 ? PROTOCOL_3 : 0) | (takesBytes ? TAKES_BYTES : 0);
  bytes.writeUInt8((bytes.readUInt8(0) & ~BIRTH) | birth, 0);
  bytes.writeUIntBE(Math.max(0, Math.floor(openedAtMs) - SID_EPOCH_MS), RANDOM_BYTES, 5);
  return bytes.toString("base64url") as Sid;
}

/** When the session was opened, in epoch milliseconds, read out of its id. */
export function openedAtMs(sid: Sid): number {
  return Buffer.from(sid, "base64url").readUIntBE(RANDOM_BYTES, 5) + SID_EPOCH_MS;
}

/** Whether the session began with long-polling; it may have been upgraded since. */
export const isBornOnPolling = (sid: Sid): boolean => tellsBirth(sid, ON_POLLING);

/** The protocol that the session's client speaks. */
export const protocolOf = (sid: Sid): EngineProtocol => (tellsBirth(sid, PROTOCOL_3) ? 3 : 4);

/** Whether payloads of protocol 3 may be answered in bytes. */
export const takesBytes = (sid: Sid): boolean => tellsBirth(sid, TAKES_BYTES);

const tellsBirth = (sid: Sid, bit: number): boolean => (firstByteOf(sid) & bit) !== 0;

/** Asked for every letter, several times. */
const firstByteOf = (sid: Sid): number =>
  ((BASE64URL.indexOf(sid.charAt(0)) << 2) | (BASE64URL.indexOf(sid.charAt(1)) >> 4)) & 0xff;

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export const createPid = (): Pid => randomBytes(15).toString("base64url") as Pid;
export const isPid = (value: unknown): value is Pid => typeof value === "string" && ID_PATTERN.test(value);

const OFFSET_PATTERN = /^[0-9a-z]{9}-[0-9a-z]{4}-[A-Za-z0-9]{8}$/;
let lastOffsetMs = 0;
let offsetsInMs = 0;

/**
 * The next offset of this process: the time in base 36, a counter within the millisecond, and eight letters and digits
 * that name the line of packets it is of. Ascending within the process also when the clock steps back.
 */
export function createOffset(nowMs: number, lineTag: string = randomBytes(4).toString("hex")): Offset {
  offsetsInMs = nowMs > lastOffsetMs ? 0 : offsetsInMs + 1;
  lastOffsetMs = Math.max(nowMs, lastOffsetMs);
  return `${firstOffset(lastOffsetMs)}${offsetsInMs.toString(36).padStart(4, "0")}-${lineTag}` as Offset;
}

/** The line of packets that an offset is of. */
export const lineTagOf = (offset: Offset): string => offset.slice(15);

/** What every offset of that time or a later one sorts behind. */
export const firstOffset = (atMs: number): Offset =>
  `${Math.max(0, atMs).toString(36).padStart(9, "0")}-` as Offset;

/** When the packet of an offset began. */
export const beganAtMs = (offset: Offset): number => Number.parseInt(offset.slice(0, 9), 36);

export const isOffset = (value: unknown): value is Offset =>
  typeof value === "string" && OFFSET_PATTERN.test(value);

export const createSocketId = (): SocketId => randomBytes(15).toString("base64url") as SocketId;

export const isSid = (value: unknown): value is Sid => typeof value === "string" && ID_PATTERN.test(value);

export const toSid = (value: string): Sid => value as Sid;
export const toSocketId = (value: string): SocketId => value as SocketId;
export const toConnectionId = (value: string): ConnectionId => value as ConnectionId;

/** A stable number in `[0, buckets)` for a session: which shard of a spread partition it lives in. */
export function shardOf(sid: Sid, buckets: number): number {
  return createHash("sha1").update(sid).digest().readUInt32BE(0) % buckets;
}
