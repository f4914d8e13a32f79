import { createSid, isBornOnPolling, protocolOf, type ConnectionId, type Sid } from "../../ids.ts";
import { parseHandshake } from "../../protocol/handshake.ts";
import { sessionExpiresAtSeconds } from "../../state/expiry.ts";
import type { Store } from "../../state/store.ts";
import { askCors } from "./cors.ts";
import { passMiddlewares } from "./engine-middlewares.ts";
import { askApp, toHandshakeRecord, toUrl, type Caller } from "./handshake-record.ts";
import type { ResolvedEngineOptions } from "../engine-options.ts";
import type { EngineApp } from "../engine.ts";
import type { Ports } from "../runtime.ts";

/** A WebSocket that asks to be let in. */
export interface Arrival extends Caller {
  readonly connectionId: ConnectionId;
}

export type Admission =
  | { readonly admitted: true; readonly sid: Sid }
  /** `error`: of a middleware, which the client is not told. */
  | { readonly admitted: false; readonly code: number; readonly message: string; readonly error?: unknown };

/** Lets a client in, with a session of its own, or says why not. One write; a refused client costs none. */
export async function admit(
  { store, clock, watch }: Pick<Ports, "store" | "clock" | "watch">,
  { options, middlewares }: Pick<EngineApp, "options" | "middlewares">,
  arrival: Arrival,
): Promise<Admission> {
  const cors = await askCors(options, { method: "GET", headers: arrival.headers });
  if (cors.outcome === "refused") return { admitted: false, code: 3, message: "Bad request" };
  const url = toUrl(options.path, arrival.query);
  const passage = await passMiddlewares(middlewares, { ...arrival, method: "GET", url }, { clock, watch });
  if (passage?.outcome === "failed")
    return { admitted: false, code: 3, message: "Bad request", error: passage.error };
  // The gateway answers, with a status of its own.
  if (passage?.outcome === "answered") return { admitted: false, code: 4, message: "Forbidden" };
  const parsed = parseHandshake(arrival.query, options);
  if ("refused" in parsed) return { admitted: false, code: parsed.code, message: parsed.message };
  if (parsed.transport !== "websocket") return { admitted: false, code: 3, message: "Bad request" };
  const nowMs = clock.nowMs();
  if (parsed.sid !== undefined) {
    if (protocolOf(parsed.sid) !== parsed.protocol)
      return { admitted: false, code: 3, message: "Bad request" };
    return admitProbe(store, options, parsed.sid, arrival.connectionId, nowMs);
  }
  const handshake = {
    ...toHandshakeRecord(options.path, arrival, nowMs),
    ...(passage && { request: passage.kept }),
  };
  const refusal = await askApp(options, handshake, watch);
  if (refusal !== undefined) return { admitted: false, code: 4, message: refusal };
  const sid = createSid(nowMs, { protocol: parsed.protocol });
  await store.createSession(
    {
      sid,
      protocol: parsed.protocol,
      transport: "websocket",
      connectionId: arrival.connectionId,
      pingIntervalMs: options.pingIntervalMs,
      pingTimeoutMs: options.pingTimeoutMs,
      phase: "open",
      expiresAtSeconds: sessionExpiresAtSeconds(sid),
    },
    handshake,
  );
  return { admitted: true, sid };
}

/**
 * A polling session wants to go on over this WebSocket. One that is already being upgraded, or has been, is let in all
 * the same and closed at once from the mailbox, as the official server does: the client sees a close, not an error.
 */
async function admitProbe(
  store: Store,
  { upgradeTimeoutMs }: ResolvedEngineOptions,
  sid: Sid,
  connectionId: ConnectionId,
  nowMs: number,
): Promise<Admission> {
  const unknown: Admission = { admitted: false, code: 1, message: "Session ID unknown" };
  if (!isBornOnPolling(sid)) return unknown;
  const started = await store.startProbe({ sid, connectionId, nowMs, untilMs: nowMs + upgradeTimeoutMs });
  if (started !== "gone") return { admitted: true, sid };
  const outbox = await store.readOutbox(sid);
  return outbox?.movedTo === undefined ? unknown : { admitted: true, sid };
}
