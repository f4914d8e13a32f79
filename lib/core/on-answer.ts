import type { EngineApp } from "./engine.ts";
import type { FrameTask } from "./inbox.ts";
import type { Letter } from "./letter.ts";
import { onFrame } from "./on-frame.ts";
import { connectionOf, type Runtime } from "./runtime.ts";
import type { SessionLoader } from "./session-loader.ts";
import type { Turn } from "./turn.ts";

/** The second lane of a session: what must not wait behind its handlers. */
export async function onAnswer(
  runtime: Runtime,
  app: EngineApp,
  loader: SessionLoader,
  letter: FrameTask | (Letter & { kind: "reap" }),
  turn: Turn,
): Promise<void> {
  if (letter.kind === "reap") return onReap(runtime, letter);
  if (letter.text === "3") return onPong(runtime, app, letter);
  // An ack. It names nothing that could be looked up without its session.
  const session = await loader.load(letter.sid);
  if (!session?.alive) return;
  if (letter.connectionId !== undefined && letter.connectionId !== session.connectionId) return;
  await onFrame(app, session, letter.text, turn);
}

/** One write and no read, unless a deploy has changed the interval since the session was opened. */
async function onPong(runtime: Runtime, app: EngineApp, letter: FrameTask): Promise<void> {
  const { store } = runtime;
  const configuredMs = app.options.pingIntervalMs;
  if (await store.recordPong(letter.sid, configuredMs, letter.atMs)) return;
  const snapshot = await store.loadSession(letter.sid, { handshake: false });
  if (snapshot === undefined || snapshot.session.pingIntervalMs === configuredMs) return;
  await store.recordPong(letter.sid, snapshot.session.pingIntervalMs, letter.atMs);
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
