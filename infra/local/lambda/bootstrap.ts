/**
 * The inside of an instance: imports one bundled function and runs one event at a time, as Lambda's Node runtime
 * does. Ends with its parent. Started with `node bootstrap.mjs <bundle> <export>`.
 */
import { pathToFileURL } from "node:url";
import { installHandlerWatch, type HandlerWatch } from "../../../lib/handler-watch.ts";
import type { AppDescription } from "../../../lib/lambda.ts";
import type { InstanceMessage, Invocation } from "./ipc.ts";
import { markLines, markRequests, PacketTrace } from "./packet-trace.ts";
import { watchHandlers, watchLoading } from "./watch-handlers.ts";

type Handler = (event: unknown, context: LambdaContext) => unknown;

interface LambdaContext {
  readonly callbackWaitsForEmptyEventLoop: boolean;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  getRemainingTimeInMillis(): number;
}

/** The clock by which the runtime says when an invocation ends. */
const { now } = Date;
skewClock(Number(process.env["NONSTICKY_LOCAL_CLOCK_SKEW_MS"] ?? 0));

const foreign = process.env["NONSTICKY_LOCAL_WATCH"];
const folders = foreign === undefined ? undefined : (JSON.parse(foreign) as string[]);
const scopes = folders && watchHandlers(folders);
const endLoading = folders && watchLoading(folders);
const trace = process.env["NONSTICKY_LOCAL_INSPECTOR"] === undefined ? undefined : createTrace();
if (trace !== undefined) installHandlerWatch(joinWatches(trace, scopes));
else if (scopes !== undefined) installHandlerWatch(scopes);

const [bundle = "", exportName = "handler"] = process.argv.slice(2);
const name = process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "function";
const region = process.env["AWS_REGION"] ?? "us-east-1";

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches every process of the terminal; the runtime decides when its instances end.
process.on("SIGINT", () => {});

try {
  const exported: Record<string, unknown> = await import(pathToFileURL(bundle).href);
  const handler = exported[exportName];
  if (typeof handler !== "function") {
    throw new TypeError(`expected ${bundle} to export a function ${exportName}, got ${typeof handler}`);
  }
  // An app may go on starting after its module has ended.
  const { describe } = exported;
  const app = typeof describe === "function" ? ((await describe()) as AppDescription) : undefined;
  endLoading?.();
  process.on("message", (invocation: Invocation) => void serve(handler as Handler, invocation));
  tell({ type: "loaded", app });
} catch (error) {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  tell({ type: "load-failed", message, stack }, () => process.exit(1));
}

async function serve(handler: Handler, invocation: Invocation): Promise<void> {
  const { requestId, deadlineMs, event, traced } = invocation;
  const run = async () => handler(event, createContext(requestId, deadlineMs));
  try {
    const result = await (trace !== undefined && traced === true ? trace.during(requestId, run) : run());
    tell({ type: "result", requestId, result: result ?? null });
  } catch (error) {
    const { name: errorType, message, stack } = error instanceof Error ? error : new Error(String(error));
    console.error(stack);
    tell({ type: "error", requestId, errorType, message });
  }
}

function createContext(requestId: string, deadlineMs: number): LambdaContext {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:${region}:000000000000:function:${name}`,
    memoryLimitInMB: process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? "128",
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: String(process.pid),
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - now()),
  };
}

function createTrace(): PacketTrace {
  const created = new PacketTrace((requestId, runs) => tell({ type: "packets", requestId, runs }));
  const { env } = process;
  markRequests(created, [
    env["AWS_ENDPOINT_URL_DYNAMODB"],
    env["AWS_ENDPOINT_URL_SQS"],
    env["NONSTICKY_CALLBACK_URL"],
  ]);
  for (const stream of [process.stdout, process.stderr]) markLines(created, stream);
  return created;
}

/** What a handler takes is measured without the looking at its variables. */
function joinWatches(timed: PacketTrace, looked: HandlerWatch | undefined): HandlerWatch {
  return {
    begin: (call) => {
      const endLooking = looked?.begin(call);
      const endTiming = timed.begin(call);
      if (endLooking === undefined || endTiming === undefined) return endLooking ?? endTiming;
      return () => {
        endTiming();
        endLooking();
      };
    },
    beginPacket: (letter) => timed.beginPacket(letter),
    beginReplay: () => timed.beginReplay(),
    requestHeader: (origin) => timed.requestHeader(origin),
  };
}

/** Lets this process live in another time, as a machine does whose clock is not set. Timers take as long as ever. */
function skewClock(skewMs: number): void {
  if (skewMs === 0) return;
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...args: unknown[]) {
      super(...((args.length === 0 ? [now() + skewMs] : args) as []));
    }

    static override now(): number {
      return now() + skewMs;
    }
  } as DateConstructor;
}

function tell(message: InstanceMessage, then?: () => void): void {
  process.send?.(message, undefined, undefined, then);
}
