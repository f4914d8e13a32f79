import { protocolOf } from "../../ids.ts";
import { PING_FRAME, PONG_FRAME } from "../../protocol/frame.ts";
import type { EngineApp } from "../engine.ts";
import type { FrameTask } from "./job.ts";
import type { Letter } from "../letter.ts";
import { onFrame } from "./on-frame.ts";
import { connectionOf, type Runtime } from "../runtime.ts";
import type { SessionLoader } from "../session-loader.ts";
import type { Turn } from "../turn.ts";

/** The second lane of a session: what must not wait behind its handlers. */
export async function onUrgentFrame(
  runtime: Runtime,
  app: EngineApp,
  loader: SessionLoader,
  letter: FrameTask | (Letter & { kind: "reap" }),
  turn: Turn,
): Promise<void> {
  if (letter.kind === "reap") return onReap(runtime, letter);
  const { sid, text, connectionId } = letter;
  const protocol = protocolOf(sid);
  if (text === PONG_FRAME && protocol === 4) return void (await recordLife(runtime, app, letter));
  if (text === PING_FRAME && protocol === 3) return onPing(runtime, app, letter);
  const ack = await app.onAck?.(letter);
  if (ack?.isSaved) return;
  // Nobody waits for it, or it is none. Whether it breaks the rules is for its session to tell.
  const session = await loader.load(sid);
  if (!session?.alive) return;
  if (connectionId !== undefined && connectionId !== session.connectionId) {
    // Not the way to begin an upgrade.
    if (text === PING_FRAME) await runtime.transport.close(connectionId);
    return;
  }
  if (ack === undefined) return onFrame(app, session, text, turn);
  if (!ack.isAllowed(session)) session.close(turn, "forced close");
}

/** The client wants to know whether the server lives; in protocol 3 that is how it shows that it does itself. */
async function onPing(runtime: Runtime, app: EngineApp, letter: FrameTask): Promise<void> {
  const { sid, connectionId } = letter;
  if (!(await recordLife(runtime, app, letter))) return;
  const route =
    connectionId === undefined ? ({ kind: "out" } as const) : ({ kind: "connection", connectionId } as const);
  await runtime.outbound.send({ sid, route }, [PONG_FRAME]);
}

/**
 * One write and no read, unless a deploy has changed the interval since the session was opened. False: there is no such
 * session any more.
 */
async function recordLife(runtime: Runtime, app: EngineApp, { sid, atMs }: FrameTask): Promise<boolean> {
  const { store } = runtime;
  const configuredMs = app.options.pingIntervalMs;
  if (await store.recordPong(sid, configuredMs, atMs)) return true;
  const snapshot = await store.loadSession(sid, { handshake: false });
  if (snapshot === undefined || snapshot.session.pingIntervalMs === configuredMs) return false;
  return store.recordPong(sid, snapshot.session.pingIntervalMs, atMs);
}

/**
 *     sweep      sees lastPong = 10 s, sends reap{10 s} into this lane
 *     client     its pong was already queued in this lane: it is recorded first, lastPong = 70 s
 *     this turn  reads 70 s ≠ 10 s: alive after all
 */
async function onReap(runtime: Runtime, letter: Letter & { kind: "reap" }): Promise<void> {
  const beat = await runtime.store.getBeat(letter.sid, letter.pingIntervalMs);
  if (beat === undefined || beat.lastPongAtMs > letter.lastPongAtMs) return;
  await runtime.reportClosed(letter.sid, connectionOf(beat.route), "ping timeout");
}
