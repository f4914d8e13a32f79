import type { IncomingMessage } from "node:http";
import { settlesWithin, type Clock } from "../../clock.ts";
import type { RequestRecord } from "../../state/records.ts";
import type { PollResponse } from "../polling/http.ts";
import type { Ports } from "../runtime.ts";
import { NodeResponse, toNodeRequest, type NodeRequestParts } from "./node-request.ts";
import { keepRequest } from "./kept-request.ts";

/** What `io.engine.use` takes: a middleware of Express. Its request and its response are Node's. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each library of middlewares types them in its own way
export type EngineMiddleware = (request: any, response: any, next: (error?: any) => void) => unknown;

/** How long a middleware may take to call `next`, and a session store to save. */
const MIDDLEWARE_WAIT_MS = 5_000;

export type Passage =
  | {
      readonly outcome: "passed";
      readonly kept: RequestRecord;
      finish(answer: PollResponse): Promise<PollResponse>;
    }
  /** One of them has answered the client itself. */
  | { readonly outcome: "answered"; readonly answer: PollResponse }
  /** One of them has given an error to `next`, has thrown, or has done nothing at all. */
  | { readonly outcome: "failed"; readonly error: unknown };

/** Undefined: there are none, and nothing was made for them. */
export async function passMiddlewares(
  middlewares: readonly EngineMiddleware[] | undefined,
  parts: NodeRequestParts,
  { clock, watch }: Pick<Ports, "clock" | "watch">,
): Promise<Passage | undefined> {
  if (middlewares === undefined || middlewares.length === 0) return undefined;
  const request = toNodeRequest(parts);
  const response = new NodeResponse(request);
  const own = new Set(Object.keys(request));
  let source: number | undefined;
  for (const [index, middleware] of middlewares.entries()) {
    const endWatch = watch?.begin({ event: "io.engine.use", listener: middleware, self: undefined });
    const error = await untilNext(middleware, request, response, clock);
    endWatch?.();
    if (error !== undefined) return { outcome: "failed", error };
    if (response.writableEnded) return { outcome: "answered", answer: response.written };
    if (source === undefined && "sessionStore" in request) source = index;
  }
  return {
    outcome: "passed",
    kept: keepRequest(request, own, source),
    finish: (answer) => finish(response, answer, clock),
  };
}

/** What went wrong; undefined when it has called `next`, or has ended the response. */
async function untilNext(
  middleware: EngineMiddleware,
  request: IncomingMessage,
  response: NodeResponse,
  clock: Clock,
): Promise<unknown> {
  let failure: unknown;
  const passed = new Promise<void>((resolve) => {
    const next = (error?: unknown) => {
      if (error) failure = error;
      resolve();
    };
    const fail = (error: unknown) => next(error ?? new Error("a middleware failed"));
    try {
      const result: unknown = middleware(request, response, next);
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
  });
  const isOver = await settlesWithin(clock, Promise.race([passed, response.ended]), MIDDLEWARE_WAIT_MS);
  if (isOver) return failure;
  return new Error(`expected a middleware of io.engine to call next() within ${MIDDLEWARE_WAIT_MS} ms`);
}

/** The answer, with what the middlewares add to it when it is written: a cookie, a session that is saved first. */
async function finish(response: NodeResponse, answer: PollResponse, clock: Clock): Promise<PollResponse> {
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.writeHead(answer.status);
  response.end(answer.body);
  await settlesWithin(clock, response.ended, MIDDLEWARE_WAIT_MS);
  const { status, headers, body } = response.written;
  const isText = typeof answer.body === "string" && headers["content-encoding"] === undefined;
  return { status, headers, body: isText ? body.toString() : body };
}
