import type { Server } from "node:http";
import { readTrustedHops } from "./aws/client-address.ts";
import { createAwsClients, type AwsClients } from "./aws/aws-clients.ts";
import { createConnectHandler } from "./aws/connect-handler.ts";
import { AwsError } from "./aws/errors.ts";
import { ExitWatch } from "./aws/exit-watch.ts";
import { createFanOutHandler } from "./aws/fan-out-handler.ts";
import { createHeartbeatHandler } from "./aws/heartbeat-handler.ts";
import { createInboxHandler } from "./aws/inbox-handler.ts";
import { createLambdaFanOut } from "./aws/lambda-fan-out.ts";
import { createLambdaMailbox } from "./aws/lambda-mailbox.ts";
import { createPollHandler } from "./aws/poll-handler.ts";
import { createPollServer, listenForPolls, REQUESTS_AT_ONCE } from "./aws/poll-server.ts";
import { createPowertoolsLogger, type InvocationContext } from "./aws/powertools-logger.ts";
import { createPowertoolsMetrics } from "./aws/powertools-metrics.ts";
import { listShadowedRoutes } from "./aws/shadowed-routes.ts";
import { createSqsAlarms } from "./aws/sqs-alarms.ts";
import { createSqsMailbox } from "./aws/sqs-mailbox.ts";
import { isMetered, isOrdered, readDeployment, readLogLevel, toStack } from "./aws/stack-environment.ts";
import { CorrectedClock } from "./aws/corrected-clock.ts";
import { systemClock } from "./clock.ts";
import { createMissingAlarms, type AlarmClock } from "./engine/alarms/alarm.ts";
import { appOfModule } from "./engine/app-of-module.ts";
import type { EngineApp } from "./engine/engine.ts";
import type { FanOut } from "./engine/fan-out.ts";
import { currentHost } from "./engine/hosted-app.ts";
import type { Mailbox } from "./engine/mailbox.ts";
import { countLogged } from "./engine/counted-ports.ts";
import { Runtime } from "./engine/runtime.ts";
import { readCount, readOptional, readRequired, type Environment } from "./env.ts";
import { ConfigError } from "./errors.ts";
import { installedHandlerWatch } from "./handler-watch.ts";
import { noMetrics } from "./metrics.ts";
import { createDynamoStore } from "./state/dynamo/dynamo-store.ts";

/** What an app's module exports: a `Server` as `io`, or an engine app as `engine`; or nothing, where it is bundled. */
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
  readonly fanout: ReturnType<typeof createFanOutHandler>;
  /** One for other events, through the app's own way to its clients; made by a module that the others need not have. */
  handle<Args extends readonly unknown[], Result>(
    create: (runtime: Runtime, app: EngineApp) => (...args: Args) => Promise<Result>,
  ): (...args: Args) => Promise<Result>;
  /**
   * Serves polling over HTTP, many requests at once, at `host:port` of `AWS_LAMBDA_HTTP_ENDPOINT`, as a Lambda Web
   * Function does. Resolves with the server when it listens. No stack deploys it: docs/decisions/0025-web-functions.md.
   */
  servePolling(): Promise<Server>;
  /** What the app is, once it has started. Rejects with `config.no_app` or `config.several_apps`. */
  describe(): Promise<AppDescription>;
}

/** What a stack needs to know of its app. */
export interface AppDescription {
  /** Whether it answers HTTP requests itself, beside those of its clients. */
  readonly hasHttp: boolean;
  /** The option `path`, as far as the app gives one. */
  readonly path: string;
  /** Its routes that nobody gets to, since they are at that path. */
  readonly shadowed: readonly string[];
}

/**
 * Serves an app: reads the environment, makes the clients, and returns the Lambda handlers.
 *
 * Environment: `NONSTICKY_TABLE`, `NONSTICKY_CALLBACK_URL` (of the stage, as `https://…/<stage>`), and
 * `NONSTICKY_MAILBOX_URL`, or in direct ordering `NONSTICKY_INBOX_FUNCTION`; optionally `NONSTICKY_ALARMS_URL`, which
 * timers need, `NONSTICKY_FANOUT_FUNCTION`, without which large broadcasts are sent by whoever makes them,
 * `NONSTICKY_POSTS_PER_SECOND`, `NONSTICKY_AWS_CLIENT`, `NONSTICKY_LOG_LEVEL`, and
 * `NONSTICKY_METRICS`, `NONSTICKY_SERVICE` and `NONSTICKY_STAGE`: whether and under which names things are counted.
 * Throws `config.*` when one is missing or wrong.
 *
 * @example
 * import * as app from "#app";
 * export const handler = createHandlers(app).inbox;
 */
