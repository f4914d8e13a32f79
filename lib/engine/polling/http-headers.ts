import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { serialize } from "cookie";
import type { Sid } from "../../ids.ts";
import type { ResolvedEngineOptions } from "../engine-options.ts";
import type { HttpHeaders, PollRequest, PollResponse } from "./http.ts";

const compress = promisify(gzip);

/** The cookie of a new session, when the server sets one. */
export function cookieHeader({ cookie }: ResolvedEngineOptions, sid: Sid): Record<string, string[]> {
  if (cookie === undefined) return {};
  const { name = "io", ...attributes } = cookie;
  // So named, and a list, as in Engine.IO: a listener may add to it, or set one of its own under another spelling.
  return { "Set-Cookie": [serialize(name, sid, attributes)] };
}

/**
 * Header names are case-insensitive, and the app may have written them as it likes: the last one counts, but cookies are
 * all set.
 */
export function lowerCased(headers: HttpHeaders): HttpHeaders {
  const merged: Record<string, string | readonly string[]> = {};
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    merged[name] = name === "set-cookie" ? [merged[name] ?? [], value].flat() : value;
  }
  return merged;
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
