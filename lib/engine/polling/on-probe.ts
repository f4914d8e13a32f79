import type { ConnectionId, Sid } from "../../ids.ts";
import { PROBE_PING_FRAME, PROBE_PONG_FRAME, UPGRADE_FRAME } from "../../protocol/frame.ts";
import { hearLast } from "./end-during-upgrade.ts";
import type { Runtime } from "../runtime.ts";
import type { Session } from "../session.ts";
import type { Turn } from "../turn.ts";

const CLOSE_RETRY_FOR_MS = 5_000;
const CLOSE_FIRST_DELAY_MS = 25;

interface ProbeFrame {
  readonly connectionId: ConnectionId;
  readonly text: string;
}

/**
 * A WebSocket has opened for a session that began with polling. Nothing is said to it: the client speaks first here.
 * One that came while another was trying, or after one had succeeded, is closed, and the session is unharmed.
 */
export async function onProbeOpened(
  runtime: Runtime,
  { sid, connectionId }: { readonly sid: Sid; readonly connectionId: ConnectionId },
  turn: Turn,
): Promise<void> {
  const outbox = await runtime.store.readOutbox(sid);
  if (outbox?.movedTo === connectionId || outbox?.probe?.target === connectionId) return;
  if (outbox === undefined || outbox.closed) {
    // The session is over, by its client's word as a rule, and then so is this WebSocket. If it is not, it will say
    // `2probe`, and be closed then.
    await runtime.transport.close(connectionId);
    return;
  }
  // Beside its lane: a client may have given this one up, and the session's packets need not wait for it.
  turn.follow(closeUnwanted(runtime, connectionId).catch((error: unknown) => turn.fail(error)));
}

async function closeUnwanted(runtime: Runtime, connectionId: ConnectionId): Promise<void> {
  const giveUpAtMs = runtime.clock.nowMs() + CLOSE_RETRY_FOR_MS;
  for (let delayMs = CLOSE_FIRST_DELAY_MS; ; delayMs *= 2) {
    // Until the gateway has answered the handshake there is nothing to close.
    if ((await runtime.transport.close(connectionId)) === "closed") return;
    if (runtime.clock.nowMs() + delayMs > giveUpAtMs) return;
    await runtime.clock.sleep(delayMs);
  }
}

/**
 * A frame from the WebSocket that tries to take a polling session over.
 *
 *     client                           session's lane                       GET, parked elsewhere
 *     opens a WebSocket with sid  →    (authorizer) outbox: probe = c   →   sees the probe, ends with a noop
 *     2probe                      →    posts 3probe
 *     stops polling, sends 5      →    takes frames, posts them; again until there are none; then conn = c
 *
 * Whoever sends to the session meanwhile appends to the outbox if it has not moved, in one conditional write: so each
 * frame is either taken by the loop below, or its append is refused and it is posted behind everything taken.
 */
export async function onProbeFrame(
  runtime: Runtime,
  session: Session,
  { connectionId, text }: ProbeFrame,
  turn: Turn,
): Promise<void> {
  turn.describe("upgrade");
  const { store, transport } = runtime;
  const { sid } = session;
  if (!session.alive) {
    // In its place in the lane: behind the close, and behind what was sent before it.
    if (text === UPGRADE_FRAME) await turn.order(() => hearLast(runtime, sid, connectionId));
    else await transport.close(connectionId);
    return;
  }
  const outbox = await store.readOutbox(sid);
  if (outbox?.probe?.target !== connectionId) {
    await transport.close(connectionId);
    return;
  }
  switch (text) {
    case PROBE_PING_FRAME:
      await runtime.outbound.send({ sid, route: { kind: "connection", connectionId } }, [PROBE_PONG_FRAME]);
      return;
    case UPGRADE_FRAME:
      return takeOver(runtime, session, connectionId, turn);
    default:
      // Not the way to begin: this WebSocket is not wanted, the session goes on with polling.
      await store.endProbe(sid, connectionId);
      await transport.close(connectionId);
  }
}

async function takeOver(
  runtime: Runtime,
  session: Session,
  connectionId: ConnectionId,
  turn: Turn,
): Promise<void> {
  const { store, outbound, transport } = runtime;
  const { sid } = session;
  const route = { kind: "connection", connectionId } as const;
  for (;;) {
    const frames = await store.takeOutbox(sid);
    if (frames.length > 0) {
      const { outcome } = await outbound.send({ sid, route }, frames);
      if (outcome !== "delivered") {
        // Taken and not delivered: a hole, over which the session must not go on.
        await transport.close(connectionId);
        return session.close(turn, "transport error");
      }
    }
    if (await store.moveOutbox(sid, connectionId)) break;
    const outbox = await store.readOutbox(sid);
    if (outbox === undefined || outbox.closed) return hearLast(runtime, sid, connectionId);
    if (outbox.probe?.target !== connectionId) {
      // Its time was up just now. Its client polls no more, so there is no way back.
      await transport.close(connectionId);
      return session.close(turn, "transport error");
    }
  }
  session.upgrade(connectionId);
  const { pingIntervalMs } = session.record;
  await Promise.all([
    store.upgradeSession(sid, connectionId),
    store.openBeat({ sid, pingIntervalMs, route, lastPongAtMs: runtime.clock.nowMs() }),
  ]);
}
