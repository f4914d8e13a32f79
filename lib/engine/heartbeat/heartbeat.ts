import { openedAtMs, protocolOf, shardOf } from "../../ids.ts";
import { NOOP_FRAME, PING_FRAME } from "../../protocol/frame.ts";
import type { DisconnectReason } from "../../protocol/reasons.ts";
import { SESSION_LIFETIME_SECONDS } from "../../state/expiry.ts";
import type { BeatRecord, SweepRecord } from "../../state/records.ts";
import type { ResolvedEngineOptions } from "../engine-options.ts";
import { lastDueMs, phasesDue } from "./due-phase-ranges.ts";
import type { Sent } from "../outbound/outbound.ts";
import { GET_SILENCE_MS } from "./silent-poller.ts";
import { endSession } from "../end-session.ts";
import { connectionOf, type Runtime } from "../runtime.ts";

/** API Gateway and CloudFront close a connection that is silent for 10 minutes. */
const KEEP_ALIVE_MS = 8 * 60_000;
/** API Gateway ends every connection at 2 h. We do so earlier, spread out, so that not all come back at once. */
const MAX_AGE_MS = 110 * 60_000;
const AGE_SPREAD_MS = 8 * 60_000;
/** A schedule of one minute fires anywhere in its minute. A sweep later than this was an outage. */
const LATE_MS = 125_000;
/** Nothing older is looked at when there is no watermark: the first sweep of a deployment. */
const FIRST_LOOK_BACK_MS = 60_000;

/**
 * One walk over the beats of each ping interval in use: everything that fell due since the watermark of the last
 * walk, by absolute time. A walk that is late, lost or doubled therefore skips nothing; a doubled ping is harmless.
 */
export async function sweep(runtime: Runtime, options: ResolvedEngineOptions): Promise<void> {
  const nowMs = runtime.clock.nowMs();
  const known = await runtime.store.listSweeps();
  const configured = known.find((record) => record.pingIntervalMs === options.pingIntervalMs);
  const others = known.filter((record) => record !== configured);
  await Promise.all([
    walk(runtime, options, nowMs, configured, {
      pingIntervalMs: options.pingIntervalMs,
      pingTimeoutMs: options.pingTimeoutMs,
      configuredAtMs: nowMs,
    }),
    ...others.map((record) =>
      nowMs - record.configuredAtMs > SESSION_LIFETIME_SECONDS * 1000
        ? runtime.store.deleteSweep(record.pingIntervalMs)
        : walk(runtime, options, nowMs, record, record),
    ),
  ]);
}

/** How long to wait between two sweeps, for an app of these intervals: none is missed by more than an eighth. */
export function toSweepPauseMs({
  pingIntervalMs,
  pingTimeoutMs,
  connectTimeoutMs = Infinity,
}: ResolvedEngineOptions): number {
  return Math.min(1_000, Math.max(20, Math.min(pingIntervalMs, pingTimeoutMs, connectTimeoutMs) / 8));
}

type Beating = Pick<SweepRecord, "pingIntervalMs" | "pingTimeoutMs" | "configuredAtMs">;

async function walk(
  runtime: Runtime,
  options: ResolvedEngineOptions,
  nowMs: number,
  before: SweepRecord | undefined,
  beating: Beating,
): Promise<void> {
  const { pingIntervalMs, pingTimeoutMs } = beating;
  const pingedUntilMs = before?.pingedUntilMs ?? nowMs - FIRST_LOOK_BACK_MS;
  const reapedUntilMs = before?.reapedUntilMs ?? nowMs - pingTimeoutMs - FIRST_LOOK_BACK_MS;
  // After an outage pings go out late, so their pongs are due late as well.
  const isLate = before !== undefined && nowMs - before.pingedUntilMs > Math.min(LATE_MS, pingTimeoutMs);
  const noReapBeforeMs = isLate ? nowMs + pingTimeoutMs : (before?.noReapBeforeMs ?? 0);
  const reapUntilMs = nowMs < noReapBeforeMs ? reapedUntilMs : nowMs - pingTimeoutMs;

  await pingAll(runtime, pingIntervalMs, pingedUntilMs, nowMs);
  await keepAliveAll(runtime, pingIntervalMs, pingedUntilMs, nowMs);
  await reapAll(runtime, pingIntervalMs, reapedUntilMs, reapUntilMs);
  if (options.connectTimeoutMs !== undefined) {
    await closeUnconnected(runtime, pingIntervalMs, options.connectTimeoutMs, pingedUntilMs, nowMs);
  }
  await runtime.store.saveSweep(
    { ...beating, pingedUntilMs: nowMs, reapedUntilMs: reapUntilMs, noReapBeforeMs },
    before?.pingedUntilMs,
  );
}

/**
 * Pings every session whose ping fell due, from one interval after its opening on; ends those that are too old. In
 * protocol 3 it is the client that pings.
 */
