import { createSid, protocolOf } from "../../ids.ts";
import { dialects } from "../../protocol/dialect.ts";
import { openFrame } from "../../protocol/frame.ts";
import {
  parseHandshake,
  refuseHandshake,
  type Handshake,
  type HandshakeRefusal,
} from "../../protocol/handshake.ts";
import { toScript } from "../../protocol/jsonp.ts";
import { sessionExpiresAtSeconds } from "../../state/expiry.ts";
import { askApp, toHandshakeRecord, toUrl } from "../handshake/handshake-record.ts";
import type { EngineApp } from "../engine.ts";
import { bare, payload, refusal, type EngineRequest, type PollRequest, type PollResponse } from "./http.ts";
import { passMiddlewares } from "../handshake/engine-middlewares.ts";
import type { RequestRecord } from "../../state/records.ts";
import { askCors } from "../handshake/cors.ts";
import { compressed, cookieHeader, lowerCased } from "./http-headers.ts";
import { pollGet } from "./poll-get.ts";
import { pollPost } from "./poll-post.ts";
import type { Runtime } from "../runtime.ts";

/**
 * The HTTP side of Engine.IO. Each request may come to another instance; what they share is the outbox.
 * @see https://socket.io/docs/v4/engine-io-protocol/#http-long-polling
 */
export async function poll(runtime: Runtime, app: EngineApp, arrived: PollRequest): Promise<PollResponse> {
  const { options } = app;
  const request = { ...arrived, url: toUrl(options.path, arrived.query) };
  const cors = await askCors(options, request);
  if (cors.outcome === "refused") return refuse(runtime, app, request, refuseHandshake(3));
  if (cors.outcome === "answered") return { status: cors.status, headers: cors.headers, body: "" };
  const passage = await passMiddlewares(app.middlewares, request, runtime);
  if (passage?.outcome === "answered") {
    const { headers: own, ...answered } = passage.answer;
    return { ...answered, headers: { ...cors.headers, ...own } };
  }
  if (passage?.outcome === "failed") {
    runtime.logger.info("a middleware of io.engine refused a request", { error: passage.error });
    return refuse(runtime, app, request, refuseHandshake(3));
  }
  const answered = await announce(runtime, app, request, cors.headers, passage?.kept);
  return passage === undefined ? answered : passage.finish(answered);
}

async function announce(
  runtime: Runtime,
  app: EngineApp,
  request: EngineRequest,
  corsHeaders: Readonly<Record<string, string>>,
  kept: RequestRecord | undefined,
): Promise<PollResponse> {
  const { options, events } = app;
  const response = scripted(request, await answer(runtime, app, request, kept));
  const headers = { ...response.headers } as Record<string, string | string[]>;
  // Of what a transport says: a refusal is none.
  if (response.status === 200) events?.emitHeaders("headers", headers, request);
  const announced = { ...response, headers: { ...corsHeaders, ...lowerCased(headers) } };
  return request.method === "GET" ? compressed(options, request, announced) : announced;
}

async function answer(
  runtime: Runtime,
  app: EngineApp,
  request: EngineRequest,
  kept: RequestRecord | undefined,
): Promise<PollResponse> {
  const { options } = app;
  const parsed = parseHandshake(request.query, options);
  if ("refused" in parsed) return refuse(runtime, app, request, parsed);
  // A WebSocket goes to the other API; as a plain request it lacks the upgrade.
  if (parsed.transport === "websocket") return refuse(runtime, app, request, refuseHandshake(3));
  const { sid } = parsed;
  if (sid === undefined) {
    if (request.method === "GET") return open(runtime, app, request, parsed, kept);
    return refuse(runtime, app, request, refuseHandshake(2));
  }
  if (protocolOf(sid) !== parsed.protocol) {
    // The id alone does not tell whether there is such a session, which comes first.
    const outbox = await runtime.store.readOutbox(sid);
    return refuse(runtime, app, request, refuseHandshake(outbox === undefined ? 1 : 3));
  }
  switch (request.method) {
    case "GET":
      return pollGet(runtime, options, sid);
    case "POST":
      return pollPost(runtime, app, sid, request);
    default:
      return bare(500);
  }
}

/** A new session: its rows in one batch, and OPEN as the answer. */
async function open(
  runtime: Runtime,
  app: EngineApp,
  request: EngineRequest,
  { protocol, supportsBinary }: Handshake,
  kept: RequestRecord | undefined,
): Promise<PollResponse> {
  const { store, mailbox, clock, metrics } = runtime;
  const { options, events, assumedFrame } = app;
  const nowMs = clock.nowMs();
  const handshake = { ...toHandshakeRecord(options.path, request, nowMs), ...(kept && { request: kept }) };
  const refused = await askApp(options, handshake, runtime.watch);
  if (refused !== undefined) return refuse(runtime, app, request, refuseHandshake(4, refused));
  const takesBytes = protocol === 3 && supportsBinary && request.query["j"] === undefined;
  const sid = createSid(nowMs, { protocol, onPolling: true, takesBytes });
  const { pingIntervalMs, pingTimeoutMs, maxPayloadBytes } = options;
  await store.createPollingSession(
    {
      sid,
      protocol,
      transport: "polling",
      pingIntervalMs,
      pingTimeoutMs,
      phase: "open",
      expiresAtSeconds: sessionExpiresAtSeconds(sid),
    },
    handshake,
    { sid, pingIntervalMs, route: { kind: "out" }, lastPongAtMs: nowMs },
  );
  if (app.onOpened !== undefined) await mailbox.send({ kind: "born", sid, atMs: nowMs });
  if (protocol === 3 && assumedFrame !== undefined) {
    await mailbox.send({ kind: "payload", sid, atMs: nowMs, texts: [assumedFrame], lane: "main" });
  }
  metrics.add("ConnectionsOpened", 1, "polling");
  const upgrades = options.allowUpgrades && options.transports.includes("websocket") ? ["websocket"] : [];
  const frame = openFrame({ sid, upgrades, pingIntervalMs, pingTimeoutMs, maxPayloadBytes });
  const response = payload(dialects[protocol].encodePayload([frame], false));
  const headers = { ...response.headers, ...cookieHeader(options, sid) } as Record<string, string | string[]>;
  events?.emitHeaders("initial_headers", headers, request);
  return { ...response, headers };
}

/** Frames for a client that polls by script tags. Its errors are as everybody's. */
function scripted({ method, query }: PollRequest, response: PollResponse): PollResponse {
  const { j: index } = query;
  if (method !== "GET" || index === undefined || response.status !== 200) return response;
  return { ...response, body: toScript(index, response.body.toString()) };
}

function refuse(
  { metrics }: Runtime,
  app: EngineApp,
  request: EngineRequest,
  refused: HandshakeRefusal,
): PollResponse {
  const { code, message } = refused;
  metrics.add("ConnectionsRefused", 1, String(code));
  app.events?.emitConnectionError({ req: request, code, message });
  return refusal(refused);
}
