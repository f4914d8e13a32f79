import type { Clock } from "../../lib/clock.ts";
import type { Mailbox } from "../../lib/engine/mailbox.ts";
import { toSocketId } from "../../lib/ids.ts";
import { mapConcurrently } from "../../lib/socketio/rooms/map-concurrently.ts";
import type { Store } from "../../lib/state/store.ts";
import type { FoundSession } from "./find-sessions.ts";

/** A close waits behind what its session has to do before. */
const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 500;

interface Ways {
  readonly store: Pick<Store, "loadSession">;
  readonly mailbox: Pick<Mailbox, "send">;
  readonly clock: Clock;
}

/**
 * Ends sessions as `io.disconnectSockets(true)` does: by a letter to each, so that their handlers run, behind the packets that
 * came before, and their clients hear that they are not to come back. One without a socket is closed like one that
 * breaks the rules. Resolves with those that were still there after twenty seconds.
 */
export async function endSessions(
  { store, mailbox, clock }: Ways,
  sessions: readonly FoundSession[],
  onEnded: (count: number) => void = () => undefined,
): Promise<readonly FoundSession[]> {
  await mapConcurrently(sessions, ({ id: sid, sockets: [socket] }) => {
    const atMs = clock.nowMs();
    if (socket === undefined) return mailbox.send({ kind: "closed", sid, atMs, reason: "forced close" });
    const { namespace: nsp, id } = socket;
    return mailbox.send({ kind: "kick", sid, nsp, socketId: toSocketId(id), close: true, atMs });
  });
  const untilMs = clock.nowMs() + WAIT_MS;
  let left = sessions;
  for (;;) {
    const phases = await mapConcurrently(left, async ({ id }) => {
      const snapshot = await store.loadSession(id, { handshake: false });
      return snapshot?.session.phase ?? "closed";
    });
    left = left.filter((_, index) => phases[index] !== "closed");
    onEnded(sessions.length - left.length);
    if (left.length === 0 || clock.nowMs() >= untilMs) return left;
    await clock.sleep(LOOK_EVERY_MS);
  }
}
