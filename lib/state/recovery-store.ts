import type { Offset, Pid, Sid, SocketId } from "../ids.ts";
import type { MoveTarget } from "./outbox.ts";

/** Connection state recovery: whose state a private id stands for, and the packets that a client may have missed. */
export interface RecoveryStore {
  /** Written by `connectSocket` for a socket with a `pid`. */
  getPid(pid: Pid): Promise<PidRecord | undefined>;

  /**
   * The state goes over to another session: IF the row exists and its `sid` is still `from`. Then `previousSid` is
   * `from`, and the row lives as long as `to` does. Still true when it went over from `from` to `to` before.
   */
  movePid(pid: Pid, from: Sid, to: Sid): Promise<boolean>;

  /**
   * Puts, one per room of each packet, in one batch per 25. Idempotent. A row ends at `expiresAtSeconds`. What they say of
   * `doneAtMs` is left out. Throws `state.log_too_large`, with nothing written.
   */
  appendLog(records: readonly LogRecord[], expiresAtSeconds: number): Promise<void>;

  /** Notes that every post of these packets has come to its end. Puts, batched; idempotent. */
  markLogDone(places: readonly LogPlace[], doneAtMs: number, expiresAtSeconds: number): Promise<void>;

  /**
   * Packets of one room (undefined: of everyone in the namespace) from `from` on, inclusive, in ascending order. With a
   * bound the list may end where it `isBeyond` that.
   */
  listLog(
    nsp: string,
    room: string | undefined,
    from: Offset,
    bound?: LogBound,
  ): Promise<readonly LogRecord[]>;

  /** Whether the log has this packet. One read. */
  isLogged(place: LogPlace): Promise<boolean>;

  /**
   * An outbox of its own, for what is sent to a socket while it is being restored: empty, open, and with a probe of
   * its target which never lapses, so that `takeOutbox` and `moveOutbox` end it as they end an upgrade.
   */
  createHold(hold: Sid, target: MoveTarget): Promise<void>;
}

export interface PidRecord {
  readonly pid: Pid;
  readonly nsp: string;
  readonly socketId: SocketId;
  readonly sid: Sid;
  /** The session it was taken over from; absent until then. */
  readonly previousSid?: Sid;
}

/** Where a packet is in the log: once in each room it was for, always under the same offset. */
export interface LogPlace {
  readonly nsp: string;
  /** Undefined: for everyone in the namespace. */
  readonly room: string | undefined;
  readonly offset: Offset;
}

export interface LogRecord extends LogPlace {
  /** The encoded packet, offset included: its messages, in order. At most `MAX_LOG_BYTES`, with `except`. */
  readonly messages: readonly (string | Uint8Array)[];
  /** Whoever is in one of these rooms was left out. */
  readonly except: readonly string[];
  /** When its last post had ended. Absent: still under way, or nobody knows. */
  readonly doneAtMs?: number;
}

/** How much of a log is wanted: whoever gets more has what it needs to know. */
export interface LogBound {
  readonly above: Offset;
  readonly packets: number;
  /** Of messages, as they are stored. */
  readonly bytes: number;
}
