import { AsyncLocalStorage } from "node:async_hooks";
import { LogFormatter, Logger as Powertools, LogItem } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import { toLogged, type LogFields, type Logger, type LogLevel } from "../log.ts";

type UnformattedAttributes = Parameters<LogFormatter["formatAttributes"]>[0];
type LogAttributes = Parameters<LogFormatter["formatAttributes"]>[1];

/** What Lambda tells of an invocation, as far as its lines name it. Events never come here. */
export type InvocationContext = Partial<
  Pick<
    Context,
    "awsRequestId" | "functionName" | "functionVersion" | "invokedFunctionArn" | "memoryLimitInMB"
  >
>;

export interface PowertoolsLogger extends Logger {
  /** Runs code, also what comes after its awaits, so that its lines tell that they are of this invocation. */
  during<Result>(context: InvocationContext | undefined, code: () => Result): Result;
}

/** Kept beside the running code, not in the logger: an HTTP server has as many under way as there are requests. */
const invocations = new AsyncLocalStorage<InvocationContext & { readonly coldStart: boolean }>();

/**
 * The logger of deployed functions: one JSON object a line, with service, function, request id and whether it was a
 * cold start. Lambda's advanced logging controls and Powertools' own variables raise the level as their manuals say.
 * @see https://docs.aws.amazon.com/powertools/typescript/latest/features/logger/
 */
export function createPowertoolsLogger(options: {
  readonly level: LogLevel;
  readonly service: string;
}): PowertoolsLogger {
  const powertools = new CountingStarts({
    logLevel: toPowertoolsLevel(options.level),
    serviceName: options.service,
    logFormatter: new ShortFormatter(),
  });
  const at =
    (own: Exclude<LogLevel, "silent">) =>
    (message: string, fields: LogFields = {}) => {
      powertools[own](message, toLogged(fields));
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    during: (context = {}, code) =>
      invocations.run({ ...context, coldStart: powertools.takeColdStart() }, code),
  };
}

class CountingStarts extends Powertools {
  /** True once, where Lambda says that the instance was started on demand. */
  takeColdStart(): boolean {
    return this.getColdStart();
  }
}

/** Only what tells one line from another: the ARN, memory and region are the same for all lines of a log group. */
class ShortFormatter extends LogFormatter {
  override formatAttributes(
    { logLevel, message, timestamp, serviceName, xRayTraceId }: UnformattedAttributes,
    fields: LogAttributes,
  ): LogItem {
    const invocation = invocations.getStore();
    return new LogItem({
      attributes: {
        // First and in lower case: what filters on log groups and the local runtime look for.
        level: logLevel.toLowerCase(),
        message,
        timestamp: this.formatTimestamp(timestamp),
        service: serviceName,
        function: invocation?.functionName,
        requestId: invocation?.awsRequestId,
        coldStart: invocation?.coldStart,
        traceId: xRayTraceId,
        ...fields,
      },
    });
  }
}

const toPowertoolsLevel = (level: LogLevel) => level.toUpperCase() as Uppercase<LogLevel>;
