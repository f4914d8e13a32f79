import type { Offset, Sid } from "../../ids.ts";
import type { SessionSnapshot, SocketRecord } from "../../state/records.ts";
import type { PidRecord } from "../../state/recovery-store.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { endSession } from "../../engine/end-session.ts";
import type { Session } from "../../engine/session.ts";

/** A socket in the session that had it last, which is closed. */
export interface Left {
  readonly snapshot: SessionSnapshot;
  readonly socket: SocketRecord;
}

/** How long the end of an old session is waited for. Its handlers run in another invocation, which may be a cold start. */
const CLOSE_WAIT_MS = 20_000;
const CLOSE_FIRST_LOOK_MS = 25;
/** A key in a recovered socket's row, beside what the app has stored: see `toAwayNote`. */
const AWAY_KEY = "away";

/**
 * The socket as its session has left it. Of the session that the pid points to; or, where that one failed before it
 * had the socket, of the one before: the pid then points there again first, so that it is found after any number of
 * failures.
 */
export async function findLeft(
  runtime: Runtime,
  session: Session,
  { pid, nsp, sid, previousSid }: PidRecord,
): Promise<Left | undefined> {
  const find = async (candidate: Sid): Promise<Left | "none" | "busy"> => {
    const snapshot = await awaitClosed(runtime, candidate);
    if (snapshot === "busy") return "busy";
    const socket = snapshot?.sockets.find((other) => other.nsp === nsp && other.pid === pid);
    return snapshot && socket ? { snapshot, socket } : "none";
  };
  // A client that a middleware has refused may ask again, in the same session.
  const isOwn = sid === session.sid;
  const last = isOwn ? "none" : await find(sid);
  if (last === "busy") return undefined;
  if (last !== "none") return last;
  if (previousSid === undefined) return undefined;
  const previous = await find(previousSid);
  if (previous === "none" || previous === "busy") return undefined;
  return isOwn || (await runtime.store.movePid(pid, sid, previousSid)) ? previous : undefined;
}

/**
 * Since when the client may have missed something: since its session was closed; or since an earlier one was, when
 * it was recovered and went again so soon that nobody knows whether it ever heard of it, and shows the same offset.
 * Counted from the last close alone, what it missed at first would have left the log meanwhile.
 */
export function findAwaySince(
  { snapshot, socket }: Left,
  offset: Offset | undefined,
  unnoticedMs: number,
): number {
  const { closedAtMs = 0 } = snapshot.session;
  const note = socket.data[AWAY_KEY];
  if (note === undefined) return closedAtMs;
  const before = fromAwayNote(note);
  const isUnheard = before.offset === offset && closedAtMs - before.atMs <= unnoticedMs;
  return isUnheard ? before.sinceMs : closedAtMs;
}

/** The entry of a row by which the next recovery knows of this one. */
export const toAwayEntry = (away: Away): Record<string, string> => ({ [AWAY_KEY]: toAwayNote(away) });

/** A session once it is closed; ends it, if that is not done, and waits for its handlers. Undefined: there is none. */
async function awaitClosed(runtime: Runtime, sid: Sid): Promise<SessionSnapshot | undefined | "busy"> {
  const old = await runtime.store.loadSession(sid, { handshake: false });
  if (old === undefined || old.session.phase === "closed") return old;
  const { phase, connectionId } = old.session;
  if (phase === "open") await endSession(runtime, sid, connectionId, "transport close");
  const giveUpAtMs = runtime.clock.nowMs() + CLOSE_WAIT_MS;
  for (
    let delayMs = CLOSE_FIRST_LOOK_MS;
    runtime.clock.nowMs() < giveUpAtMs;
    delayMs = Math.min(delayMs * 2, 200)
  ) {
    await runtime.clock.sleep(delayMs);
    const snapshot = await runtime.store.loadSession(sid, { handshake: false });
    if (snapshot === undefined || snapshot.session.phase === "closed") return snapshot;
  }
  runtime.logger.warn("a client came back before its old session had ended; its state is not recovered", {
    code: "core.recovery_too_early",
    waitedMs: CLOSE_WAIT_MS,
  });
  return "busy";
}

/** How a socket was recovered: with what offset, when, and since when its client had been away. */
interface Away {
  readonly offset: Offset | undefined;
  readonly sinceMs: number;
  readonly atMs: number;
}

const toAwayNote = ({ offset, sinceMs, atMs }: Away): string =>
  JSON.stringify([sinceMs, atMs, ...(offset === undefined ? [] : [offset])]);

function fromAwayNote(note: string): Away {
  const [sinceMs, atMs, offset] = JSON.parse(note) as [number, number, Offset?];
  return { offset, sinceMs, atMs };
}
