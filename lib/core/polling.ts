import { createSid } from "../ids.ts";
import { openFrame } from "../protocol/frame.ts";
import { parseHandshake, refuseHandshake } from "../protocol/handshake.ts";
import { sessionExpiresAtSeconds } from "../state/expiry.ts";
import { askApp, toHandshakeRecord } from "./arrival.ts";
import type { ResolvedEngineOptions } from "./engine-options.ts";
import { bare, payload, refusal, type PollRequest, type PollResponse } from "./http.ts";
import { compressed, cookieHeader, withCors } from "./http-headers.ts";
import { pollGet } from "./poll-get.ts";
import { pollPost } from "./poll-post.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The HTTP side of Engine.IO. Each request may come to another instance; what they share is the outbox.
 * @see https://socket.io/docs/v4/engine-io-protocol/#http-long-polling
 */
export function poll(
  runtime: Runtime,
  options: ResolvedEngineOptions,
  request: PollRequest,
): Promise<PollResponse> {
  return withCors(options, request, async () => {
    const response = await answer(runtime, options, request);
    return request.method === "GET" ? compressed(options, request, response) : response;
  });
}

async function answer(
  runtime: Runtime,
  options: ResolvedEngineOptions,
  request: PollRequest,
): Promise<PollResponse> {
  const parsed = parseHandshake(request.query, options);
  if ("refused" in parsed) return refusal(parsed);
  // A WebSocket goes to the other API; as a plain request it lacks the upgrade.
  if (parsed.transport === "websocket") return refusal(refuseHandshake(3));
  const { sid } = parsed;
  if (sid === undefined) {
    return request.method === "GET" ? open(runtime, options, request) : refusal(refuseHandshake(2));
  }
  switch (request.method) {
    case "GET":
      return pollGet(runtime, options, sid);
    case "POST":
      return pollPost(runtime, options, sid, request);
    default:
      return bare(500);
  }
}

/** A new session: its rows in one batch, and OPEN as the answer. */
async function open(
  { store, clock }: Runtime,
  options: ResolvedEngineOptions,
  request: PollRequest,
): Promise<PollResponse> {
  const nowMs = clock.nowMs();
  const handshake = toHandshakeRecord(options.path, request, nowMs);
  const refused = await askApp(options, handshake);
  if (refused !== undefined) return refusal(refuseHandshake(4, refused));
  const sid = createSid(nowMs, true);
  const { pingIntervalMs, pingTimeoutMs, maxPayloadBytes } = options;
  await store.createPollingSession(
    {
      sid,
      protocol: 4,
      transport: "polling",
      pingIntervalMs,
      pingTimeoutMs,
      phase: "open",
      expiresAtSeconds: sessionExpiresAtSeconds(sid),
    },
    handshake,
    { sid, pingIntervalMs, route: { kind: "out" }, lastPongAtMs: nowMs },
  );
  const upgrades = options.allowUpgrades && options.transports.includes("websocket") ? ["websocket"] : [];
  const response = payload(openFrame({ sid, upgrades, pingIntervalMs, pingTimeoutMs, maxPayloadBytes }));
  return { ...response, headers: { ...response.headers, ...cookieHeader(options, sid) } };
}
