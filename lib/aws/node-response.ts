import { ServerResponse, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";

type Headers = OutgoingHttpHeaders | readonly (string | readonly string[])[];
type Done = (error?: Error | null) => void;

/**
 * Gives serverless-http's response what it has otherwise than Node's, for listeners that no framework stands before: its
 * `setHeader` and `writeHead` return nothing, and a string that is written is UTF-8 whatever encoding is given.
 */
export function completeResponse(response: ServerResponse, request: IncomingMessage): void {
  const { write, end } = response;
  const encoded =
    (send: (...args: unknown[]) => unknown) =>
    (chunk?: unknown, encoding?: BufferEncoding | Done, done?: Done): unknown =>
      typeof chunk === "string" && typeof encoding === "string"
        ? send.call(response, Buffer.from(chunk, encoding), done)
        : send.call(response, chunk, encoding, done);
  Object.assign(response, {
    req: request,
    setHeader: ServerResponse.prototype.setHeader,
    writeHead,
    write: encoded(write as (...args: unknown[]) => unknown),
    end: encoded(end as (...args: unknown[]) => unknown),
  });
}

/** Sets the headers one by one: serverless-http reads those that are set, not those that are written. */
function writeHead(
  this: ServerResponse,
  status: number,
  reason?: string | Headers,
  headers?: Headers,
): ServerResponse {
  const given = headers ?? (typeof reason === "string" ? undefined : reason) ?? {};
  if (Array.isArray(given)) {
    for (let at = 0; at < given.length; at += 2) this.removeHeader(given[at] as string);
    for (let at = 0; at < given.length; at += 2)
      this.appendHeader(given[at] as string, given[at + 1] as string);
  } else {
    for (const [name, value] of Object.entries(given)) this.setHeader(name, value as string);
  }
  if (typeof reason === "string") this.statusMessage = reason;
  return ServerResponse.prototype.writeHead.call(this, status);
}
