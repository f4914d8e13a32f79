import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { EngineApp } from "../engine/engine.ts";
import type { PollRequest, PollResponse } from "../engine/polling/http.ts";
import { poll } from "../engine/polling/polling.ts";
import type { Runtime } from "../engine/runtime.ts";
import { withLogContext } from "../log.ts";
import { clientAddress } from "./client-address.ts";
import { serveClientBundle } from "./client-bundle.ts";

/** Long-polling behind an HTTP API: `ANY <path>/` and below. */
export const createPollHandler =
  (runtime: Runtime, app: EngineApp, trustedHops = 0) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    withLogContext({ sid: event.queryStringParameters?.["sid"] }, async () => {
      const { method } = event.requestContext.http;
      try {
        const response = await answerPoll(runtime, app, toRequest(event, app.options.path, trustedHops));
        await runtime.strays.settle();
        return toResult(response);
      } catch (error) {
        runtime.logger.error("a polling request failed", { method, error });
        return { statusCode: 500 };
      }
    });

/** What a request to the server's path is answered: the stock client's files, or Engine.IO. */
export async function answerPoll(
  runtime: Runtime,
  app: EngineApp,
  request: PollRequest,
): Promise<PollResponse> {
  const bundle = app.options.serveClient ? await serveClientBundle(request) : undefined;
  return bundle ?? (await poll(runtime, app, request));
}

function toRequest(event: APIGatewayProxyEventV2, path: string, trustedHops: number): PollRequest {
  const { http } = event.requestContext;
  const headers = Object.fromEntries(
    Object.entries(event.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), value]],
    ),
  );
  if (event.cookies) headers["cookie"] = event.cookies.join("; ");
  return {
    method: http.method,
    path: below(path, event.rawPath),
    // The parsed form joins what comes twice with commas; the first one counts here.
    query: firstValues(new URLSearchParams(event.rawQueryString)),
    headers,
    body: Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8"),
    address: clientAddress(headers["x-forwarded-for"], http.sourceIp, trustedHops),
    secure: headers["x-forwarded-proto"] === "https",
  };
}

/** The path of a request without the server's own, where it is below that. */
export const below = (path: string, rawPath: string): string =>
  rawPath.startsWith(path) ? rawPath.slice(path.length) : rawPath;

export function firstValues(params: URLSearchParams): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of params) if (!Object.hasOwn(query, name)) query[name] = value;
  return query;
}

function toResult({ status, headers, body }: PollResponse): APIGatewayProxyStructuredResultV2 {
  const { "set-cookie": cookies = [], ...others } = headers;
  return {
    statusCode: status,
    headers: Object.fromEntries(
      Object.entries(others).map(([name, value]) => [name, [value].flat().join(", ")]),
    ),
    ...(cookies.length === 0 ? {} : { cookies: [cookies].flat() }),
    ...(typeof body === "string"
      ? { body, isBase64Encoded: false }
      : { body: body.toString("base64"), isBase64Encoded: true }),
  };
}
