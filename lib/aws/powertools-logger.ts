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
  /** From now on lines tell that they are of this invocation. */
  beginInvocation(context: InvocationContext | undefined): void;
}

/**
 * The logger of deployed functions: one JSON object a line, with service, function, request id and whether it was a
 * cold start. Lambda's advanced logging controls and Powertools' own variables raise the level as their manuals say.
 * @see https://docs.aws.amazon.com/powertools/typescript/latest/features/logger/
 */
export function createPowertoolsLogger(options: {
  readonly level: LogLevel;
  readonly service: string;
}): PowertoolsLogger {
  const powertools = new Powertools({
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
    beginInvocation: (context = {}) => {
      powertools.addContext(context as Context);
    },
  };
}

/** Only what tells one line from another: the ARN, memory and region are the same for all lines of a log group. */
class ShortFormatter extends LogFormatter {
  override formatAttributes(
    { logLevel, message, timestamp, serviceName, lambdaContext, xRayTraceId }: UnformattedAttributes,
    fields: LogAttributes,
  ): LogItem {
    return new LogItem({
      attributes: {
        // First and in lower case: what filters on log groups and the local runtime look for.
        level: logLevel.toLowerCase(),
        message,
        timestamp: this.formatTimestamp(timestamp),
        service: serviceName,
        function: lambdaContext?.functionName,
        requestId: lambdaContext?.awsRequestId,
        coldStart: lambdaContext?.coldStart,
        traceId: xRayTraceId,
        ...fields,
      },
    });
  }
}

const toPowertoolsLevel = (level: LogLevel) => level.toUpperCase() as Uppercase<LogLevel>;
