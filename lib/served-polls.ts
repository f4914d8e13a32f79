import type { Server } from "node:http";
import { createPollServer, listenForPolls, REQUESTS_AT_ONCE } from "./aws/poll-server.ts";
import type { AppFunctions } from "./app-functions.ts";

/** Serves polling over HTTP, many requests at once. Resolves with the server when it listens. */
export async function servePolls({ env, trustedHops, process }: AppFunctions): Promise<Server> {
  const { during, publish } = process;
  const app = await process.findApp();
  const runtime = process.bindRuntime(app, REQUESTS_AT_ONCE);
  const server = createPollServer(runtime, app, { trustedHops, during });
  await listenForPolls(server, env, { runtime, publish });
  return server;
}
