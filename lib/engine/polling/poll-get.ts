import { randomUUID } from "node:crypto";
import { openedAtMs, protocolOf, takesBytes, type Sid } from "../../ids.ts";
import { dialects } from "../../protocol/dialect.ts";
import { CLOSE_FRAME, NOOP_FRAME } from "../../protocol/frame.ts";
import { refuseHandshake } from "../../protocol/handshake.ts";
import type { MoveTarget, OutboxRecord } from "../../state/outbox.ts";
import type { ResolvedEngineOptions } from "../engine-options.ts";
import { bare, payload, refusal, type PollResponse } from "./http.ts";
import { endOutbox } from "./end-outbox.ts";
import { GET_SILENCE_MS } from "../heartbeat/silent-poller.ts";
import { endSession } from "../end-session.ts";
import type { Runtime } from "../runtime.ts";

/** A GET in its first seconds looks often: an answer to what the client has just sent is likely. */
const EAGER_FOR_MS = 5_000;
const FIRST_DELAY_MS = 50;
const GROWTH = 1.25;
const MAX_EAGER_DELAY_MS = 250;
const IDLE_DELAY_MS = 500;
/** While a WebSocket takes over, the client waits for its GET to end before it says so. */
const PROBE_DELAY_MS = 100;
/** A storm of connecting clients must not park every Lambda there is: young sessions, about to upgrade, hold briefly. */
const YOUNG_FOR_MS = 10_000;
/** And where half of all there may be are in use, a GET that is held for nothing gives its place up as soon. */
const BRIEF_HOLD_MS = 2_000;

/**
 * Long-polling: holds the request until there is something to send, or its time is up. The outbox is taken and the GET
 * released by one write, before anything is answered; frames appended later wait for the next GET.
 */
export const pollGet = (runtime: Runtime, options: ResolvedEngineOptions, sid: Sid): Promise<PollResponse> =>
  runtime.pollers.hold(() => hold(runtime, options, sid));

async function hold(runtime: Runtime, options: ResolvedEngineOptions, sid: Sid): Promise<PollResponse> {
  const { store, clock } = runtime;
  const nowMs = clock.nowMs();
  const isYoung = nowMs - openedAtMs(sid) < YOUNG_FOR_MS;
  const isBrief = (await runtime.pollers.isBusy()) || isYoung;
  const untilMs = nowMs + (isBrief ? Math.min(BRIEF_HOLD_MS, options.pollHoldMs) : options.pollHoldMs);
  const id = randomUUID();
  const aliveSinceMs = nowMs - Math.min(GET_SILENCE_MS, options.pingIntervalMs + options.pingTimeoutMs);
  const opened = await store.openGet({ sid, id, nowMs, untilMs: untilMs + GET_GRACE_MS, aliveSinceMs });
  switch (opened.outcome) {
    case "gone":
      return refusal(refuseHandshake(1));
    case "moved":
      return refusal(refuseHandshake(3));
    case "stale":
      await endSession(runtime, sid, undefined, "ping timeout");
      return refusal(refuseHandshake(1));
    case "overlap":
      // The other one is answered with a close, as soon as it looks.
      await endSession(runtime, sid, undefined, "transport error");
      return bare(400);
    case "opened":
      return park(runtime, options, id, opened.outbox, untilMs);
    default:
      return opened satisfies never;
  }
}

/** A parked GET looks a last time and writes after its time is up; until then another one is an overlap. */
const GET_GRACE_MS = 1_000;

async function park(
  runtime: Runtime,
  options: ResolvedEngineOptions,
  id: string,
  first: OutboxRecord,
  untilMs: number,
): Promise<PollResponse> {
  const { store, clock } = runtime;
  const { sid } = first;
  if (first.closed && first.frames.every((frame) => frame === CLOSE_FRAME)) {
    // Nothing is left but the end, if there was anything: the GET before has fetched it. As the official server says it.
    await endOutbox(runtime, sid);
    return toPayload(sid, [NOOP_FRAME, CLOSE_FRAME]);
  }
  const startMs = clock.nowMs();
  const longestMs = Math.min(MAX_EAGER_DELAY_MS, options.pingTimeoutMs / 4);
  let delayMs = Math.min(FIRST_DELAY_MS, longestMs);
  let outbox: OutboxRecord | undefined = first;
  while (outbox !== undefined && isQuiet(outbox, id) && clock.nowMs() < untilMs) {
    const isEager = clock.nowMs() - startMs < EAGER_FOR_MS;
    const isProbed = outbox.probe !== undefined && outbox.probe.untilMs > clock.nowMs();
    if (isProbed && clock.nowMs() - startMs >= PROBE_DELAY_MS) break;
    if (outbox.probe !== undefined && !isProbed) await endStaleProbe(runtime, sid, outbox.probe.target);
    await clock.sleep(
      Math.min(isEager ? delayMs : Math.min(IDLE_DELAY_MS, 2 * longestMs), untilMs - clock.nowMs()),
    );
    delayMs = Math.min(delayMs * GROWTH, longestMs);
    outbox = await store.readOutbox(sid);
  }
  const taken = await store.endGet(sid, id, clock.nowMs(), outbox?.frames);
  if (taken === undefined) {
    // Somebody else's GET now, or the session is gone: this client is told to stop, respectively to ask again.
    const found = outbox && (await store.readOutbox(sid));
    return toPayload(sid, [found === undefined ? NOOP_FRAME : CLOSE_FRAME]);
  }
  // It came behind the client's word that it is on its WebSocket now, and was parked before that was heard.
  if (outbox?.movedTo !== undefined) return refusal(refuseHandshake(3));
  if (taken.closed && taken.frames.length > 1 && taken.frames.at(-1) === CLOSE_FRAME) {
    // A client acts upon a close at once, but upon packets a tick later: in one answer, a disconnect packet would come
    // after the end of its connection. So the close is left to the next GET, as the official server leaves it.
    return toPayload(sid, taken.frames.slice(0, -1));
  }
  if (taken.closed) await endOutbox(runtime, sid);
  return toPayload(sid, taken.frames.length === 0 ? [NOOP_FRAME] : taken.frames);
}

const toPayload = (sid: Sid, frames: readonly string[]): PollResponse =>
  payload(dialects[protocolOf(sid)].encodePayload(frames, takesBytes(sid)));

const isQuiet = (outbox: OutboxRecord, id: string): boolean =>
  outbox.frames.length === 0 && !outbox.closed && outbox.movedTo === undefined && outbox.get?.id === id;

/** The WebSocket has had its time. It is closed, the polling goes on, and another one may try. */
async function endStaleProbe({ store, transport }: Runtime, sid: Sid, target: MoveTarget): Promise<void> {
  // Nobody polls a hold.
  if (target === "outbox") return;
  if (await store.endProbe(sid, target)) await transport.close(target);
}
