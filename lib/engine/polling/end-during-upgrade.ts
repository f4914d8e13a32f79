import { randomUUID } from "node:crypto";
import type { ConnectionId, Sid } from "../../ids.ts";
import { endOutbox } from "./end-outbox.ts";
import type { Runtime } from "../runtime.ts";

/**
 * The session has ended while its client was moving to a WebSocket, and polls no more: what is left for the last GET, a
 * disconnect packet perhaps, is heard there, and the WebSocket is closed.
 */
export async function hearLast(runtime: Runtime, sid: Sid, connectionId: ConnectionId): Promise<void> {
  const { store, outbound, clock } = runtime;
  for (;;) {
    const id = randomUUID();
    const nowMs = clock.nowMs();
    const opened = await store.openGet({ sid, id, nowMs, untilMs: nowMs + HOLD_MS });
    if (opened.outcome !== "opened") break;
    const taken = await store.endGet(sid, id, nowMs, opened.outbox.frames);
    if (taken === undefined) break;
    await outbound.send({ sid, route: { kind: "connection", connectionId } }, taken.frames);
    if (taken.closed) await endOutbox(runtime, sid);
    if (taken.closed || taken.frames.length === 0) break;
  }
  await outbound.close(sid, connectionId);
}

/** Longer than it takes from the one write to the other. */
const HOLD_MS = 5_000;
