import { protocolOf } from "../../ids.ts";
import { PING_FRAME, PONG_FRAME } from "../../protocol/frame.ts";
import type { EngineApp } from "../engine.ts";
import { countUnaskedAck } from "../payload-limits.ts";
import type { BatchSessions } from "./batch-sessions.ts";
import type { FrameTask } from "./job.ts";
import type { Letter } from "../letter.ts";
import { onFrame } from "./on-frame.ts";
import { connectionOf, type Runtime } from "../runtime.ts";
import { reportClosed } from "../end-session.ts";
import type { Turn } from "../turn.ts";

/**
 * A frame that must not wait behind handlers. `over`: its session is closed, or there is none, so that those which came
 * with it need not be tried.
 */
export async function onUrgentFrame(
  runtime: Runtime,
  app: EngineApp,
  sessions: BatchSessions,
  frame: FrameTask,
  turn: Turn,
): Promise<"over" | undefined> {
  const { sid, text, connectionId } = frame;
  const protocol = protocolOf(sid);
  if (text === PONG_FRAME && protocol === 4) return toOutcome(await recordLife(runtime, app, frame));
  if (text === PING_FRAME && protocol === 3) return toOutcome(await onPing(runtime, app, frame));
  const ack = await app.onAck?.(frame);
  if (ack?.isSaved) return undefined;
  // Nobody waits for it, or it is none. Whether it breaks the rules is for its session to tell.
  const session = await sessions.load(sid);
  if (!session?.alive) return "over";
  if (connectionId !== undefined && connectionId !== session.connectionId) {
    // Not the way to begin an upgrade.
    if (text === PING_FRAME) await runtime.transport.close(connectionId);
    return undefined;
  }
  if (ack === undefined) await onFrame(app, session, text, turn);
  else if (!ack.isAllowed(session)) session.close(turn, "forced close");
  else countUnaskedAck(runtime, session, turn);
  return toOutcome(session.alive);
}

const toOutcome = (isAlive: boolean): "over" | undefined => (isAlive ? undefined : "over");

/** The client wants to know whether the server lives; in protocol 3 that is how it shows that it does itself. */
async function onPing(runtime: Runtime, app: EngineApp, letter: FrameTask): Promise<boolean> {
  const { sid, connectionId } = letter;
  if (!(await recordLife(runtime, app, letter))) return false;
  const route =
    connectionId === undefined ? ({ kind: "out" } as const) : ({ kind: "connection", connectionId } as const);
  await runtime.outbound.send({ sid, route }, [PONG_FRAME]);
  return true;
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
export async function onReap(runtime: Runtime, letter: Letter & { kind: "reap" }): Promise<void> {
  const beat = await runtime.store.getBeat(letter.sid, letter.pingIntervalMs);
  if (beat === undefined || beat.lastPongAtMs > letter.lastPongAtMs) return;
  await reportClosed(runtime, letter.sid, connectionOf(beat.route), "ping timeout");
}
