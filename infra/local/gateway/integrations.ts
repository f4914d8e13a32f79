import { LATE_MS, Turnstile, type Faults } from "../faults.ts";
import type { Pool } from "../lambda/pool.ts";
import type { FifoQueue } from "../mailbox/fifo-queue.ts";
import { sendForm } from "../mailbox/sqs-protocol.ts";
import { routeKeys, type RouteKey, type Topology } from "../topology.ts";
import type { RequestContext } from "./events.ts";
import { compileTemplate } from "./template.ts";

export interface RouteEvent {
  readonly requestContext: RequestContext;
  /** The frame, of `$default` only. */
  readonly body?: string;
  /** Headers and query, of `$connect` and `$disconnect`: what a proxied function sees beside the context. */
  readonly parts?: Record<string, unknown>;
}

/** The status that the integration answered; from 400 on it has failed. */
export type Integration = (event: RouteEvent) => number | Promise<number>;

export interface IntegrationTargets {
  readonly queue: (name: string) => FifoQueue;
  readonly pool: (functionKey: string) => Pool;
  /** Which instances may serve this session; undefined means all. */
  readonly accepts: (sid: string | undefined) => ((pid: number) => boolean) | undefined;
  readonly onInvoke: (sid: string, pid: number) => void;
  /** Hears of an event that a function gets, where it is there. */
  readonly onRoute?: ((event: InvokedRoute) => void) | undefined;
  readonly faults: Faults;
  readonly log: (line: string) => void;
}

export interface InvokedRoute {
  readonly requestContext: RequestContext;
  readonly body: string | undefined;
  readonly sid: string | undefined;
  /** What the function knows the message by. */
  readonly letter: string;
  readonly invocation: string;
}

/** What each route is wired to. */
export function createIntegrations(
  topology: Topology,
  targets: IntegrationTargets,
): Readonly<Record<RouteKey, Integration>> {
  const entries = routeKeys.map((key) => {
    const integration = createIntegration(topology, key, targets);
    const mayFail: Integration = (event) => (targets.faults.failedRoute === key ? 500 : integration(event));
    return [key, mayFail] as const;
  });
  return Object.fromEntries(entries) as Record<RouteKey, Integration>;
}

function createIntegration(topology: Topology, key: RouteKey, targets: IntegrationTargets): Integration {
  const route = topology.routes[key];
  switch (route.kind) {
    case "none":
      return () => 200;
    case "queue":
      return toQueue(targets.queue(route.queueName), route.template, targets);
    case "function":
      return toFunction(targets.pool(route.functionKey), targets);
  }
}

/** `AWS` integration with `sqs:path/…`: synchronous, so frames of a connection are queued as they come. */
function toQueue(queue: FifoQueue, template: string, targets: IntegrationTargets): Integration {
  const render = compileTemplate(template);
  const late = new Turnstile();
  return ({ requestContext, body: sent }) => {
    const { faults } = targets;
    const body = faults.latinBodies && sent !== undefined ? Buffer.from(sent).toString("latin1") : sent;
    try {
      if (faults.missingQueue === true) throw new Error("AWS.SimpleQueueService.NonExistentQueue");
      const rendered = render({ context: toTemplateContext(requestContext), body });
      const form = faults.oneLane ? rendered.replace(/(?<=MessageGroupId=[^.&]*)\.[^&]*/, "") : rendered;
      if (sent !== undefined && late.isNext(faults.lateFrameEvery)) {
        setTimeout(() => sendForm(queue, form), faults.lateFrameMs ?? LATE_MS);
      } else {
        sendForm(queue, form);
      }
      return 200;
    } catch (error) {
      targets.log(`integration of ${requestContext.routeKey} failed: ${String(error)}`);
      return 500;
    }
  };
}

/** `AWS_PROXY`. A crash is 502; what the function answers is nobody's business but for `$connect`. */
function toFunction(pool: Pool, targets: IntegrationTargets): Integration {
  return async ({ requestContext, body, parts }) => {
    const value = requestContext.authorizer?.["sid"];
    const sid = typeof value === "string" ? value : undefined;
    const event = {
      ...parts,
      requestContext,
      ...(body === undefined ? {} : { body }),
      isBase64Encoded: false,
    };
    const outcome = await pool.invoke(event, "route", targets.accepts(sid), (pid, invocation) => {
      const { messageId: letter = requestContext.requestId } = requestContext;
      targets.onRoute?.({ requestContext, body, sid, letter, invocation });
      if (sid !== undefined) targets.onInvoke(sid, pid);
    });
    if (outcome.kind === "answered") {
      const status = (outcome.result as { statusCode?: unknown } | null)?.statusCode;
      return typeof status === "number" ? status : 502;
    }
    targets.log(`integration of ${requestContext.routeKey} ${outcome.kind}: ${outcome.message}`);
    return 502;
  };
}

/**
 * `$context`: numbers and booleans of the authorizer are text in a template. Why a connection ended is in the events of
 * functions alone, as far as API Gateway's documentation goes.
 */
function toTemplateContext(all: RequestContext): Record<string, unknown> {
  const { disconnectStatusCode: _, disconnectReason: __, ...context } = all;
  const authorizer = Object.entries(context.authorizer ?? {}).map(([name, value]) => [name, String(value)]);
  return {
    messageId: "",
    ...context,
    status: "200",
    authorizer: Object.fromEntries(authorizer) as Record<string, string>,
  };
}
