/**
 * What the stack consists of, as the local runtime needs it: the same facts CloudFormation gets, with references
 * between resources already followed. `read-topology.ts` makes one from the compiled template; tests write them by hand.
 */
export interface Topology {
  readonly stage: string;
  readonly region: string;
  readonly functions: readonly FunctionSpec[];
  /** The REQUEST authorizer of `$connect`; absent when anybody may connect. */
  readonly authorizer?: AuthorizerSpec;
  readonly routes: Readonly<Record<RouteKey, RouteSpec>>;
  /** The function behind the HTTP API; absent when there is none. */
  readonly httpFunctionKey?: string;
  /** The one behind its default route, for the app's own. */
  readonly routesFunctionKey?: string;
  readonly queues: readonly QueueSpec[];
  readonly eventSources: readonly EventSourceSpec[];
  readonly schedules: readonly ScheduleSpec[];
  readonly table: TableSpec;
}

export const routeKeys = ["$connect", "$default", "$disconnect"] as const;
export type RouteKey = (typeof routeKeys)[number];

export interface FunctionSpec {
  /** Its name in `serverless.yml`, e.g. `inbox`. */
  readonly key: string;
  /** Its deployed name, e.g. `nonsticky-dev-inbox`. */
  readonly name: string;
  /** File without extension, a dot, and the export: `functions/inbox.handler`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Retries of a failed asynchronous invocation; AWS's default is 2. */
  readonly maximumRetryAttempts: number;
}

export interface AuthorizerSpec {
  readonly functionKey: string;
  /** `route.request.querystring.EIO`, `route.request.header.Auth`: all must be present and not empty. */
  readonly identitySources: readonly string[];
}

export type RouteSpec =
  /** A mapping template renders a form-encoded SendMessage, as in an `AWS` integration with `sqs:path/…`. */
  | { readonly kind: "queue"; readonly queueName: string; readonly template: string }
  /** `AWS_PROXY`: the function gets the event. */
  | { readonly kind: "function"; readonly functionKey: string }
  | { readonly kind: "none" };

export interface QueueSpec {
  readonly name: string;
  /** No order, and delays for single messages. Default: FIFO. */
  readonly isStandard?: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly retentionSeconds: number;
  /** After this many receives a message goes to `deadLetterQueue`; absent: never. */
  readonly maxReceiveCount?: number;
  readonly deadLetterQueue?: string;
}

export interface EventSourceSpec {
  readonly queueName: string;
  readonly functionKey: string;
  readonly batchSize: number;
  readonly reportBatchItemFailures: boolean;
}

export interface ScheduleSpec {
  readonly functionKey: string;
  readonly everySeconds: number;
}

export interface TableSpec {
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly type: "S" | "N" | "B" }[];
  readonly partitionKey: string;
  readonly sortKey?: string;
}

/** Names the local account; the same in every ARN that functions see. */
export const accountId = "000000000000";
/** Names the local WebSocket API where a real one has its id. */
export const apiId = "localapi00";
