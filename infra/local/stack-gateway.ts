import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Counters } from "./counters.ts";
import type { Connections } from "./gateway/connection.ts";
import type { GatewayOptions } from "./gateway/gateway.ts";
import type { AnsweredRequest, HttpApiOptions } from "./gateway/http-api.ts";
import { createIntegrations, type IntegrationTargets } from "./gateway/integrations.ts";
import { WebSocketApi } from "./gateway/websocket.ts";
import type { EventStream } from "./inspector/event-stream.ts";
import { toClosed, toDropped, toHandedOver, toOpened, toRequest, toRoute } from "./inspector/told.ts";
import type { Accepts, Pool } from "./lambda/pool.ts";
import type { LocalOptions } from "./options.ts";
import type { StackFunctions } from "./stack-functions.ts";
import type { StackQueues } from "./stack-queues.ts";
import type { Topology } from "./topology.ts";

/** What of the stack its gateway leads to. */
export interface GatewayParts {
  readonly topology: Topology;
  readonly options: LocalOptions;
  readonly functions: StackFunctions;
  readonly queues: StackQueues;
  readonly connections: Connections;
  readonly counters: Counters;
  readonly events: EventStream;
  /** Which instances a session may have. */
  readonly accepts: (sid: string | undefined) => Accepts | undefined;
  /** Where clients come. */
  readonly path: () => string;
  readonly disconnectEventsLost: () => boolean;
  readonly log: (line: string) => void;
}

/** The WebSocket API, whose routes lead to queues and functions. */
export function createWebSocketApi(parts: GatewayParts): WebSocketApi {
  const { topology, options, functions, queues, connections, counters, events, log } = parts;
  const faults = options.faults ?? {};
  const pool = (functionKey: string) => functions.require(functionKey);
  const onRoute: IntegrationTargets["onRoute"] = (event) => {
    events.tell(toRoute(event));
    events.tell(toHandedOver(event));
  };
  return new WebSocketApi({
    topology,
    connections,
    pool,
    integrations: createIntegrations(topology, {
      pool,
      queue: (name) => queues.require(name),
      accepts: (sid) => parts.accepts(sid),
      onInvoke: (sid, pid) => counters.remember(sid, pid),
      get onRoute() {
        return events.listening ? onRoute : undefined;
      },
      faults,
      log,
    }),
    faults,
    idleTimeoutMs: options.idleTimeoutMs ?? 600_000,
    maxDurationMs: options.maxDurationMs ?? 7_200_000,
    allowBinaryFrames: options.allowBinaryFrames ?? false,
    onOpened: (connection) => {
      if (events.listening) events.tell(toOpened(connection));
    },
    onDropped: (connection) => {
      if (events.listening) events.tell(toDropped(connection));
    },
    onClosed: (connection, cause) => {
      if (events.listening) events.tell(toClosed(connection, cause));
    },
    disconnectEventsLost: parts.disconnectEventsLost,
    log,
  });
}

/** Which paths are the clients', and what answers there and elsewhere; an app may change it when it is reloaded. */
export function createRoutes(
  parts: GatewayParts,
  gateway: Server,
): Pick<GatewayOptions, "path" | "httpApi" | "routes"> {
  const { topology, functions, counters, events, log } = parts;
  const { httpFunctionKey, stage } = topology;
  const onAnswer = (answered: AnsweredRequest) => events.tell(toRequest(answered));
  const create = (routeKey: string, pool: Pool): HttpApiOptions => ({
    stage,
    routeKey,
    domainName: () => `127.0.0.1:${(gateway.address() as AddressInfo).port}`,
    pool,
    accepts: (sid) => parts.accepts(sid),
    onInvoke: (sid, pid) => counters.remember(sid, pid),
    get onAnswer() {
      return events.listening ? onAnswer : undefined;
    },
    log,
  });
  const pool = functions.poolOfRoutes;
  const routes = pool && create("$default", pool);
  return {
    httpApi:
      httpFunctionKey === undefined
        ? undefined
        : create("ANY /socket.io/{proxy+}", functions.require(httpFunctionKey)),
    path: parts.path,
    routes: () => (functions.app?.hasHttp === true ? routes : undefined),
  };
}
