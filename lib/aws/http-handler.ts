import type { IncomingMessage, ServerResponse } from "node:http";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import serverless from "serverless-http";
import type { EngineApp } from "../engine/engine.ts";
import { settleDetached } from "../engine/settle-detached.ts";
import type { Runtime } from "../engine/runtime.ts";
import { watchRequest } from "../engine/watched-request.ts";
import { completeResponse } from "./node-response.ts";

/** Left of an invocation to say that the app has not answered. */
const LAST_WORD_MS = 1_000;

type Answer = APIGatewayProxyStructuredResultV2;

/**
 * The routes of an app behind the default route of the HTTP API: whatever its HTTP server has for requests that are not
 * its clients'. What a route emits is sent before the answer is given, since the instance may be frozen after it.
 */
export function createHttpHandler(runtime: Runtime, app: EngineApp) {
  const respond = serverless(toListener(app), { binary: isBinary, request: likeNode });
  return async (
    event: APIGatewayProxyEventV2,
    context?: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<Answer> => {
    const { method, path } = event.requestContext.http;
    const endWatch = watchRequest(runtime.watch, app.httpServer, { method, url: path });
    try {
      const ready = app.onRequest?.();
      if (ready) await ready;
      const call = () => respond(event, context ?? {}) as Promise<Answer>;
      const answer = ready ? runtime.detached.run("live", call) : call();
      const answered = await withinTime(answer, context?.getRemainingTimeInMillis());
      await settleDetached(runtime);
      await runtime.strays.settle();
      if (answered !== undefined) return withCookies(answered);
      runtime.logger.error("the app has not answered a request in time", {
        code: "aws.http_unanswered",
        method,
        path,
      });
      return { statusCode: 504, body: JSON.stringify({ message: "Gateway Timeout" }) };
    } catch (error) {
      runtime.logger.error("a request failed", { method, path, error });
      return { statusCode: 500, body: JSON.stringify({ message: "Internal Server Error" }) };
    } finally {
      endWatch?.();
    }
  };
}

function toListener({ httpServer }: EngineApp) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    completeResponse(response, request);
    if (httpServer?.emit("request", request, response) === true) return;
    response.statusCode = 404;
    response.end();
  };
}

/** As Node has it: no body that nobody has parsed, and no length of one that was not sent. */
function likeNode(request: { body?: unknown; headers: Record<string, unknown> }): void {
  delete request.body;
  if (request.headers["content-length"] === 0) delete request.headers["content-length"];
}

/** Everything but text that is surely UTF-8: that is what the answer of a function is written in. */
function isBinary(headers: object): boolean {
  const { "content-type": type = "", "content-encoding": encoding = "identity" } = headers as Readonly<
    Record<string, string>
  >;
  const [, charset = "utf-8"] = /;\s*charset="?([^";]+)/i.exec(type) ?? [];
  return encoding !== "identity" || !/^utf-?8$/i.test(charset) || !TEXT.test(type);
}

const TEXT = /^(text\/|application\/([\w.-]+\+)?(json|xml|javascript)\b|image\/svg\+xml)/i;

/** Each `set-cookie` by itself, however many there are. */
function withCookies({ headers = {}, cookies = [], ...answer }: Answer): Answer {
  const { "set-cookie": single, ...others } = headers;
  return {
    ...answer,
    headers: others,
    ...(cookies.length > 0 ? { cookies } : single === undefined ? {} : { cookies: [String(single)] }),
  };
}

async function withinTime(answer: Promise<Answer>, leftMs: number | undefined): Promise<Answer | undefined> {
  if (leftMs === undefined) return answer;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), Math.max(0, leftMs - LAST_WORD_MS));
  });
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}
