import { toSeconds } from "../../clock.ts";
import {
  beganAtMs,
  createPid,
  firstOffset,
  isOffset,
  isPid,
  lineTagOf,
  type Offset,
  type Pid,
  type SocketId,
} from "../../ids.ts";
import type { DisconnectReason } from "../../protocol/reasons.ts";
import type { SessionSnapshot, SocketRecord } from "../../state/records.ts";
import type { LogPlace, LogRecord } from "../../state/recovery-store.ts";
import { findAwaySince, findLeft, toAwayEntry } from "./previous-session.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Session } from "../../engine/session.ts";
import { withoutJournal } from "../replay/socket-state.ts";
import type { Turn } from "../../engine/turn.ts";

export interface RecoveryOptions {
  /** A client that was away for longer begins anew. */
  readonly maxDisconnectionMs: number;
  /** Whether middlewares are left out for a client whose state is recovered. */
  readonly skipMiddlewares: boolean;
  /** Whether a client is recovered that had not received any event yet, and so shows no offset. */
  readonly withoutEvents: boolean;
  /** How long a dead connection may pass for alive: by then the heartbeat has noticed. */
  readonly unnoticedMs: number;
}

/** What a client gets back. */
export interface Restored {
  readonly pid: Pid;
  readonly socketId: SocketId;
  /** Without its own. */
  readonly rooms: readonly string[];
  readonly data: SocketRecord["data"];
  /** The last event it had; undefined: none since it first connected. */
  readonly offset: Offset | undefined;
  readonly connectedAtMs: number;
}

/** How long the posts of one packet may take: the longest turn, twice. */
const LOOK_BACK_MS = 60_000;
/** How far two instances' clocks may be apart. */
const CLOCK_SKEW_MS = 50;
/** Ends of a session after which its client may have its state back. Not those that either side wanted. */
const recoverable: ReadonlySet<DisconnectReason> = new Set([
  "transport error",
  "transport close",
  "forced close",
  "ping timeout",
  "server shutting down",
  "forced server close",
]);

/**
 * Connection state recovery. While a client is connected, its rooms and data are in the table anyway, so there is
 * nothing to save when it goes, and an instance that is killed loses nothing. What it must have missed is in the log.
 */
export class Recovery {
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  get skipsMiddlewares(): boolean {
    return this.#options.skipMiddlewares;
  }

  createPid(): Pid {
    return createPid();
  }

