import { readTrustedHops } from "./aws/client-address.ts";
import { createConnectHandler } from "./aws/connect-handler.ts";
import { createHeartbeatHandler } from "./aws/heartbeat-handler.ts";
import { createInboxHandler } from "./aws/inbox-handler.ts";
import { createLambdaClient, createLambdaMailbox } from "./aws/lambda-mailbox.ts";
import { createManagementClient, createTransport } from "./aws/management-transport.ts";
import { createPollHandler } from "./aws/poll-handler.ts";
import { createSqsClient, createSqsMailbox } from "./aws/sqs-mailbox.ts";
import { systemClock } from "./clock.ts";
import type { EngineApp } from "./core/engine.ts";
import type { Mailbox } from "./core/mailbox.ts";
import { Runtime } from "./core/runtime.ts";
import { readOptional, readRequired, type Environment } from "./env.ts";
import { ConfigError } from "./errors.ts";
import { createLogger, logLevels, type LogLevel } from "./log.ts";
import { createDocumentClient } from "./state/dynamo/document-client.ts";
import { createDynamoStore } from "./state/dynamo/dynamo-store.ts";

/** What an app's module exports: a `Server` as `io`, or an engine app as `engine`. */
export interface AppModule {
  readonly io?: { readonly engine: EngineApp };
  readonly engine?: EngineApp;
}

/** The entry points of the deployed functions, each made when it is read, so that each needs only its own variables. */
export interface Handlers {
  readonly connect: ReturnType<typeof createConnectHandler>;
  readonly poll: ReturnType<typeof createPollHandler>;
  readonly inbox: ReturnType<typeof createInboxHandler>;
  readonly heartbeat: ReturnType<typeof createHeartbeatHandler>;
}

/**
 * Serves an app: reads the environment, makes the clients, and returns the Lambda handlers.
 *
 * Environment: `NONSTICKY_TABLE`, `NONSTICKY_CALLBACK_URL` (of the stage, as `https://…/<stage>`), and
 * `NONSTICKY_MAILBOX_URL`, or in direct ordering `NONSTICKY_INBOX_FUNCTION`; optionally `NONSTICKY_LOG_LEVEL`.
 * Throws `config.*` when one is missing or wrong.
 *
 * @example
 * import * as app from "#app";
 * export const handler = createHandlers(app).inbox;
 */
export function createHandlers(module: AppModule, env: Environment = process.env): Handlers {
  const app = module.io?.engine ?? module.engine;
  if (app === undefined) {
    throw new ConfigError(
      "config.no_app",
      `expected the app's module to export \`io\` (a Server) or \`engine\`, got ${describe(Object.keys(module))}`,
    );
  }
  const logger = createLogger(readLogLevel(env));
  const store = createDynamoStore({
    client: createDocumentClient(env),
    tableName: readRequired(env, "NONSTICKY_TABLE"),
    clock: systemClock,
  });
  // A promise nobody awaits must not take the instance, and with it other clients' packets, with it.
  process.on("unhandledRejection", (error) => {
    logger.error("a promise was rejected and nobody handled it", { code: "core.unhandled_rejection", error });
  });
  const trustedHops = readTrustedHops(env);
  let runtime: Runtime | undefined;
  const bindRuntime = (): Runtime => {
    if (runtime) return runtime;
    const callbackUrl = readRequired(env, "NONSTICKY_CALLBACK_URL");
    runtime = new Runtime({
      store,
      transport: createTransport(createManagementClient(callbackUrl), callbackUrl),
      mailbox: createMailbox(env),
      clock: systemClock,
      logger,
      isOrdered: isOrdered(env),
    });
    app.bind(runtime);
    return runtime;
  };
  return {
    // The authorizer has neither the way to clients nor the mailbox, and no permission for them.
    get connect() {
      return createConnectHandler({ store, logger, clock: systemClock }, app, trustedHops);
    },
    get poll() {
      return createPollHandler(bindRuntime(), app, trustedHops);
    },
    get inbox() {
      return createInboxHandler(bindRuntime(), app);
    },
    get heartbeat() {
      return createHeartbeatHandler(bindRuntime(), app);
    },
  };
}

function isOrdered(env: Environment): boolean {
  const ordering = readOptional(env, "NONSTICKY_ORDERING") ?? "fifo";
  if (ordering === "fifo" || ordering === "direct") return ordering === "fifo";
  throw new ConfigError(
    "config.bad_environment",
    `expected NONSTICKY_ORDERING to be fifo or direct, got ${JSON.stringify(ordering)}`,
  );
}

function createMailbox(env: Environment): Mailbox {
  return isOrdered(env)
    ? createSqsMailbox(createSqsClient(), readRequired(env, "NONSTICKY_MAILBOX_URL"))
    : createLambdaMailbox(createLambdaClient(), readRequired(env, "NONSTICKY_INBOX_FUNCTION"));
}

function readLogLevel(env: Environment): LogLevel {
  const value = readOptional(env, "NONSTICKY_LOG_LEVEL") ?? "info";
  const level = logLevels.find((known) => known === value);
  if (level) return level;
  throw new ConfigError(
    "config.bad_environment",
    `expected NONSTICKY_LOG_LEVEL to be one of ${logLevels.join(", ")}, got ${JSON.stringify(value)}`,
  );
}

const describe = (names: readonly string[]): string =>
  names.length === 0 ? "no exports" : `exports ${names.join(", ")}`;
