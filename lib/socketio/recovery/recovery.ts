import { toSeconds } from "../../clock.ts";
import { beganAtMs, createPid, isOffset, isPid, lineTagOf, type Pid } from "../../ids.ts";
import { byJoining, roomsInOrder } from "../../state/rooms-in-order.ts";
import { consequencesOf } from "../../protocol/reasons.ts";
import type { SessionSnapshot, SocketRecord } from "../../state/records.ts";
import type { LogPlace, LogRecord } from "../../state/recovery-store.ts";
import { LOOK_BACK_MS, mergePackets, readBacklog, readNews, type Absentee } from "./backlog.ts";
import { findAwaySince, findLeft, toAwayEntry, type Left } from "./previous-session.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Session } from "../../engine/session.ts";
import { leftRoomsOf } from "../replay/socket-row.ts";
import { withoutJournal } from "../replay/socket-row.ts";
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
export interface Restored extends Absentee {
  readonly pid: Pid;
  readonly data: SocketRecord["data"];
  /** What it is in again, its own room among them: in the order of joining, and last where it had left that. */
  readonly order: readonly string[];
  /** When it joined its own room, where that was not when it was let in; Infinity: only now. */
  readonly ownJoinedAtMs: number | undefined;
  /** What it had missed when its state was asked for. */
  readonly missed: readonly LogRecord[];
}

/** Most that a client is sent again. One that is polling is closed where more than that waits for it in its outbox. */
const MAX_MISSED_BYTES = 1024 * 1024;
const MAX_MISSED_BYTES_POLLING = 192 * 1024;
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
    const { snapshot, socket } = left;
    const absentee = toAbsentee(left, offset);
    // Of before rooms knew when they were joined: what its client has missed cannot be told.
    if (absentee === undefined) return undefined;
    const backlog = await readBacklog(runtime, absentee, {
      maxBytes: session.connectionId === undefined ? MAX_MISSED_BYTES_POLLING : MAX_MISSED_BYTES,
      keptMs: this.#keptMs,
    });
    if (backlog.outcome !== "missed") {
      runtime.logger.info("a client came back, and its state is not recovered", {
        code: "core.recovery_refused",
        reason: backlog.outcome,
      });
      return undefined;
    }
    if (!(await runtime.store.movePid(pid, snapshot.session.sid, session.sid))) return undefined;
    return {
      ...absentee,
      pid,
      ...toOrder(left),
      data: { ...withoutJournal(socket.data), ...toAwayEntry({ offset, sinceMs, atMs: nowMs }) },
      missed: backlog.packets,
    };
  }

  /** What a client has missed, in order, once it is in the table and others find it. */
  async listMissed(runtime: Runtime, restored: Restored, turn: Pick<Turn, "lineTag">): Promise<LogRecord[]> {
    const news = await readNews(runtime, restored);
    // What a middleware of this turn has sent to the socket itself is on its way already.
    const isOwn = ({ room, offset }: LogRecord) =>
      room === restored.socketId && lineTagOf(offset) === turn.lineTag;
    return mergePackets(
      restored.missed,
      news.filter((record) => !isOwn(record)),
    );
  }

  #isRecoverable({ session: { closeReason } }: SessionSnapshot): boolean {
    return closeReason !== undefined && consequencesOf(closeReason).isRecoverable;
  }

  /** A packet is kept while some client that missed it may still come back. */
  get #keptMs(): number {
    const { maxDisconnectionMs, unnoticedMs } = this.#options;
    return maxDisconnectionMs + unnoticedMs + LOOK_BACK_MS;
  }

  #logExpiresAtSeconds({ clock }: Runtime): number {
    return toSeconds(clock.nowMs() + this.#keptMs);
  }
}

/** Whoever comes back is in its own room again. */
function toOrder({ snapshot, socket }: Left): Pick<Restored, "order" | "ownJoinedAtMs"> {
  const { nsp, socketId } = socket;
  const own = snapshot.joined.find((row) => row.nsp === nsp && row.room === socketId);
  const ownJoinedAtMs = own?.left ? Infinity : own?.joinedAtMs;
  return { order: [...new Set([...roomsInOrder(socket, snapshot.joined), socketId])], ownJoinedAtMs };
}

function toAbsentee({ snapshot, socket }: Left, offset: Absentee["offset"]): Absentee | undefined {
  const { nsp, socketId, connectedAtMs } = socket;
  const rooms = new Map<string, number>();
  const joined = snapshot.joined
    .filter((row) => row.nsp === nsp && row.room !== socketId && !row.left)
    .toSorted(byJoining);
  for (const { room, joinedAtMs } of joined) {
    if (joinedAtMs === undefined) return undefined;
    rooms.set(room, joinedAtMs);
  }
  return { nsp, socketId, connectedAtMs, rooms, leftRooms: leftRoomsOf(socket), offset };
}
