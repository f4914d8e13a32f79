import type { Bundles } from "./lambda/bundler.ts";
import type { LocalRuntime } from "./options.ts";
import type { Stack } from "./stack.ts";

export interface RuntimeParts {
  readonly url: string;
  readonly port: number;
  readonly dynamodbEndpoint: string;
  readonly outsideEnvironment: Readonly<Record<string, string>>;
  readonly rebuild: () => Promise<Bundles>;
  readonly stop: () => Promise<void>;
}

const IDLE_POLL_MS = 5;

/** The stack as its users see it. */
export function createRuntime(stack: Stack, parts: RuntimeParts): LocalRuntime {
  const { topology, pools, counters, connections, webSocketApi } = stack;
  const { url, port, dynamodbEndpoint, outsideEnvironment, rebuild, stop } = parts;
  return {
    url,
    port,
    dynamodbEndpoint,
    outsideEnvironment,
    stop,
    stage: topology.stage,
    tableName: topology.table.name,
    instances: () =>
      [...pools.values()].flatMap((pool) =>
        pool.list().map(({ pid, busy }) => ({ functionName: pool.spec.key, pid, busy })),
      ),
    stats: () => ({
      kills: counters.kills,
      coldStarts: counters.coldStarts,
      posts: counters.posts,
      redeliveries: counters.redeliveries,
      deadLetters: counters.deadLetters,
      pidsBySid: counters.pidsBySid,
      invocations: Object.fromEntries([...pools].map(([key, { invocations }]) => [key, invocations])),
    }),
    kill: (pid) => void stack.functions.kill(pid),
    gateway: {
      connections: () =>
        [...connections.all()].map(({ facts, authorizer }) => ({
          connectionId: facts.connectionId,
          sid: typeof authorizer?.["sid"] === "string" ? authorizer["sid"] : undefined,
          openedAtMs: facts.connectedAt,
        })),
      dropNetwork(connectionId) {
        const connection = connections.get(connectionId);
        if (connection !== undefined) webSocketApi.drop(connection);
      },
      suppressDisconnectEvents(on) {
        stack.disconnectEventsLost = on;
      },
      throttlePosts(fraction) {
        stack.switches.set({ throttle: fraction });
      },
    },
    async idle() {
      // Twice in a row: what has just ended may have caused something that is still on its way in.
      for (let seen = 0; seen < 2; seen = stack.isIdle() ? seen + 1 : 0) {
        await new Promise((resolve) => setTimeout(resolve, IDLE_POLL_MS));
      }
    },
    async reload() {
      await stack.reload(await rebuild());
    },
    sources: () => stack.functions.bundles.inputs,
  };
}
