import type { Clock } from "../clock.ts";
import { isBornOnPolling, type ConnectionId, type Sid } from "../ids.ts";
import { CLOSE_FRAME, NOOP_FRAME } from "../protocol/frame.ts";
import { consequencesOf, type DisconnectReason } from "../protocol/reasons.ts";
import type { Store } from "../state/store.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Outbound } from "./outbound/outbound.ts";
import type { Strays } from "./stray-effects.ts";

/** What it takes to end a session. */
interface Ending {
  readonly store: Store;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly outbound: Outbound;
  readonly strays: Strays;
}

/**
 * Ends a session from anywhere. The letter comes first, because it is what closes: a session that was severed and
 * whose letter was lost in a crash would stay deaf for hours. Then severing, so that a frame which is queued behind
 * the one that caused the end does not run. Then the client is told: a polling one by the last frame it
 * fetches, one on a WebSocket by the end of it, whose own `$disconnect` will find the session closed.
 *
 * `abrupt` is an end that an ordinary server would come to by crashing, or its network by failing. To some clients
 * a close packet means to leave for good, so a polling one gets none, and finds at its next GET that there is no
 * such session. Nobody else decides on a "transport close" from here.
 */
export async function endSession(
  runtime: Ending,
  sid: Sid,
  connectionId: ConnectionId | undefined,
  reason: DisconnectReason,
  { abrupt = reason === "transport close" }: { readonly abrupt?: boolean } = {},
): Promise<void> {
  await reportClosed(runtime, sid, connectionId, reason, abrupt);
  await runtime.store.severSession(sid);
  if (isBornOnPolling(sid)) await closePolling(runtime, sid, reason, abrupt);
  // Not awaited here: this may itself run in the queue of that session.
  if (connectionId !== undefined) runtime.strays.watch(runtime.outbound.close(sid, connectionId));
}

/**
 * A server that closes lets a polling client fetch what is left, the close packet last. After an error only a GET
 * that is waiting now is answered; the next one finds no such session.
 */
async function closePolling(
  runtime: Ending,
  sid: Sid,
  reason: DisconnectReason,
  abrupt: boolean,
): Promise<void> {
  if (consequencesOf(reason).isError) await releaseGet(runtime, sid, reason, abrupt);
  else await runtime.outbound.closeOutbox(sid, abrupt ? NOOP_FRAME : CLOSE_FRAME);
}

/**
 * Ends an outbox: answers the GET that is parked, if there is one, and it alone. A client that has closed by itself,
 * or has lost its server, hears a noop, any other a close.
 */
export async function releaseGet(
  { store, clock }: Pick<Ending, "store" | "clock">,
  sid: Sid,
  reason: DisconnectReason,
  abrupt = false,
): Promise<void> {
  const { outcome } = await store.appendOutbox({
    sid,
    frames: [abrupt || reason === "transport close" ? NOOP_FRAME : CLOSE_FRAME],
    capBytes: Infinity,
    onlyIfParked: true,
    // In one write: a GET that came between two would be answered again by the session's close.
    closes: true,
    nowMs: clock.nowMs(),
  });
  if (outcome === "unparked") await store.deleteOutbox(sid);
}

/** Tells a session's lane that it has ended, or is to. */
export function reportClosed(
  { mailbox, clock }: Pick<Ending, "mailbox" | "clock">,
  sid: Sid,
  connectionId: ConnectionId | undefined,
  reason: DisconnectReason,
  abrupt = false,
): Promise<void> {
  return mailbox.send({
    kind: "closed",
    sid,
    ...(connectionId === undefined ? {} : { connectionId }),
    atMs: clock.nowMs(),
    reason,
    ...(abrupt ? { abrupt } : {}),
  });
}
