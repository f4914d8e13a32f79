import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { InvocationOutcome } from "./lambda/instance.ts";
import { noteCall } from "./call-log.ts";
import { CAUSE_HEADER, toCause } from "./inspector/cause.ts";
import type { EventStream } from "./inspector/event-stream.ts";
import { isForThisMachine, isOfBrowser } from "./strangers.ts";
import { answerSqs, SqsError, type QueueDirectory } from "./mailbox/sqs-protocol.ts";

export interface AwsEndpointOptions {
  readonly queues: QueueDirectory;
  /** Runs a function by its deployed name; undefined when there is none. */
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationOutcome> | undefined;
  /** Accepts an asynchronous invocation; false when there is no such function. */
  readonly invokeLater: (functionName: string, event: unknown) => boolean;
  /** Learns on whose behalf the requests are that are answered just then. */
  readonly events?: EventStream;
}

/** The services that functions call through the SDK: SQS (JSON protocol) and Lambda's Invoke, on one loopback port. */
export function attachAwsEndpoint(server: Server, options: AwsEndpointOptions): void {
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    // A page of any origin can send a form here, of which nobody would ask first.
    if (isOfBrowser(request.headers) || !isForThisMachine(request.headers) || request.method !== "POST") {
      request.resume();
      response.writeHead(403).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const target = request.headers["x-amz-target"];
      if (typeof target === "string" && target.startsWith("AmazonSQS.")) {
        noteCall(request, `sqs:${target.slice("AmazonSQS.".length).replace(/Batch$/, "")}`);
        const { events } = options;
        if (events?.listening === true) events.cause = toCause(request.headers[CAUSE_HEADER]);
        answerQueue(response, options.queues, target.slice("AmazonSQS.".length), body);
        if (events !== undefined) events.cause = undefined;
        return;
      }
      noteCall(request, "lambda:InvokeFunction");
      void answerInvoke(request, response, body, options);
    });
  });
}

function answerQueue(response: ServerResponse, queues: QueueDirectory, action: string, body: string): void {
  const send = (status: number, content: unknown, headers: Record<string, string> = {}) => {
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0", ...headers });
    response.end(JSON.stringify(content));
  };
  try {
    send(200, answerSqs(queues, action, JSON.parse(body) as Record<string, unknown>));
  } catch (error) {
    if (!(error instanceof SqsError)) return send(500, { __type: "InternalFailure", message: String(error) });
    send(
      400,
      { __type: error.code, message: error.message },
      { "x-amzn-query-error": `${error.queryCode};Sender` },
    );
  }
}

async function answerInvoke(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  { invoke, invokeLater }: AwsEndpointOptions,
): Promise<void> {
  const [, encoded] = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/.exec(request.url ?? "") ?? [];
  const name = decodeURIComponent(encoded ?? "").replace(/^arn:.*:function:/, "");
  const fail = (status: number, type: string, message: string) => {
    response.writeHead(status, { "content-type": "application/json", "x-amzn-errortype": type });
    response.end(JSON.stringify({ Type: "User", Message: message }));
  };
  const missing = () => fail(404, "ResourceNotFoundException", `Function not found: ${name}`);
  let event: unknown;
  try {
    event = body === "" ? {} : JSON.parse(body);
  } catch {
    return fail(400, "InvalidRequestContentException", "Could not parse request body into json");
  }

  if (request.headers["x-amz-invocation-type"] === "Event") {
    if (!invokeLater(name, event)) return missing();
    response.writeHead(202).end();
    return;
  }
  const outcome = await invoke(name, event);
  if (outcome === undefined) return missing();
  const headers = { "content-type": "application/json", "x-amz-executed-version": "$LATEST" };
  if (outcome.kind === "answered") {
    response.writeHead(200, headers).end(JSON.stringify(outcome.result));
    return;
  }
  const errorType = outcome.kind === "threw" ? outcome.errorType : "Runtime.ExitError";
  response.writeHead(200, { ...headers, "x-amz-function-error": "Unhandled" });
  response.end(JSON.stringify({ errorType, errorMessage: outcome.message }));
}