async function pingAll(runtime: Runtime, intervalMs: number, fromMs: number, untilMs: number): Promise<void> {
  await forEachBeat(runtime, intervalMs, fromMs, untilMs, async (beat) => {
    const openedMs = openedAtMs(beat.sid);
    const dueMs = lastDueMs(openedMs, intervalMs, untilMs);
    if (dueMs <= openedMs || dueMs <= fromMs) return;
    if (isTooOld(beat, intervalMs, untilMs)) {
      await end(runtime, beat);
      return;
    }
    if (protocolOf(beat.sid) === 3) return;
    await sendSign(runtime, beat, PING_FRAME, untilMs);
  });
}

/** Between pings that are further apart than the gateway's patience, a frame that asks for no answer. */
async function keepAliveAll(
  runtime: Runtime,
  intervalMs: number,
  fromMs: number,
  untilMs: number,
): Promise<void> {
  for (let offsetMs = KEEP_ALIVE_MS; offsetMs < intervalMs; offsetMs += KEEP_ALIVE_MS) {
    await forEachBeat(runtime, intervalMs, fromMs - offsetMs, untilMs - offsetMs, async (beat) => {
      await (isTooOld(beat, intervalMs, untilMs)
        ? end(runtime, beat)
        : sendSign(runtime, beat, NOOP_FRAME, untilMs));
    });
  }
}

/** Where the session polls, the answer says when it last did: one that has stopped is not waited for. */
async function sendSign(runtime: Runtime, beat: BeatRecord, frame: string, nowMs: number): Promise<void> {
  const { lastGetUntilMs } = await post(runtime, beat, frame);
  if (lastGetUntilMs !== undefined && lastGetUntilMs + GET_SILENCE_MS < nowMs) {
    await end(runtime, beat, "ping timeout");
  }
}

/** Whether a session would be past its age when it is next looked at. */
function isTooOld({ sid }: BeatRecord, intervalMs: number, nowMs: number): boolean {
  const nextAgeMs = nowMs + Math.min(intervalMs, KEEP_ALIVE_MS) - openedAtMs(sid);
  return nextAgeMs > MAX_AGE_MS + shardOf(sid, AGE_SPREAD_MS);
}

/**
 * Suspects whoever has not answered the ping that was due; in protocol 3, whoever has not pinged for an interval before
 * that, too. It is looked at once in an interval, so such a client is found up to one interval late. The letter is
 * judged behind any sign of life still queued.
 */
async function reapAll(runtime: Runtime, intervalMs: number, fromMs: number, untilMs: number): Promise<void> {
  await forEachBeat(runtime, intervalMs, fromMs, untilMs, async (beat) => {
    const openedMs = openedAtMs(beat.sid);
    const dueMs = lastDueMs(openedMs, intervalMs, untilMs);
    if (dueMs <= openedMs || dueMs <= fromMs || isAlive(beat, dueMs, untilMs)) return;
    await runtime.mailbox.send({
      kind: "reap",
      sid: beat.sid,
      atMs: runtime.clock.nowMs(),
      pingIntervalMs: intervalMs,
      lastPongAtMs: beat.lastPongAtMs,
    });
  });
}

/** `untilMs` is a ping timeout ago. In protocol 3 both times count from the last ping, or from the opening. */
const isAlive = (
  { sid, lastPongAtMs, pingIntervalMs }: BeatRecord,
  dueMs: number,
  untilMs: number,
): boolean => (protocolOf(sid) === 3 ? lastPongAtMs > untilMs - pingIntervalMs : lastPongAtMs >= dueMs);

/**
 * Closes sessions that have joined no namespace in time. Looked at once in their life: one read each. When OPEN was sent
 * later than that, for want of an instance, the client has the same time from then on, and is looked at once an interval.
 */
async function closeUnconnected(
  runtime: Runtime,
  intervalMs: number,
  timeoutMs: number,
  fromMs: number,
  untilMs: number,
): Promise<void> {
  await forEachBeat(runtime, intervalMs, fromMs - timeoutMs, untilMs - timeoutMs, async (beat) => {
    const dueMs = openedAtMs(beat.sid) + timeoutMs;
    const { openedLateAtMs } = beat;
    const isDue =
      openedLateAtMs === undefined
        ? dueMs > fromMs && dueMs <= untilMs
        : openedLateAtMs + timeoutMs <= untilMs;
    if (!isDue) return;
    const snapshot = await runtime.store.loadSession(beat.sid, { handshake: false });
    if (snapshot === undefined || snapshot.sockets.length > 0) return;
    await end(runtime, beat, "forced close");
  });
}

async function forEachBeat(
  runtime: Runtime,
  intervalMs: number,
  fromMs: number,
  untilMs: number,
  visit: (beat: BeatRecord) => Promise<void>,
): Promise<void> {
  for (const { fromPhaseMs, toPhaseMs } of phasesDue(intervalMs, fromMs, untilMs)) {
    for await (const page of runtime.store.listBeats(intervalMs, fromPhaseMs, toPhaseMs)) {
      await Promise.all(page.map(visit));
    }
  }
}

function post(runtime: Runtime, { sid, route }: BeatRecord, frame: string): Promise<Sent> {
  return runtime.outbound.send({ sid, route }, [frame]);
}

async function end(
  runtime: Runtime,
  { sid, route }: BeatRecord,
  reason: DisconnectReason = "transport close",
): Promise<void> {
  await endSession(runtime, sid, connectionOf(route), reason);
}
