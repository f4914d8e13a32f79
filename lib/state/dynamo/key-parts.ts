import { createHash } from "node:crypto";
import { requireMap, requireNamespace, requireRoom } from "../row-limits.ts";

/** A room as its key tells it: the name, or the digest of a long one, whose row then has the name as an attribute. */
export type RoomPart = { readonly name: string } | { readonly digest: string };

const MAX_PLAIN_BYTES = 200;
const MS_DIGITS = 10;

/** True when the key of a room does not hold its name, so that its row must. */
export const isHashed = (room: string): boolean => Buffer.byteLength(room) > MAX_PLAIN_BYTES;

export const toNamespacePart = (nsp: string): string => toName(requireNamespace(nsp));
export const toMapPart = (map: string): string => toName(requireMap(map));
export const toRoomPart = (room: string): string =>
  isHashed(requireRoom(room)) ? `#${createHash("sha256").update(room).digest("base64url")}` : toName(room);

export function fromRoomPart(part: string): RoomPart | undefined {
  if (/^#[A-Za-z0-9_-]{43}$/.test(part)) return { digest: part.slice(1) };
  const room = fromName(part);
  return room?.rest === "" ? { name: room.name } : undefined;
}

/** Behind a room: which of its shards, where that is not the first. */
export const toShardPart = (shard: number): string => (shard === 0 ? "" : `#${shard}`);

/** A room, and which of its shards. */
export function fromShardedPart(text: string): { room: RoomPart; shard: number } | undefined {
  const whole = fromRoomPart(text);
  if (whole !== undefined) return { room: whole, shard: 0 };
  const [ending, digit] = /#([1-9])$/.exec(text) ?? [];
  const room = ending === undefined ? undefined : fromRoomPart(text.slice(0, -ending.length));
  return room && { room, shard: Number(digit) };
}

export const toName = (name: string): string => `${name.length}:${name}`;

/** The name that a text begins with, and what comes after it. */
export function fromName(text: string): { name: string; rest: string } | undefined {
  const [prefix, digits] = /^(0|[1-9]\d{0,2}):/.exec(text) ?? [];
  if (prefix === undefined) return undefined;
  const end = prefix.length + Number(digits);
  return end > text.length ? undefined : { name: text.slice(prefix.length, end), rest: text.slice(end) };
}

/** Milliseconds, such that they sort as numbers. */
export const toDigits = (ms: number): string => String(ms).padStart(MS_DIGITS, "0");
export const fromDigits = (digits: string | undefined): number | undefined =>
  digits !== undefined && /^\d{10}$/.test(digits) ? Number(digits) : undefined;

/** The number that a text stands for, if no other text stands for it. */
export const fromWhole = (text: string): number | undefined =>
  Number.isSafeInteger(Number(text)) && /^(0|[1-9]\d*)$/.test(text) ? Number(text) : undefined;