export function createHandlers(module: AppModule, env: Environment = process.env): Handlers {
  const findApp = toFinder(module);
  const service = readOptional(env, "NONSTICKY_SERVICE") ?? "nonsticky";
  const logger = createPowertoolsLogger({ level: readLogLevel(env), service });
  const published = isMetered(env) ? createPowertoolsMetrics(toStack(env, service)) : undefined;
  const metrics = published ?? noMetrics;
  const clock = new CorrectedClock(systemClock, (offMs) => {
    countLogged(logger, metrics).warn("the clock of this instance is wrong; it goes by AWS's from here on", {
      code: "aws.clock_wrong",
      offMs,
    });
  });
  const clients = createAwsClients(env);
  const store = createDynamoStore({
    client: clients.table(),
    tableName: readRequired(env, "NONSTICKY_TABLE"),
    clock,
  });
  // A promise nobody awaits must not take the instance, and other clients' packets, with it.
  process.on("unhandledRejection", (error) => {
    const message = "a promise was rejected and nobody handled it";
    countLogged(logger, metrics).error(message, { code: "core.unhandled_rejection", error });
  });
  const exits = new ExitWatch(countLogged(logger, metrics), process, () => published?.publish());
  /** Names the invocation in its lines, and writes what it has counted before the instance is frozen. What escapes is logged. */
  const observed =
    <Args extends readonly unknown[], Result>(handler: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      logger.during(args[1] as InvocationContext | undefined, async () => {
        clock.hear(args[0]);
        try {
          return await exits.run(() => handler(...args));
        } catch (error) {
          // Lambda's own line of it cannot be filtered by code. A failed letter has had a line when its turn failed.
          const isLogged = error instanceof AwsError && error.code === "aws.letter_failed";
          if (!isLogged) countLogged(logger, metrics).error("an invocation failed", { error });
          throw error;
        } finally {
          published?.publish();
        }
      });
  const trustedHops = readTrustedHops(env);
  let runtime: Runtime | undefined;
  const bindRuntime = (app: EngineApp, requestsAtOnce?: number): Runtime => {
    if (runtime) return runtime;
    const callbackUrl = readRequired(env, "NONSTICKY_CALLBACK_URL");
    runtime = new Runtime({
      store,
      transport: clients.transport(callbackUrl, (error) => {
        countLogged(logger, metrics).error("a post got no answer", { error });
      }),
      mailbox: createMailbox(env, clients),
      alarms: createAlarms(env, clients),
      clock,
      logger,
      metrics,
      isOrdered: isOrdered(env),
      pollCapacity: readCount(env, "NONSTICKY_POLL_CAPACITY"),
      watch: installedHandlerWatch(),
      requestsAtOnce,
      fanOut: createFanOut(env, clients, (error) => {
        const message = "a part of a broadcast was not taken by the fan-out function; it is sent from here";
        countLogged(logger, metrics).warn(message, { code: "aws.fan_out_refused", error });
      }),
      postsPerSecond: readCount(env, "NONSTICKY_POSTS_PER_SECOND"),
    });
    app.bind(runtime);
    return runtime;
  };
  /** At once, or, for an app that is still starting, before the first event. */
  const serve = <Args extends readonly unknown[], Result>(
    create: (app: EngineApp) => (...args: Args) => Promise<Result>,
  ): ((...args: Args) => Promise<Result>) => {
    const found = findApp();
    if (!(found instanceof Promise)) return observed(create(found));
    const handler = found.then(create);
    // Who invokes it, or asks `describe`, is told.
    handler.catch(() => undefined);
    return observed(async (...args) => (await handler)(...args));
  };
  return {
    // The authorizer has neither the way to clients nor the mailbox, and no permission for them.
    get connect() {
      const ports = { store, logger, metrics, clock };
      return serve((app) => createConnectHandler(ports, app, trustedHops));
    },
    get poll() {
      return serve((app) => createPollHandler(bindRuntime(app), app, trustedHops));
    },
    get inbox() {
      return serve((app) => createInboxHandler(bindRuntime(app), app));
    },
    get heartbeat() {
      return serve((app) => createHeartbeatHandler(bindRuntime(app), app, readDeployment(env)));
    },
    get fanout() {
      return serve((app) => createFanOutHandler(bindRuntime(app)));
    },
    handle: (create) => serve((app) => create(bindRuntime(app), app)),
    async servePolling() {
      const app = await findApp();
      const own = bindRuntime(app, REQUESTS_AT_ONCE);
      const server = createPollServer(own, app, {
        trustedHops,
        during: (awsRequestId, code) =>
          logger.during(awsRequestId === undefined ? {} : { awsRequestId }, code),
      });
      await listenForPolls(server, env, { runtime: own, publish: () => published?.publish() });
      return server;
    },
    async describe() {
      const { httpServer, options } = await findApp();
      return {
        hasHttp: (httpServer?.listenerCount("request") ?? 0) > 0,
        path: options.path,
        shadowed: listShadowedRoutes(httpServer, options.path),
      };
    },
  };
}

/** What the module exports, or the one `Server` that it has made. Throws `config.no_app`. */
function toFinder(module: AppModule): () => EngineApp | Promise<EngineApp> {
  const app = appOfModule(module);
  if (app !== undefined) return () => app;
  const host = currentHost();
  if (host !== undefined) {
    let finding: Promise<EngineApp> | undefined;
    return () => finding ?? host.readyApp ?? (finding = host.find());
  }
  throw new ConfigError(
    "config.no_app",
    `expected the app's module to export \`io\` (a Server) or \`engine\`, got ${describe(Object.keys(module))}`,
  );
}

function createMailbox(env: Environment, clients: AwsClients): Mailbox {
  return isOrdered(env)
    ? createSqsMailbox(clients.queue(), readRequired(env, "NONSTICKY_MAILBOX_URL"))
    : createLambdaMailbox(clients.functions(), readRequired(env, "NONSTICKY_INBOX_FUNCTION"));
}

/** Without a function for it, whoever broadcasts sends it all. */
function createFanOut(
  env: Environment,
  clients: AwsClients,
  onRefused: (error: unknown) => void,
): FanOut | undefined {
  const name = readOptional(env, "NONSTICKY_FANOUT_FUNCTION");
  return name === undefined ? undefined : createLambdaFanOut(clients.fanOut, name, onRefused);
}

function createAlarms(env: Environment, clients: AwsClients): AlarmClock {
  if (!isOrdered(env)) return createMissingAlarms("core.timers_unordered");
  const url = readOptional(env, "NONSTICKY_ALARMS_URL");
  return url === undefined ? createMissingAlarms("core.timers_off") : createSqsAlarms(clients.queue(), url);
}

const describe = (names: readonly string[]): string =>
  names.length === 0 ? "no exports" : `exports ${names.join(", ")}`;
