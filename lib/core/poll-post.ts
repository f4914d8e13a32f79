import type { Sid } from "../ids.ts";
import { decodeFrame, NOOP_FRAME, type Frame } from "../protocol/frame.ts";
import { refuseHandshake } from "../protocol/handshake.ts";
import { splitPayload } from "../protocol/payload.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { ResolvedEngineOptions } from "./engine-options.ts";
import { accepted, bare, refusal, type PollRequest, type PollResponse } from "./http.ts";
import { laneOfFrame, type Lane } from "./letter.ts";
import type { Runtime } from "./runtime.ts";

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
  options: ResolvedEngineOptions,
  sid: Sid,
  request: PollRequest,
): Promise<PollResponse> {
  const outbox = await runtime.store.readOutbox(sid);
  if (outbox === undefined || outbox.closed) return refusal(refuseHandshake(1));
  if (outbox.connectionId !== undefined) return refusal(refuseHandshake(3));
  if (request.headers["content-type"] === "application/octet-stream") {
    await runtime.endSession(sid, undefined, "transport error");
    return bare(400);
  }
  if (request.body.byteLength > options.maxPayloadBytes) return bare(413);
  const { texts, end } = readPackets(request.body.toString("utf8"));
  const letters = toLetters(texts);
  if (letters.some(({ texts: own }) => sizeOf(own) > MAX_QUEUE_BYTES)) return bare(413);
  const atMs = runtime.clock.nowMs();
  for (const letter of letters)
    await runtime.mailbox.send({ kind: "payload", sid, atMs, texts: letter.texts });
  if (end === "transport close") {
    // The client closes: its GET, if it has one, is let go with a noop.
    await runtime.store.severSession(sid);
    await runtime.reportClosed(sid, undefined, end);
    await runtime.releaseGet(sid, NOOP_FRAME);
  } else if (end !== undefined) {
    await runtime.endSession(sid, undefined, end);
  }
  return accepted;
}

/** The packets up to the first that ends the session, and why it does. */
function readPackets(body: string): { texts: string[]; end?: DisconnectReason } {
  const texts: string[] = [];
  for (const text of splitPayload(body)) {
    const frame = tryDecode(text);
    switch (frame?.type) {
      case "message":
      case "pong":
        texts.push(text);
        break;
      case undefined:
        return { texts, end: "parse error" };
      case "ping":
        return { texts, end: "transport error" };
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
  return { texts };
}

/** Neighbours of one lane travel together, as far as they fit. */
function toLetters(texts: readonly string[]): { readonly lane: Lane; readonly texts: string[] }[] {
  const letters: { lane: Lane; texts: string[]; bytes: number }[] = [];
  for (const text of texts) {
    const lane = laneOfFrame(text);
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

const sizeOf = (texts: readonly string[]): number => Buffer.byteLength(JSON.stringify(texts));

function tryDecode(text: string): Frame | undefined {
  try {
    return decodeFrame(text);
  } catch {
    return undefined;
  }
}
