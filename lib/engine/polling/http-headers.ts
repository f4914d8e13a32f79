import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { serialize } from "cookie";
import cors from "cors";
import type { Sid } from "../../ids.ts";
import type { ResolvedEngineOptions } from "../engine-options.ts";
import type { PollRequest, PollResponse } from "./http.ts";

const compress = promisify(gzip);

/**
 * Answers under the server's `cors` option: adds its headers to what `answer` makes of the request, or answers a
 * preflight itself. The rules are the `cors` package's, as in Engine.IO.
 */
export async function withCors(
  options: ResolvedEngineOptions,
  request: PollRequest,
  answer: () => Promise<PollResponse>,
): Promise<PollResponse> {
  if (options.cors === undefined) return answer();
  const response = new CorsResponse();
  await new Promise<void>((resolve, reject) => {
    // Before the package is called: it may end the response before it returns.
    response.onEnd = resolve;
    // The package needs of a request its method and headers, and of a response what is below.
    cors(options.cors)(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
  });
  const headers = Object.fromEntries(response.headers);
  if (response.isEnded) return { status: response.statusCode, headers, body: "" };
  const answered = await answer();
  return { ...answered, headers: { ...headers, ...answered.headers } };
}

/** As much of `http.ServerResponse` as the `cors` package uses. */
class CorsResponse {
  statusCode = 200;
  isEnded = false;
  onEnd: () => void = () => undefined;
  readonly headers = new Map<string, string>();

  setHeader(name: string, value: string | readonly string[]): void {
    this.headers.set(name.toLowerCase(), typeof value === "string" ? value : value.join(", "));
  }

  getHeader(name: string): string | undefined {
    return this.headers.get(name.toLowerCase());
  }

  end(): void {
    this.isEnded = true;
    this.onEnd();
  }
}

/** The cookie of a new session, when the server sets one. */
export function cookieHeader({ cookie }: ResolvedEngineOptions, sid: Sid): Record<string, string> {
  if (cookie === undefined) return {};
  const { name = "io", ...attributes } = cookie;
  return { "set-cookie": serialize(name, sid, attributes) };
}

/** Gzip, for a client that takes it and a body that is worth it. */
export async function compressed(
  options: ResolvedEngineOptions,
  request: PollRequest,
  response: PollResponse,
): Promise<PollResponse> {
  const { compressFromBytes } = options;
  if (compressFromBytes === undefined || !takesGzip(request.headers["accept-encoding"] ?? ""))
    return response;
  if (Buffer.byteLength(response.body) < compressFromBytes) return response;
  return {
    ...response,
    headers: { ...response.headers, "content-encoding": "gzip" },
    body: await compress(response.body),
  };
}

/** Named, or anything is welcome; `q=0` says that it is not. */
const takesGzip = (accepted: string): boolean =>
  accepted
    .split(",")
    .some((coding) => /^\s*(gzip|\*)\s*(;|$)/i.test(coding) && !/;\s*q=0(\.0*)?\s*$/i.test(coding));
