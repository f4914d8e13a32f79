import { beganAtMs, firstOffset, lineTagOf, type Offset, type SocketId } from "../../ids.ts";
import { isBeyond, toPacketsBytes } from "../../state/log-bound.ts";
import type { LogRecord } from "../../state/recovery-store.ts";
import type { Runtime } from "../../engine/runtime.ts";

/** A socket that is away: on what it depends which packets it has missed. */
export interface Absentee {
  readonly nsp: string;
  readonly socketId: SocketId;
  /** When it joined which of its rooms, its own left out. */
  readonly rooms: ReadonlyMap<string, number>;
  /** Rooms that it has left by itself. */
  readonly leftRooms: readonly string[];
  /** When it was let in first. */
  readonly connectedAtMs: number;
  /** The last event it had; undefined: none. */
  readonly offset: Offset | undefined;
}

/** `unknown offset`: it cannot have heard that. `too much`: more than is sent again, or what was too large to be kept. */
export type Backlog =
  | { readonly outcome: "missed"; readonly packets: readonly LogRecord[] }
  | { readonly outcome: "unknown offset" | "too much" };

/** How long the posts of one packet may take: the longest turn, twice. */
export const LOOK_BACK_MS = 60_000;
/** How far two instances' clocks may be apart. */
const CLOCK_SKEW_MS = 50;
/** Most that is sent again: what one CONNECT may cost. */
export const MAX_MISSED_PACKETS = 200;

/**
 * What a socket has missed, in order, read before anything of it is taken over.
 *
 * An offset is the client's word. Whatever it says, a room counts from when the socket joined it and the namespace from
 * when it was let in; an offset of before that it can have heard by its own name only.
 */
export async function readBacklog(
  runtime: Runtime,
  absentee: Absentee,
  limits: { readonly maxBytes: number; readonly keptMs: number },
): Promise<Backlog> {
  const { offset } = absentee;
  const eldestMs = runtime.clock.nowMs() - limits.keptMs;
  const logs = await Promise.all(
    toSources(absentee).map(async ({ room, countsFromMs }) => {
      const above = laterOf(offset ?? firstOffset(eldestMs), firstOffset(countsFromMs));
      const bound = { above, packets: MAX_MISSED_PACKETS, bytes: limits.maxBytes };
      const from = firstOffset(toStartMs(offset, countsFromMs, eldestMs));
      const packets = await runtime.store.listLog(absentee.nsp, room, from, bound);
      return { room, packets, isCut: isBeyond(packets, bound) };
    }),
  );
  const shown = offset === undefined ? undefined : { offset, isKept: beganAtMs(offset) >= eldestMs };
  if (shown !== undefined && !(await isHeard(runtime, absentee, shown, logs)))
    return { outcome: "unknown offset" };
  const packets = selectMissed(
    absentee,
    logs.flatMap((log) => log.packets),
  );
  const isTooMuch =
    logs.some(({ isCut }) => isCut) ||
    packets.length > MAX_MISSED_PACKETS ||
    toPacketsBytes(packets) > limits.maxBytes ||
    packets.some(isUnkept);
  return isTooMuch ? { outcome: "too much" } : { outcome: "missed", packets };
}

/**
 * What has been sent since the backlog was read, and by now finds the socket, which is in the table; in order.
 *
 * The logs of several rooms are not read at one moment, and a client that gets the later packet of a line must have
 * had the earlier, or its next offset would hide that one for good. Therefore, where packets have begun since this
 * turn did, the logs are read again:
 *
 *     this turn   reads the log of room a
 *     a sender    logs 8 for a; logs 9 for b
 *     this turn   reads the log of room b: 9; reads both again: 8
 */
export async function readNews(runtime: Runtime, absentee: Absentee): Promise<LogRecord[]> {
  const startedMs = runtime.clock.nowMs();
  const read = async (): Promise<LogRecord[]> => {
    const lists = toSources(absentee).map(({ room, countsFromMs }) => {
      const from = firstOffset(Math.max(countsFromMs, startedMs) - LOOK_BACK_MS);
      return runtime.store.listLog(absentee.nsp, room, from);
    });
    return (await Promise.all(lists)).flat();
  };
  const packets = await read();
  const late = packets.filter((record) => beganAtMs(record.offset) >= startedMs - CLOCK_SKEW_MS);
  if (late.length > 0) {
    const again = await read();
    packets.push(...again.filter((record) => late.some(({ offset: later }) => isBefore(record, later))));
  }
  return selectMissed(absentee, packets).filter((record) => !isUnkept(record));
}

