import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Accepts, Pool } from "../lambda/pool.ts";
import { accountId } from "../topology.ts";

export interface HttpApiOptions {
  readonly stage: string;
  readonly routeKey: string;
  readonly domainName: () => string;
  readonly pool: Pool;
  /** Which instances may serve this session; undefined means all. */
  readonly accepts: (sid: string | undefined) => Accepts | undefined;
  readonly onInvoke: (sid: string, pid: number) => void;
  /** Hears of requests that were answered, where it is there. */
  readonly onAnswer?: ((answered: AnsweredRequest) => void) | undefined;
  readonly log: (line: string) => void;
}

export interface AnsweredRequest {
  readonly invocation: string | undefined;
  readonly method: string;
  readonly sid: string | undefined;
  readonly status: number;
  /** As text, of answers that are. */
  readonly body: string;
  readonly startedMs: number;
}

/** What an HTTP API takes: 10 MB, of which Lambda's synchronous invocation leaves six. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;
/** "The default and maximal API Gateway timeout": then it answers 503 itself. */
const TIMEOUT_MS = 30_000;
/** What reaches a function as text. A form does not, and nor does a body of no type. */
const textual = /^(text\/|application\/(json|javascript|xml))/;

/** An HTTP API with one Lambda proxy behind its routes: payload format 2.0 in, its structured answer out. */
export async function answerHttpApi(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpApiOptions,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) return answerJson(response, 413, "Request Entity Too Large");
  const event = toEvent(request, body, options);
  const sid = new URLSearchParams(event.rawQueryString).get("sid") ?? undefined;
  const startedMs = performance.now();
  let invocation: string | undefined;
  const timer = setTimeout(() => answerJson(response, 503, "Service Unavailable"), TIMEOUT_MS);
  // A client that leaves is invisible to the function, as on AWS: the invocation goes on.
  const outcome = await options.pool.invoke(event, "request", options.accepts(sid), (pid, id) => {
    invocation = id;
    if (sid !== undefined) options.onInvoke(sid, pid);
  });
  clearTimeout(timer);
  const { onAnswer } = options;
  if (onAnswer !== undefined) {
    const { statusCode: status, body: text = "" } =
      outcome.kind === "answered" && isResult(outcome.result) ? outcome.result : { statusCode: 500 };
    const method = request.method ?? "GET";
    onAnswer({ invocation, method, sid, status, body: text, startedMs });
  }
  // The client has left, or the runtime is being stopped with its connections.
  if (response.headersSent || response.destroyed) return;
  if (outcome.kind === "answered" && isResult(outcome.result)) return answer(response, outcome.result);
  options.log(`${options.pool.spec.key} ${outcome.kind === "answered" ? "answered badly" : outcome.message}`);
  answerJson(response, 500, "Internal Server Error");
}

interface Result {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

const isResult = (value: unknown): value is Result =>
  value !== null &&
  typeof value === "object" &&
  "statusCode" in value &&
  typeof value.statusCode === "number";

function answer(response: ServerResponse, result: Result): void {
  const body = Buffer.from(result.body ?? "", result.isBase64Encoded === true ? "base64" : "utf8");
  response.writeHead(result.statusCode, {
    ...result.headers,
    ...(result.cookies === undefined ? {} : { "set-cookie": [...result.cookies] }),
    "content-length": body.byteLength,
  });
  response.end(body);
}

function answerJson(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify({ message });
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

function toEvent(request: IncomingMessage, body: Buffer, { stage, routeKey, domainName }: HttpApiOptions) {
  const { method = "GET", url = "/" } = request;
  const [rawPath = "/", rawQueryString = ""] = splitOnce(url, "?");
  const { cookie, ...others } = joinHeaders(request);
  const sourceIp = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const headers = {
    ...others,
    "x-forwarded-for": append(others["x-forwarded-for"], sourceIp),
    "x-forwarded-port": String(request.socket.localPort ?? ""),
    "x-forwarded-proto": "http",
  };
  const isText = textual.test(headers["content-type" as keyof typeof headers] ?? "");
  const now = new Date();
  return {
    version: "2.0",
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split("; ") }),
    headers,
    queryStringParameters: Object.fromEntries(new URLSearchParams(rawQueryString)),
    requestContext: {
      accountId,
      apiId: "localhttp0",
      domainName: domainName(),
      domainPrefix: "localhttp0",
      http: {
        method,
        path: rawPath,
        protocol: "HTTP/1.1",
        sourceIp,
        userAgent: headers["user-agent" as keyof typeof headers] ?? "",
      },
      requestId: `${randomBytes(11).toString("base64url")}=`,
      routeKey,
      stage,
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body.byteLength === 0 ? {} : { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.byteLength > 0 && !isText,
  };
}

/** Names in lower case, values of one name joined by commas, as payload format 2.0 has them. */
function joinHeaders({ headers }: IncomingMessage): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = typeof value === "string" ? value : value.join(",");
  }
  return joined;
}

const append = (list: string | undefined, value: string): string => (list ? `${list}, ${value}` : value);

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
