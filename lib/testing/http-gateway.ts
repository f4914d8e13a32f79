import type { IncomingMessage, ServerResponse } from "node:http";
import type { PollRequest, PollResponse } from "../engine/polling/http.ts";
import { toCaller, toPathname } from "./caller.ts";

/** What a Lambda function can be given at once. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;

/** Answers a request below the server's path, as the HTTP API with the polling function behind it. */
export async function answerPoll(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  poll: (request: PollRequest) => Promise<PollResponse>,
): Promise<void> {
  const body = await readBody(request).catch(() => Buffer.alloc(0));
  // The client has left while it was sending.
  if (response.destroyed) return;
  if (body === undefined) return answerJson(response, 413, "Request Entity Too Large");
  const answer = await poll({
    ...toCaller(request),
    method: request.method ?? "GET",
    path: toPathname(request).slice(path.length),
    body,
  });
  // The client has left.
  if (response.destroyed) return;
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, "content-length": bytes.byteLength });
  response.end(bytes);
}

export function answerJson(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ message });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

/** Undefined: longer than is taken. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}
