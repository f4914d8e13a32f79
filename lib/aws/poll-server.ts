import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { EngineApp } from "../engine/engine.ts";
import type { PollRequest } from "../engine/polling/http.ts";
import type { Runtime } from "../engine/runtime.ts";
import { withLogContext } from "../log.ts";
import { clientAddress } from "./client-address.ts";
import { answerPoll, below, firstValues } from "./poll-handler.ts";
import { readRequired, type Environment } from "../env.ts";
import { ConfigError } from "../errors.ts";

/** What a Lambda Web Function takes at once where its revision says nothing else; the template repeats it. */
export const REQUESTS_AT_ONCE = 64;

export interface PollServerOptions {
  /** As `NONSTICKY_TRUSTED_HOPS` counts them. */
  readonly trustedHops: number;
  /** Runs what one request causes, so that its lines are its own. `requestId` is what Lambda calls the request. */
  readonly during: (requestId: string | undefined, code: () => Promise<void>) => Promise<void>;
}

/**
 * Long-polling as an HTTP server of its own, as a Lambda Web Function runs one: many requests at once, in a process that
 * is not frozen between them. It does not listen yet.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/web-functions-http.html
 */
export function createPollServer(
  runtime: Runtime,
  app: EngineApp,
  { trustedHops, during }: PollServerOptions,
): Server {
  const server = createServer((request, response) => {
    // Nobody waits for it, and whatever goes wrong in it is logged in it.
    void during(single(request.headers["lambda-web-request-id"]), () => answer(request, response));
  });
  // The other end of a connection is Lambda's: it alone knows when it will not use it again, and a server that is first
  // to close one may do so while a request is on its way.
  server.keepAliveTimeout = 0;
  return server;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { maxPayloadBytes, path } = app.options;
    const [rawPath = "", search = ""] = splitUrl(request.url ?? "");
    const query = firstValues(new URLSearchParams(search));
    await withLogContext({ sid: query["sid"] }, async () => {
      try {
        const body = await readBody(request, maxPayloadBytes);
        // The client went while it was sending.
        if (body === undefined) return;
        const polled = { ...toRequest(request, trustedHops), path: below(path, rawPath), query, body };
        // What no turn waits for goes on behind the answer, as this process does; another request's never holds it up.
        const { status, headers, body: answered } = await answerPoll(runtime, app, polled);
        response.writeHead(status, headers as Record<string, string | string[]>).end(answered);
      } catch (error) {
        runtime.logger.error("a polling request failed", { method: request.method, error });
        if (!response.headersSent) response.writeHead(500);
        response.end();
      }
    });
  }
}

/** What a process does with its server from the first request to the end. */
export interface PollServerLife {
  readonly runtime: Runtime;
  /** Writes what was counted since the last time. */
  readonly publish: () => void;
}

/** Nothing is lost between requests, as it is where an instance is frozen: a line holds what many have counted. */
const PUBLISH_EVERY_MS = 10_000;

/**
 * Listens where Lambda says, and resolves when it does. On SIGTERM, after which Lambda ends the process, no request is
 * taken any more; those under way, and what they have left behind, end; and what was counted is written.
 * Rejects with `config.*` when `AWS_LAMBDA_HTTP_ENDPOINT` is missing or is not `host:port`.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/web-functions-env-lifecycle.html
 */
export async function listenForPolls(
  server: Server,
  env: Environment,
  { runtime, publish }: PollServerLife,
): Promise<void> {
  const { host, port } = readEndpoint(env);
  const publishing = setInterval(publish, PUBLISH_EVERY_MS).unref();
  const end = () => server.close();
  process.once("SIGTERM", end);
  server.once("close", () => {
    process.off("SIGTERM", end);
    clearInterval(publishing);
    void runtime.strays.settle().then(publish);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}

function readEndpoint(env: Environment): { readonly host: string; readonly port: number } {
  const value = readRequired(env, "AWS_LAMBDA_HTTP_ENDPOINT");
  const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(value) ?? [];
  if (host !== "" && Number(port) < 65_536) return { host, port: Number(port) };
  throw new ConfigError(
    "config.bad_environment",
    `expected AWS_LAMBDA_HTTP_ENDPOINT to be host:port, got ${JSON.stringify(value)}`,
  );
}

function toRequest(
  { method = "GET", headers: arrived, socket }: IncomingMessage,
  trustedHops: number,
): Pick<PollRequest, "method" | "headers" | "address" | "secure"> {
  const headers = Object.fromEntries(
    Object.entries(arrived).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(", ")]],
    ),
  );
  // Lambda appends its peer, as the last value, to whatever the client has written.
  const peer = headers["x-forwarded-for"]?.split(",").at(-1)?.trim() || (socket.remoteAddress ?? "");
  return {
    method,
    headers,
    address: clientAddress(headers["x-forwarded-for"], peer, trustedHops),
    // An endpoint has HTTPS alone.
    secure: true,
  };
}

/** Undefined where it broke off. Of one that is too large, enough to see that it is; no memory is taken for the rest. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      // An answer before the end of a request is one that Lambda may not pass on: the rest is read and dropped.
      if (size <= maxBytes) chunks.push(chunk);
      size += chunk.byteLength;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

function splitUrl(url: string): readonly string[] {
  const at = url.indexOf("?");
  return at === -1 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}

const single = (value: string | string[] | undefined): string | undefined => [value].flat()[0];
