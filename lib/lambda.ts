import type { Server } from "node:http";
import { createConnectHandler } from "./aws/connect-handler.ts";
import { createFanOutHandler } from "./aws/fan-out-handler.ts";
import { createHeartbeatHandler } from "./aws/heartbeat-handler.ts";
import { createInboxHandler } from "./aws/inbox-handler.ts";
import { createPollHandler } from "./aws/poll-handler.ts";
import { readDeployment } from "./aws/stack-environment.ts";
import type { EngineApp } from "./engine/engine.ts";
import type { Runtime } from "./engine/runtime.ts";
import type { Environment } from "./env.ts";
import { serveApp, type AppDescription, type AppModule } from "./app-functions.ts";
import { servePolls } from "./served-polls.ts";

export type { AppDescription, AppModule };

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
  const served = serveApp(module, env);
  const { trustedHops } = served;
  return {
    // The authorizer has neither the way to clients nor the mailbox, and no permission for them.
    get connect() {
      return served.serve((app) => createConnectHandler(served.ports, app, trustedHops));
    },
    get poll() {
      return served.handle((runtime, app) => createPollHandler(runtime, app, trustedHops));
    },
    get inbox() {
      return served.handle(createInboxHandler);
    },
    get heartbeat() {
      return served.handle((runtime, app) => createHeartbeatHandler(runtime, app, readDeployment(env)));
    },
    get fanout() {
      return served.handle(createFanOutHandler);
    },
    handle: served.handle,
    servePolling: () => servePolls(served),
    describe: served.describe,
  };
}