  /** One write per room of a packet. Before its first post. */
  log(runtime: Runtime, records: readonly LogRecord[]): Promise<void> {
    return runtime.store.appendLog(records, this.#logExpiresAtSeconds(runtime));
  }

  /** One small write per room. After its last post. */
  markDone(runtime: Runtime, places: readonly LogPlace[]): Promise<void> {
    // Where the clock has been put back, offsets go on from where they were.
    const doneAtMs = Math.max(runtime.clock.nowMs(), ...places.map(({ offset }) => beganAtMs(offset)));
    return runtime.store.markLogDone(places, doneAtMs, this.#logExpiresAtSeconds(runtime));
  }

  /**
   * The state of the socket that a client shows the private id of, taken over for this session; undefined when there
   * is none, or no more. Its old session ends first, if the server still believes in it: its `disconnect` handlers
   * have run by the time that the new one connects.
   *
   *     two clients with one pid   both read pid → s1; one moves it from s1 to s2; the other's move is refused
   *     a crash after the move     s2 ends with nothing connected, so the next attempt goes back to s1
   */
  async restore(
    runtime: Runtime,
    session: Session,
    nsp: string,
    auth: Readonly<Record<string, unknown>>,
  ): Promise<Restored | undefined> {
    const { pid, offset } = auth;
    if (!isPid(pid)) return undefined;
    if (!isOffset(offset) && !(offset === undefined && this.#options.withoutEvents)) return undefined;
    const record = await runtime.store.getPid(pid);
    if (record === undefined || record.nsp !== nsp) return undefined;
    const left = await findLeft(runtime, session, record);
    if (left === undefined) return undefined;
    const nowMs = runtime.clock.nowMs();
    const sinceMs = findAwaySince(left, offset, this.#options.unnoticedMs);
    if (!this.#isRecoverable(left.snapshot) || nowMs - sinceMs > this.#options.maxDisconnectionMs)
      return undefined;
    if (!(await runtime.store.movePid(pid, left.snapshot.session.sid, session.sid))) return undefined;
    const { snapshot, socket } = left;
    return {
      pid,
      socketId: socket.socketId,
      rooms: snapshot.joined.filter((row) => row.nsp === nsp).map(({ room }) => room),
      data: { ...withoutJournal(socket.data), ...toAwayEntry({ offset, sinceMs, atMs: nowMs }) },
      offset,
      connectedAtMs: socket.connectedAtMs,
    };
  }

  /**
   * What a client has missed, in order: every packet for it above its offset, and those below which were not known to
   * be done when the packet of its offset began, unless they came out of the same line of packets, in order.
   *
   *     instance A   logs 5 ────────────────────── posts 5: the connection is gone
   *     instance B          logs 7, posts 7: received
   *     the client shows 7, and has not had 5
   *
   * The logs of several rooms are not read at one moment, and a client that gets the later packet of a line must have
   * had the earlier, or its next offset would hide that one for good. Therefore, where packets have begun since this
   * turn did, the logs are read again:
   *
   *     this turn   reads the log of room a
   *     a sender    logs 8 for a; logs 9 for b
   *     this turn   reads the log of room b: 9; reads both again: 8
   */
  async listMissed(
    runtime: Runtime,
    nsp: string,
    { socketId, rooms, offset, connectedAtMs }: Restored,
    turn: Pick<Turn, "lineTag">,
  ): Promise<LogRecord[]> {
    const startedMs = runtime.clock.nowMs();
    const sinceMs = offset === undefined ? connectedAtMs : beganAtMs(offset);
    const from = firstOffset(sinceMs - (offset === undefined ? CLOCK_SKEW_MS : LOOK_BACK_MS));
    const own = new Set<string>([socketId, ...rooms]);
    const read = async (start: Offset): Promise<LogRecord[]> =>
      (await Promise.all([undefined, ...own].map((room) => runtime.store.listLog(nsp, room, start)))).flat();
    const packets = await read(from);
    const late = packets.filter((record) => beganAtMs(record.offset) >= startedMs - CLOCK_SKEW_MS);
    if (late.length > 0) {
      const recent = firstOffset(startedMs - LOOK_BACK_MS);
      const again = await read(from > recent ? from : recent);
      packets.push(...again.filter((record) => late.some(({ offset: later }) => isBefore(record, later))));
    }
    const missed = new Map<Offset, LogRecord>();
    for (const record of packets) {
      if (record.except.some((room) => own.has(room))) continue;
      // What a middleware of this turn has sent to the socket itself is on its way already.
      if (record.room === socketId && lineTagOf(record.offset) === turn.lineTag) continue;
      if (offset === undefined || mayBeMissed(record, offset, sinceMs)) missed.set(record.offset, record);
    }
    return [...missed.values()].toSorted((a, b) => (a.offset < b.offset ? -1 : 1));
  }

  #isRecoverable({ session: { closeReason } }: SessionSnapshot): boolean {
    return closeReason !== undefined && recoverable.has(closeReason);
  }

  /** A packet is kept while some client that missed it may still come back. */
  #logExpiresAtSeconds({ clock }: Runtime): number {
    const { maxDisconnectionMs, unnoticedMs } = this.#options;
    return toSeconds(clock.nowMs() + maxDisconnectionMs + unnoticedMs + LOOK_BACK_MS);
  }
}

function mayBeMissed({ offset, doneAtMs }: LogRecord, last: Offset, beganMs: number): boolean {
  if (offset > last) return true;
  if (offset === last || lineTagOf(offset) === lineTagOf(last)) return false;
  return doneAtMs === undefined || doneAtMs >= beganMs - 2 * CLOCK_SKEW_MS;
}

const isBefore = ({ offset }: LogRecord, later: Offset): boolean =>
  offset < later && lineTagOf(offset) === lineTagOf(later);
