import { createSid, type ConnectionId, type Sid } from "../ids.ts";
import { parseHandshake } from "../protocol/handshake.ts";
import { sessionExpiresAtSeconds } from "../state/expiry.ts";
import type { HandshakeRecord } from "../state/records.ts";
import type { ResolvedEngineOptions } from "./engine-options.ts";
import type { Ports } from "./runtime.ts";

/** A WebSocket that asks to be let in. */
export interface Arrival {
  readonly connectionId: ConnectionId;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly address: string;
}

export type Admission =
  | { readonly admitted: true; readonly sid: Sid }
  | { readonly admitted: false; readonly code: number; readonly message: string };

const MAX_HEADER_BYTES = 8 * 1024;

/** Lets a client in, with a session of its own, or says why not. One write; a refused client costs none. */
export async function admit(
  { store, clock }: Pick<Ports, "store" | "clock">,
  options: ResolvedEngineOptions,
  arrival: Arrival,
): Promise<Admission> {
  const parsed = parseHandshake(arrival.query, { transports: ["websocket"], allowEIO3: false });
  if ("refused" in parsed) return { admitted: false, code: parsed.code, message: parsed.message };
  // A session of its own polling transport to upgrade: there is no such session.
  if (parsed.sid !== undefined) return { admitted: false, code: 1, message: "Session ID unknown" };
  const nowMs = clock.nowMs();
  const handshake = toHandshakeRecord(options.path, arrival, nowMs);
  const refusal = await askApp(options, handshake);
  if (refusal !== undefined) return { admitted: false, code: 4, message: refusal };
  const sid = createSid(nowMs);
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

function toHandshakeRecord(
  path: string,
  { headers, query, address }: Arrival,
  nowMs: number,
): HandshakeRecord {
  return {
    headers: capHeaders(headers),
    query,
    address,
    secure: headers["x-forwarded-proto"] === "https",
    xdomain: headers["origin"] !== undefined,
    url: `${path}/?${new URLSearchParams(query).toString()}`,
    issuedAtMs: nowMs,
  };
}

/** The smallest headers first, as many as fit: a huge cookie must not crowd out the others. */
function capHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers).sort(([, a], [, b]) => a.length - b.length)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (bytes > MAX_HEADER_BYTES) break;
    kept[name] = value;
  }
  return kept;
}

function askApp(
  { allowRequest }: ResolvedEngineOptions,
  handshake: HandshakeRecord,
): Promise<string | undefined> {
  if (allowRequest === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    allowRequest({ ...handshake, method: "GET" }, (error, success) => {
      resolve(success ? undefined : (error ?? "Forbidden"));
    });
  });
}
