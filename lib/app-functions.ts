import { readTrustedHops } from "./aws/client-address.ts";
import { createAwsClients, type AwsClients } from "./aws/aws-clients.ts";
import { CorrectedClock } from "./aws/corrected-clock.ts";
import { AwsError } from "./aws/errors.ts";
import { ExitWatch } from "./aws/exit-watch.ts";
import { createLambdaFanOut } from "./aws/lambda-fan-out.ts";
import { createLambdaMailbox } from "./aws/lambda-mailbox.ts";
import { createPowertoolsLogger, type InvocationContext } from "./aws/powertools-logger.ts";
import { createPowertoolsMetrics } from "./aws/powertools-metrics.ts";
import { listShadowedRoutes } from "./aws/shadowed-routes.ts";
import { createSqsAlarms } from "./aws/sqs-alarms.ts";
import { createSqsMailbox } from "./aws/sqs-mailbox.ts";
import { isMetered, isOrdered, readLogLevel, toStack } from "./aws/stack-environment.ts";
import { systemClock, type Clock } from "./clock.ts";
import { createMissingAlarms, type AlarmClock } from "./engine/alarms/alarm.ts";
import { appOfModule } from "./engine/app-of-module.ts";
import { countLogged } from "./engine/counted-ports.ts";
import type { EngineApp } from "./engine/engine.ts";
import type { FanOut } from "./engine/fan-out.ts";
import { currentHost } from "./engine/hosted-app.ts";
import type { Mailbox } from "./engine/mailbox.ts";
import { Runtime } from "./engine/runtime.ts";
import { readCount, readOptional, readRequired, type Environment } from "./env.ts";
import { ConfigError } from "./errors.ts";
import { installedHandlerWatch } from "./handler-watch.ts";
import type { Logger } from "./log.ts";
import { noMetrics, type Metrics } from "./metrics.ts";
import { createDynamoStore } from "./state/dynamo/dynamo-store.ts";
import type { Store } from "./state/store.ts";

/** What an app's module exports: a `Server` as `io`, or an engine app as `engine`; or nothing, where it is bundled. */
export interface AppModule {
  readonly io?: { readonly engine: EngineApp };
  readonly engine?: EngineApp;
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

/** What all functions of an app have, whichever of them a process is: each imports its own handler besides, and no other. */
export interface AppFunctions {
  readonly env: Environment;
  /** All that there is without a way to the clients. */
  readonly ports: {
    readonly store: Store;
    readonly logger: Logger;
    readonly metrics: Metrics;
    readonly clock: Clock;
  };
  /** Proxies of ours at the end of `X-Forwarded-For`. */
  readonly trustedHops: number;
  /** A handler that waits for an app that is still starting, and whose lines and metrics are those of its invocation. */
  serve<Args extends readonly unknown[], Result>(
    create: (app: EngineApp) => (...args: Args) => Promise<Result>,
  ): (...args: Args) => Promise<Result>;
  /** The same for one that has the app's way to its clients. */
  handle<Args extends readonly unknown[], Result>(
    create: (runtime: Runtime, app: EngineApp) => (...args: Args) => Promise<Result>,
  ): (...args: Args) => Promise<Result>;
  /** For what is no invocation. */
  readonly process: ServedProcess;
  /** What the app is, once it has started. Rejects with `config.no_app` or `config.several_apps`. */
  describe(): Promise<AppDescription>;
}

/** What a process needs that serves many requests at once, in its own time. */
export interface ServedProcess {
  findApp(): EngineApp | Promise<EngineApp>;
  bindRuntime(app: EngineApp, requestsAtOnce: number): Runtime;
  /** Lines and metrics in it are those of the request. */
  during<Result>(awsRequestId: string | undefined, code: () => Promise<Result>): Promise<Result>;
  /** Writes what was counted since the last time. */
  publish(): void;
}

/**
 * Reads the environment, and makes the clients. The variables are those of `createHandlers`.
 * Throws `config.*` when one is missing or wrong.
 */
export function serveApp(module: AppModule, env: Environment = process.env): AppFunctions {
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
      hasApp: true,
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
    env,
    ports: { store, logger, metrics, clock },
    trustedHops: readTrustedHops(env),
    serve,
    handle: (create) => serve((app) => create(bindRuntime(app), app)),
    process: {
      findApp,
      bindRuntime,
      during: (awsRequestId, code) => logger.during(awsRequestId === undefined ? {} : { awsRequestId }, code),
      publish: () => published?.publish(),
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
