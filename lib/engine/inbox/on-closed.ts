import { isBornOnPolling, type ConnectionId, type Sid } from "../../ids.ts";
import { NOOP_FRAME } from "../../protocol/frame.ts";
import { consequencesOf, type DisconnectReason } from "../../protocol/reasons.ts";
import type { Store } from "../../state/store.ts";
import { CoreError } from "../errors.ts";
import type { EngineApp } from "../engine.ts";
import type { Delivery, Letter } from "../letter.ts";
import { removeMemberships } from "./remove-memberships.ts";
import { warnOfRawBinary } from "./raw-binary.ts";
import type { Runtime } from "../runtime.ts";
import type { Session } from "../session.ts";
import { releaseGet } from "../end-session.ts";
import type { Turn } from "../turn.ts";

/** As long as an invocation may take: a lease outlives no crash by more than the mailbox's own wait. */
const LEASE_MS = 30_000;

/** A session about to be closed: as the turns before in its batch have it, and as it is in the table. */
export interface ClosingSession {
  readonly known: Session | undefined;
  readonly load: () => Promise<Session | undefined>;
}

/**
 * Ends a session, in steps that can be begun again after a crash at any of them:
 *
 *     1 take the lease             crash → the letter comes again
 *     2 `disconnecting`            crash → runs again: at least once, and exactly once without a crash
 *     3 delete memberships         crash → deleted again, but for what is noted; the session still knows its rooms for 2
 *     4 `disconnect`               crash → runs again. Whoever it asks for the members of a room is told the truth
 *     5 mark closed                crash → 6 and 7 when the letter comes again, or the heartbeat finds the beat
 *     6 end the connection         not before 5: a gateway that refuses must not make the handlers run again
 *     7 delete the beat            last: as long as anything is undone, the heartbeat still finds the session
 *
 * The session's own rows are left to expire, which costs nothing.
 */
export async function onClosed(
  runtime: Runtime,
  app: EngineApp,
  { known, load }: ClosingSession,
  { letter, redelivered }: Delivery & { letter: Letter & { kind: "closed" } },
  turn: Turn,
): Promise<void> {
  const { store, clock } = runtime;
  const { sid } = letter;
  const before = known ?? (isBornOnPolling(sid) ? await load() : undefined);
  if (before && letter.connectionId !== undefined && letter.connectionId !== before.connectionId) {
    // A WebSocket that did not become this session's: an abandoned upgrade. The session goes on where it is.
    await store.endProbe(sid, letter.connectionId);
    return;
  }
  const leaseUntilMs = clock.nowMs() + LEASE_MS;
  // The letter came again, so whoever held the lease has crashed: within a lane nobody else can. Asking for the moment
  // when it ends at the latest, however often this has happened.
  const nowMs = redelivered ? leaseUntilMs : clock.nowMs();
  const close = await store.beginClose({ sid, reason: letter.reason, nowMs, leaseUntilMs });
  switch (close.outcome) {
    case "leased":
      // Side by side with the other, which is ordinary without the mailbox's order: `$disconnect` meets a close of ours.
      // If the other crashes, the beat is still there for the heartbeat.
      if (!runtime.isOrdered) return;
      throw new CoreError(
        "core.close_leased",
        "expected to close a session alone, but another turn is at it",
        { evidence: { sid } },
      );
    case "over":
      await endConnection(runtime, sid, letter.connectionId, letter.reason);
      return removeTraces(runtime, app, sid, before ?? (await load()));
    case "begun":
      break;
    default:
      close satisfies never;
      return;
  }
  before?.markClosing();
  // Only now: a room joined from elsewhere before step 1 is in what is read, after it the joiner itself looks again.
  const present = await load();
  const session = before ?? present;
  if (session === undefined) return removeTraces(runtime, app, sid, undefined);
  session.markClosing();
  turn.describe("close");
  warnOfRawBinary(runtime, app, session, letter);
  const sessions = [...new Set([session, present ?? session])];
  const memberships = sessions.flatMap((each) => app.memberships(each));
  const onGone = await app.onClosing(session, close.reason, turn);
  await turn.settle();
  await app.onLeaving?.(sessions, turn);
  await removeMemberships(store, sid, memberships, present?.record.removedUpTo);
  onGone();
  await turn.settle();
  await store.finishClose(sid);
  runtime.metrics.add("ConnectionsClosed", 1, close.reason);
  await endConnection(runtime, sid, session.connectionId, close.reason);
  if (await isOutboxDone(runtime, session, close.reason, letter.abrupt))
    await deleteBeats(store, app, sid, session);
}

/** `$disconnect` brings "transport close": that connection has ended by itself. */
async function endConnection(
  { outbound }: Runtime,
  sid: Sid,
  connectionId: ConnectionId | undefined,
  reason: DisconnectReason,
): Promise<void> {
  if (connectionId !== undefined && reason !== "transport close") await outbound.close(sid, connectionId);
}

/** Of a session that is closed, or was never there. */
async function removeTraces(
  { store }: Runtime,
  app: EngineApp,
  sid: Sid,
  session: Session | undefined,
): Promise<void> {
  if (isBornOnPolling(sid)) await store.deleteOutbox(sid);
  await deleteBeats(store, app, sid, session);
}

/** A deploy between the authorizer and OPEN may have put the beat under another interval than the session's. */
async function deleteBeats(
  store: Store,
  app: EngineApp,
  sid: Sid,
  session: Session | undefined,
): Promise<void> {
  const configuredMs = app.options.pingIntervalMs;
  const intervals = new Set([configuredMs, session?.record.pingIntervalMs ?? configuredMs]);
  for (const intervalMs of intervals) await store.deleteBeat(sid, intervalMs);
}

/**
 * Ends an outbox. When it was the server that closed, or the session's age that ended it, what its client has not
 * fetched yet, a disconnect packet perhaps, is left for the next GET, which deletes outbox and beat. Until then the beat
 * stays: if no GET comes, the heartbeat finds it and the session is closed again. After anything else only a GET that is
 * parked is answered.
 */
async function isOutboxDone(
  runtime: Runtime,
  { sid, connectionId }: Session,
  reason: DisconnectReason,
  abrupt = false,
): Promise<boolean> {
  if (!isBornOnPolling(sid)) return true;
  const { store, outbound } = runtime;
  if (connectionId === undefined) {
    const leavesRest = consequencesOf(reason).leavesRest || (abrupt && reason === "transport close");
    // Without a frame of its own, a GET that comes now would take what is closed and empty for its last, a close.
    const wasClosed = leavesRest && !(await store.closeOutbox(sid, abrupt ? [NOOP_FRAME] : []));
    if (!leavesRest) await releaseGet(runtime, sid, reason, abrupt);
    const outbox = await store.readOutbox(sid);
    // Moved, and crashed before the session's row said so.
    const movedTo = outbox?.movedTo;
    if (movedTo !== undefined && movedTo !== "outbox") await outbound.close(sid, movedTo);
    // Closed before, and empty by now: the GET that took what was there deletes it, or leaves the close to the next one.
    else if (outbox !== undefined && (wasClosed || outbox.frames.length > 0)) return false;
  }
  await store.deleteOutbox(sid);
  return true;
}