/** Two lists as one, each packet once, in order. */
export function mergePackets(...lists: readonly (readonly LogRecord[])[]): LogRecord[] {
  const packets = new Map(lists.flat().map((record) => [record.offset, record]));
  return [...packets.values()].toSorted((a, b) => (a.offset < b.offset ? -1 : 1));
}

/** The logs that a socket hears, each with the time from which on it counts. */
function toSources({ socketId, rooms, connectedAtMs }: Absentee) {
  return [
    { room: undefined, countsFromMs: connectedAtMs },
    // Nobody else has ever had its name; and middlewares send to it before it is let in.
    { room: socketId as string, countsFromMs: 0 },
    ...[...rooms].map(([room, joinedAtMs]) => ({ room, countsFromMs: joinedAtMs })),
  ];
}

/** A packet that began before may still have been under way: see `mayBeMissed`, and who joins while it is being sent. */
function toStartMs(offset: Offset | undefined, countsFromMs: number, eldestMs: number): number {
  if (offset === undefined) return Math.max(countsFromMs, eldestMs);
  return Math.max(eldestMs, Math.max(beganAtMs(offset), countsFromMs) - LOOK_BACK_MS);
}

/**
 * Whether a socket can have heard a packet. One that is kept no more it cannot have invented to any use: whatever is in
 * the log by now is above it.
 */
async function isHeard(
  { store }: Runtime,
  { nsp, socketId, leftRooms, connectedAtMs }: Absentee,
  { offset, isKept }: { readonly offset: Offset; readonly isKept: boolean },
  logs: readonly { readonly room: string | undefined; readonly packets: readonly LogRecord[] }[],
): Promise<boolean> {
  const heardIn = logs.filter(({ packets }) => packets.some((record) => record.offset === offset));
  if (beganAtMs(offset) < connectedAtMs - CLOCK_SKEW_MS) return heardIn.some(({ room }) => room === socketId);
  if (!isKept || heardIn.length > 0) return true;
  const found = await Promise.all(leftRooms.map((room) => store.isLogged({ nsp, room, offset })));
  return found.includes(true);
}

/**
 * Of packets those that a socket has missed, each once: what counts for it and lies above its offset, and what lies
 * below and was not known to be done when the packet of its offset began, unless they came out of the same line of
 * packets, in order.
 *
 *     instance A   logs 5 ────────────────────── posts 5: the connection is gone
 *     instance B          logs 7, posts 7: received
 *     the client shows 7, and has not had 5
 */
function selectMissed(absentee: Absentee, packets: readonly LogRecord[]): LogRecord[] {
  const { offset } = absentee;
  const sources = new Map(toSources(absentee).map(({ room, countsFromMs }) => [room, countsFromMs]));
  const missed = packets.filter(
    (record) =>
      record.offset >= firstOffset(sources.get(record.room) ?? Infinity) &&
      !record.except.some((room) => sources.has(room)) &&
      (offset === undefined || mayBeMissed(record, offset)),
  );
  return mergePackets(missed);
}

function mayBeMissed({ offset, doneAtMs }: LogRecord, last: Offset): boolean {
  if (offset > last) return true;
  if (offset === last || lineTagOf(offset) === lineTagOf(last)) return false;
  return doneAtMs === undefined || doneAtMs >= beganAtMs(last) - 2 * CLOCK_SKEW_MS;
}

/** It was too large to be kept; only its offset was. */
const isUnkept = ({ messages }: LogRecord): boolean => messages.length === 0;

const isBefore = ({ offset }: LogRecord, later: Offset): boolean =>
  offset < later && lineTagOf(offset) === lineTagOf(later);

const laterOf = (a: Offset, b: Offset): Offset => (a > b ? a : b);
