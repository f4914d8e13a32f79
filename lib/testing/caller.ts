import type { IncomingMessage } from "node:http";
import type { Caller } from "../engine/handshake/handshake-record.ts";

/** Who asks, as an API of API Gateway would tell: it adds the `X-Forwarded-` headers. */
export function toCaller(request: IncomingMessage): Caller {
  const address = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(",");
  }
  const { "x-forwarded-for": before } = headers;
  return {
    headers: {
      ...headers,
      "x-forwarded-for": before ? `${before}, ${address}` : address,
      "x-forwarded-port": String(request.socket.localPort),
      "x-forwarded-proto": "http",
    },
    query: toQuery(request),
    address,
    secure: false,
  };
}

/** The first value of each name. */
function toQuery({ url = "/" }: IncomingMessage): Record<string, string> {
  const at = url.indexOf("?");
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(at < 0 ? "" : url.slice(at + 1))) {
    if (!Object.hasOwn(query, name)) query[name] = value;
  }
  return query;
}

export function toPathname({ url = "/" }: IncomingMessage): string {
  const at = url.indexOf("?");
  return at < 0 ? url : url.slice(0, at);
}
