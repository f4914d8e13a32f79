import { CoreError } from "./errors.ts";
import type { EngineApp } from "./engine.ts";
import type { Delivery, Letter } from "./letter.ts";
import type { Runtime } from "./runtime.ts";
import type { Session } from "./session.ts";
import type { Turn } from "./turn.ts";

/** As long as an invocation may take: a lease outlives no crash by more than the mailbox's own wait. */
const LEASE_MS = 30_000;

/**
 * Ends a session, in steps that can be begun again after a crash at any of them:
 *
 *     1 take the lease             crash → the letter comes again
 *     2 `disconnecting`            crash → runs again: at least once, and exactly once without a crash
 *     3 delete memberships         crash → deleted again; the session still knows its rooms for 2
 *     4 `disconnect`               crash → runs again. Whoever it asks for the members of a room is told the truth
 *     5 mark closed                crash → 6 when the letter comes again, or the heartbeat finds the beat
 *     6 delete the beat            last: as long as anything is undone, the heartbeat still finds the session
 *
 * The session's own rows are left to expire, which costs nothing.
 */
export async function onClosed(
  runtime: Runtime,
  app: EngineApp,
  session: Session | undefined,
  { letter, redelivered }: Delivery & { letter: Letter & { kind: "closed" } },
  turn: Turn,
): Promise<void> {
  const { store, clock } = runtime;
  const { sid } = letter;
  const pingIntervalMs = session?.record.pingIntervalMs ?? app.options.pingIntervalMs;
  if (session === undefined || session.record.phase === "closed") {
    await store.deleteBeat(sid, pingIntervalMs);
    return;
  }
  // The letter came again, so whoever held the lease has crashed: within a lane nobody else can.
  const nowMs = redelivered ? clock.nowMs() + LEASE_MS : clock.nowMs();
  const close = await store.beginClose({ sid, reason: letter.reason, nowMs, leaseUntilMs: nowMs + LEASE_MS });
  switch (close.outcome) {
    case "leased":
      throw new CoreError(
        "core.close_leased",
        "expected to close a session alone, but another turn is at it",
        {
          evidence: { sid },
        },
      );
    case "over":
      return;
    case "begun":
      break;
    default:
      close satisfies never;
      return;
  }
  session.markClosing();
  turn.label = "close";
  const memberships = app.memberships(session);
  const onGone = await app.onClosing(session, close.reason, turn);
  await turn.settle();
  await store.deleteMemberships(sid, memberships);
  onGone();
  await turn.settle();
  await store.finishClose(sid);
  await store.deleteBeat(sid, pingIntervalMs);
  // `$disconnect` brought "transport close": that connection has ended by itself.
  const { connectionId } = session;
  if (connectionId !== undefined && close.reason !== "transport close")
    await runtime.outbound.close(connectionId);
}
