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
  const id = randomUUID();
  const nowMs = clock.nowMs();
  const { outcome } = await store.openGet({ sid, id, nowMs, untilMs: nowMs + HOLD_MS });
  const taken = outcome === "opened" ? await store.endGet(sid, id, nowMs) : undefined;
  if (taken !== undefined) {
    await outbound.send({ sid, route: { kind: "connection", connectionId } }, taken.frames);
    if (taken.closed) await endOutbox(runtime, sid);
  }
  await outbound.close(sid, connectionId);
}

/** Longer than it takes from the one write to the other. */
const HOLD_MS = 5_000;
