import { createAwsClients } from "./aws/aws-clients.ts";
import { createDeployedAlarms } from "./aws/deployed-alarms.ts";
import { createDeployedFanOut } from "./aws/deployed-fan-out.ts";
import { createDeployedMailbox } from "./aws/deployed-mailbox.ts";
import { createEmitHandler } from "./aws/emit-handler.ts";
import { createLambdaFanOut } from "./aws/lambda-fan-out.ts";
import { createLambdaMailbox } from "./aws/lambda-mailbox.ts";
import { createSqsAlarms } from "./aws/sqs-alarms.ts";
import { createSqsMailbox } from "./aws/sqs-mailbox.ts";
import { systemClock } from "./clock.ts";
import { rejectUnknownOptions } from "./engine/engine-options.ts";
import { Runtime } from "./engine/runtime.ts";
import type { Server } from "./socketio/server.ts";
import { readRequired, type Environment } from "./env.ts";
import { createLogger, type LogLevel } from "./log.ts";
import { createDynamoStore } from "./state/dynamo/dynamo-store.ts";

export type { EmitRequest } from "./aws/emit-handler.ts";

/** Where a stack is. What is left out comes from the environment. */
export interface EmitterOptions {
  /** The stack's table. Default `NONSTICKY_TABLE`. */
  readonly tableName?: string;
  /** The stage's callback URL, `https://…/<stage>`. Default `NONSTICKY_CALLBACK_URL`. */
  readonly callbackUrl?: string;
  /** Default warn. */
  readonly logLevel?: LogLevel;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever its events
type AnyServer = Server<any, any, any, any>;

/**
 * Lets an `io` act on the clients of a deployed stack from anywhere: a script, a container, another Lambda. It emits,
 * joins, disconnects and fetches as in a handler; `await io.flush()` when done. Region and credentials are the AWS
 * SDK's own. Use the app's own `io`, or one with the same options: its parser and recovery are the clients'.
 *
 * Returns a Lambda handler that turns events of EventBridge, SQS and SNS into emits. Throws `config.*` for what is
 * missing.
 *
 * @example
 * connectEmitter(io, { tableName, callbackUrl });
 * io.to("news").emit("headline", "…");
 * const { delivered } = await io.flush();
 */
export function connectEmitter(
  io: AnyServer,
  options: EmitterOptions = {},
  env: Environment = process.env,
): ReturnType<typeof createEmitHandler> {
  rejectUnknownOptions("connectEmitter", options, ["tableName", "callbackUrl", "logLevel"]);
  const callbackUrl = options.callbackUrl ?? readRequired(env, "NONSTICKY_CALLBACK_URL");
  const clients = createAwsClients(env);
  const store = createDynamoStore({
    client: clients.table(),
    tableName: options.tableName ?? readRequired(env, "NONSTICKY_TABLE"),
    clock: systemClock,
  });
  const logger = createLogger(options.logLevel ?? "warn", (line) => process.stderr.write(`${line}\n`));
  const runtime = new Runtime({
    store,
    transport: clients.transport(callbackUrl, (error) => {
      logger.error("a post got no answer", { error });
    }),
    mailbox: createDeployedMailbox(store, {
      queue: (url) => createSqsMailbox(clients.queue(), url),
      inbox: (functionName) => createLambdaMailbox(clients.functions(), functionName),
    }),
    alarms: createDeployedAlarms(store, (url) => createSqsAlarms(clients.queue(), url)),
    fanOut: createDeployedFanOut(store, (name) => createLambdaFanOut(clients.fanOut, name)),
    clock: systemClock,
    logger,
    // No packet runs here, so nothing is ever alone with its session.
    isOrdered: false,
  });
  io.engine.bind(runtime);
  process.once("exit", () => reportUnsent(runtime));
  return createEmitHandler(runtime, io);
}

/** Nothing can be sent any more, but nobody else would say that it was not. */
function reportUnsent({ detached, logger }: Runtime): void {
  const failure = detached.takeFailure();
  if (detached.isDone && failure === undefined) return;
  logger.warn(
    "the process ends before all that was emitted, joined or left has been carried out; `await io.flush()` before that",
    { code: "core.unsent_at_exit", ...(failure === undefined ? {} : { error: failure.error }) },
  );
}
