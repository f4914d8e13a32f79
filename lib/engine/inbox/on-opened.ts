import { openFrame } from "../../protocol/frame.ts";
import { isBornOnPolling, openedAtMs } from "../../ids.ts";
import type { EngineApp } from "../engine.ts";
import type { Letter } from "../letter.ts";
import { onProbeOpened } from "../polling/on-probe.ts";
import { reportClosed } from "../end-session.ts";
import type { Runtime } from "../runtime.ts";
import type { Turn } from "../turn.ts";

const RETRY_FOR_MS = 5_000;
const FIRST_DELAY_MS = 25;

/**
 * The server speaks first, and cannot do so inside `$connect`: until the gateway has answered the handshake, every
 * post is refused with 410. So OPEN comes from here, and OPEN alone tries again after a 410; later a 410 is the truth.
 * OPEN twice is harmless: a client that has it does nothing on the second.
 *
 * Resolves with true when a session has begun by it; false for a probe, and when the client is gone.
 */
export async function onOpened(
  runtime: Runtime,
  app: EngineApp,
  letter: Letter & { kind: "opened" },
  turn: Turn,
): Promise<boolean> {
  if (isBornOnPolling(letter.sid)) {
    await onProbeOpened(runtime, letter, turn);
    return false;
  }
  const { sid, connectionId } = letter;
  const { options } = app;
  const frame = openFrame({
    sid,
    upgrades: [],
    pingIntervalMs: options.pingIntervalMs,
    pingTimeoutMs: options.pingTimeoutMs,
    maxPayloadBytes: options.maxPayloadBytes,
  });
  const nowMs = runtime.clock.nowMs();
  const isLate = nowMs - openedAtMs(sid) >= (options.connectTimeoutMs ?? Infinity);
  const beat = runtime.store.openBeat({
    sid,
    pingIntervalMs: options.pingIntervalMs,
    route: { kind: "connection", connectionId },
    lastPongAtMs: letter.atMs,
    ...(isLate ? { openedLateAtMs: nowMs } : {}),
  });
  const [opened] = await Promise.all([postOpen(runtime, letter, frame), beat]);
  if (opened) runtime.metrics.add("ConnectionsOpened", 1, "websocket");
  else await reportClosed(runtime, sid, connectionId, "transport close");
  return opened;
}

async function postOpen(
  runtime: Runtime,
  { connectionId }: Letter & { kind: "opened" },
  frame: string,
): Promise<boolean> {
  const giveUpAtMs = runtime.clock.nowMs() + RETRY_FOR_MS;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs *= 2) {
    if ((await runtime.transport.post(connectionId, frame)) === "sent") return true;
    if (runtime.clock.nowMs() + delayMs > giveUpAtMs) return false;
    await runtime.clock.sleep(delayMs);
  }
}
