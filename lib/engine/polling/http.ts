import type { HandshakeRefusal } from "../../protocol/handshake.ts";

/** An HTTP request to the server's path, whatever brought it here. */
export interface PollRequest {
  readonly method: string;
  /** Below the server's path, without it: `/`, `/socket.io.js`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly address: string;
  readonly secure: boolean;
}

/** As the app is shown it. */
export interface EngineRequest extends PollRequest {
  /** Path and query. */
  readonly url: string;
}

/** A list where a header is there more than once, as `set-cookie` may be. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface PollResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string | Buffer;
}

/** An error of the handshake, as Engine.IO words it: a code and a message as JSON. */
export const refusal = ({ status, code, message }: HandshakeRefusal): PollResponse => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ code, message }),
});

/** The frames of a GET. */
export const payload = (body: string | Buffer): PollResponse => ({
  status: 200,
  headers: {
    "content-type": typeof body === "string" ? "text/plain; charset=UTF-8" : OCTET_STREAM,
    "cache-control": "no-store",
  },
  body,
});

/** What bytes are called in both directions. */
export const OCTET_STREAM = "application/octet-stream";

/** The answer to a POST that was accepted. */
export const accepted: PollResponse = {
  status: 200,
  headers: { "content-type": "text/html", "cache-control": "no-store" },
  body: "ok",
};

/** A status and nothing else. */
export const bare = (status: number): PollResponse => ({ status, headers: {}, body: "" });
