import { protocolOf, type Sid } from "../../ids.ts";
import { dialects, toAckPrefix, type Dialect } from "../../protocol/dialect.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { refuseHandshake } from "../../protocol/handshake.ts";
import { fromForm } from "../../protocol/jsonp.ts";
import type { DisconnectReason } from "../../protocol/reasons.ts";
import type { OutboxRecord } from "../../state/outbox.ts";
import type { EngineApp } from "../engine.ts";
import { endOutbox } from "./end-outbox.ts";
import { accepted, bare, OCTET_STREAM, refusal, type PollRequest, type PollResponse } from "./http.ts";
import { laneOfFrame, toQueueText, type Lane } from "../letter.ts";
import { tooManyPackets } from "../payload-limits.ts";
import { endSession, releaseGet, reportClosed } from "../end-session.ts";
import type { Runtime } from "../runtime.ts";

/** A message of the queue is at most 1 MiB, and a letter is JSON, where quotes are doubled. */
const MAX_LETTER_BYTES = 256 * 1024;
const MAX_QUEUE_BYTES = 1_000_000;

/**
 * A POST is accepted, not handled: its packets go into the mailbox, in order, and the client is answered. The official
 * server, too, answers before any handler has run; a handler that waits for an answer of this client would otherwise
 * wait for the end of the request that brings it.
 */
export async function pollPost(
  runtime: Runtime,
  app: EngineApp,
  sid: Sid,
  request: PollRequest,
): Promise<PollResponse> {
  const { options } = app;
  const outbox = await runtime.store.readOutbox(sid);
  if (outbox?.closed) await endOutbox(runtime, sid);
  if (outbox === undefined || outbox.closed) return refusal(refuseHandshake(1));
  if (outbox.movedTo !== undefined) return refusal(refuseHandshake(3));
  if (await isSilent(runtime, options, outbox)) {
    await endSession(runtime, sid, undefined, "ping timeout");
    return refusal(refuseHandshake(1));
  }
  const dialect = dialects[protocolOf(sid)];
  const isBytes = request.headers["content-type"] === OCTET_STREAM;
  if (isBytes && !dialect.acceptsBytes) {
    await endSession(runtime, sid, undefined, "transport error");
    return bare(400);
  }
  if (request.body.byteLength > options.maxPayloadBytes) {
    await endBehind(runtime, sid, "transport error");
    return bare(413);
  }
  const { texts, end, isTooMany } = readPackets(dialect, readBody(request, isBytes), options);
  if (isTooMany) {
    const { code, message, limit } = tooManyPackets(options.maxPacketsPerPayload);
    runtime.logger.info(`${message}; its session is closed`, { code, limit });
    await endSession(runtime, sid, undefined, "transport error", { abrupt: true });
    return bare(413);
  }
  const letters = toLetters(texts, toAckPrefix(app.codec, protocolOf(sid)));
  if (letters.some(({ texts: own }) => sizeOf(own) > MAX_QUEUE_BYTES)) return bare(413);
  const atMs = runtime.clock.nowMs();
  for (const letter of letters)
    await runtime.mailbox.send({ kind: "payload", sid, atMs, texts: letter.texts, lane: letter.lane });
  if (end !== undefined) await endBehind(runtime, sid, end);
  return accepted;
}

/**
 * Not severed: what the client sent before is in the mailbox, perhaps since an earlier POST, and runs before the close
 * does. Nothing comes behind it, for the outbox ends here.
 */
async function endBehind(runtime: Runtime, sid: Sid, reason: DisconnectReason): Promise<void> {
  await reportClosed(runtime, sid, undefined, reason);
  await releaseGet(runtime, sid, reason);
}

/**
 * Whether a session has shown no sign of life for as long as none may: the official server's timer would have ended it
 * by now, and the heartbeat is about to. Costs a read, of those alone who have not polled for that long either.
 */
async function isSilent(
  { store, clock }: Runtime,
  { pingIntervalMs, pingTimeoutMs }: EngineApp["options"],
  { sid, lastGetUntilMs }: OutboxRecord,
): Promise<boolean> {
  const silentSinceMs = clock.nowMs() - pingIntervalMs - pingTimeoutMs;
  if (lastGetUntilMs > silentSinceMs) return false;
  const beat = await store.getBeat(sid, pingIntervalMs);
  return beat !== undefined && beat.lastPongAtMs <= silentSinceMs;
}

/** The payload; undefined when a form carries none, which is no fault. */
function readBody({ body, query }: PollRequest, isBytes: boolean): string | Buffer | undefined {
  if (isBytes) return body;
  const text = body.toString("utf8");
  return query["j"] === undefined ? text : fromForm(text);
}

interface Packets {
  readonly texts: readonly string[];
  /** Why the session ends. */
  readonly end?: DisconnectReason;
  /** More than a POST may bring: none of them counts. */
  readonly isTooMany?: boolean;
}

/** The packets up to the first that ends the session, and why it does. Of signs of life one is enough. */
function readPackets(
  dialect: Dialect,
  body: string | Buffer | undefined,
  { maxPacketsPerPayload }: EngineApp["options"],
): Packets {
  const texts: string[] = [];
  if (body === undefined) return { texts };
  let count = 0;
  let isAlive = false;
  try {
    for (const text of dialect.decodePayload(body)) {
      count += 1;
      if (count > maxPacketsPerPayload) return { texts: [], isTooMany: true };
      const frame = dialect.decodeFrame(text);
      switch (frame.type) {
        case "message":
          texts.push(text);
          break;
        case "ping":
        case "pong":
          if (frame.type !== dialect.lifeSign) return { texts, end: "transport error" };
          if (!isAlive) texts.push(text);
          isAlive = true;
          break;
        case "close":
          return { texts, end: "transport close" };
        case "open":
        case "upgrade":
        case "noop":
          break;
        default:
          frame satisfies never;
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { texts, end: "parse error" };
  }
  return { texts };
}

/** Neighbours of one lane travel together, as far as they fit. */
function toLetters(
  texts: readonly string[],
  ackPrefix: string | undefined,
): { readonly lane: Lane; readonly texts: string[] }[] {
  const letters: { lane: Lane; texts: string[]; bytes: number }[] = [];
  for (const text of texts) {
    const lane = laneOfFrame(text, ackPrefix);
    const bytes = sizeOf([text]);
    const last = letters.findLast((letter) => letter.lane === lane);
    if (last !== undefined && last.bytes + bytes <= MAX_LETTER_BYTES) {
      last.texts.push(text);
      last.bytes += bytes;
    } else {
      letters.push({ lane, texts: [text], bytes });
    }
  }
  return letters;
}

const sizeOf = (texts: readonly string[]): number => Buffer.byteLength(toQueueText(texts));
