import type { HandlerWatch } from "../../handler-watch.ts";
import type { HandshakeRecord } from "../../state/records.ts";
import type { ResolvedEngineOptions } from "../engine-options.ts";

/** A client at the door, over either transport. */
export interface Caller {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly address: string;
  readonly secure: boolean;
}

const MAX_HEADER_BYTES = 8 * 1024;

/** What is kept of a client's arrival, for `socket.handshake` in every later turn. */
export function toHandshakeRecord(path: string, caller: Caller, nowMs: number): HandshakeRecord {
  const { headers, query, address, secure } = caller;
  return {
    headers: capHeaders(headers),
    query,
    address,
    secure,
    xdomain: headers["origin"] !== undefined,
    url: toUrl(path, query),
    issuedAtMs: nowMs,
  };
}

/** What a client has asked for, as Node would put it. */
export const toUrl = (path: string, query: Caller["query"]): string =>
  `${path}/?${new URLSearchParams(query).toString()}`;

/** What the app says to a client, where it wants to be asked: undefined, or the reason of its refusal. */
export function askApp(
  { allowRequest }: ResolvedEngineOptions,
  handshake: HandshakeRecord,
  watch: HandlerWatch | undefined,
): Promise<string | undefined> {
  if (allowRequest === undefined) return Promise.resolve(undefined);
  const endWatch = watch?.begin({ event: "allowRequest", listener: allowRequest, self: undefined });
  return new Promise((resolve) => {
    allowRequest({ ...handshake, method: "GET" }, (error, success) => {
      endWatch?.();
      resolve(success ? undefined : (error ?? "Forbidden"));
    });
  });
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
