import type { Faults } from "./faults.ts";

/** How to run the stack on this machine. */
export interface LocalOptions {
  /** Absolute or cwd-relative path of the app: a module that makes a `Server`, or exports `io` or `engine`. */
  readonly app: string;
  /** Packages in whose place this one is imported: `socket.io`. */
  readonly replace?: readonly string[];
  /** Packages that stay outside of the bundles, besides those with native code. */
  readonly external?: readonly string[];
  /** What packets change in the app's variables is kept: in the table, or with the socket. Default false. */
  readonly keep?: boolean;
  /** 0, the default, is any free port. */
  readonly port?: number;
  /** Default `/socket.io`: a prefix match with trailing slash, as in the official server. */
  readonly path?: string;
  /** Kept warm per function; default 1, at least 2 with anti-affinity. */
  readonly instances?: number;
  /** Per function; default 16. */
  readonly maxInstances?: number;
  /** No two consecutive invocations of a session on one process; one message per group and batch. */
  readonly antiAffinity?: boolean;
  /** 0 to 1: the probability that an invocation's instance is killed (SIGKILL), while it runs or right after. */
  readonly chaos?: number;
  /** Instances are stopped (SIGSTOP) between events. */
  readonly freeze?: boolean;
  /** Extra random delay, in milliseconds, before a new instance takes its first event. */
  readonly coldStartMs?: readonly [number, number];
  /** Static files; default: `public` beside the app module if it exists. */
  readonly publicDir?: string;
  /** Names besides this machine's own under which clients come: of a tunnel, say. Any other `Host` is refused. */
  readonly allowedHosts?: readonly string[];
  /** Extra environment of the functions; beats what the stack defines. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default `fifo`. */
  readonly ordering?: "fifo" | "direct";
  /** When an instance died or failed with messages in flight they become visible after this; default 250. */
  readonly redeliverAfterMs?: number;
  /** The clock of every second instance is so far ahead, or behind; schedules keep the right time. */
  readonly clockSkewMs?: number;
  /** Seeds chaos, cold starts and throttling. */
  readonly seed?: number;
  /** Lines of instances and gateway; default: warnings and errors to stderr. */
  readonly log?: (line: string) => void;
  /** Binary frames are taken as the Engine.IO text with the same bytes, instead of closing with 1003. */
  readonly allowBinaryFrames?: boolean;
  /** API Gateway's ten minutes; default 600,000. */
  readonly idleTimeoutMs?: number;
  /** API Gateway's two hours; default 7,200,000. */
  readonly maxDurationMs?: number;
  /** Handlers are watched: a variable that one changes for the next packet to find is named in the log. Default false. */
  readonly watch?: boolean;
  /** The inspector is served at `/__nonsticky`: docs/inspector.md. Default false. */
  readonly inspector?: boolean;
  /** What goes otherwise than on AWS. */
  readonly faults?: Faults;
}

export interface LocalStats {
  /** By function name in serverless.yml. */
  readonly invocations: Record<string, number>;
  /** Instances killed by chaos or by `kill`. */
  readonly kills: number;
  readonly coldStarts: number;
  /** Which processes have run a session's packets; the authorizer is not counted. */
  readonly pidsBySid: Map<string, Set<number>>;
  /** Accepted by the @connections API. */
  readonly posts: number;
  /** Messages handed to an instance again. */
  readonly redeliveries: number;
  readonly deadLetters: number;
}

export interface LocalRuntime {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** `ws://127.0.0.1:PORT/<stage>` works as the bare WebSocket API. */
  readonly stage: string;
  readonly tableName: string;
  readonly dynamodbEndpoint: string;
  /** The whole environment of a program outside of the stack that emits to its clients. */
  readonly outsideEnvironment: Readonly<Record<string, string>>;
  instances(): { functionName: string; pid: number; busy: boolean }[];
  stats(): LocalStats;
  /** SIGKILL to one instance. */
  kill(pid: number): void;
  readonly gateway: LocalGateway;
  /** Resolves when the mailbox is empty and no invocation but the scheduled ones runs. */
  idle(): Promise<void>;
  /** Rebuilds the functions; connections stay, instances are replaced. Rejects, with all as before, when it does not build. */
  reload(): Promise<void>;
  /** The sources the functions were built from, nothing of `node_modules`. */
  sources(): readonly string[];
  /** Ends children by pid and closes the ports. */
  stop(): Promise<void>;
}

export interface LocalGateway {
  connections(): { connectionId: string; sid: string | undefined; openedAtMs: number }[];
  /** The client vanishes: its TCP connection breaks, `$disconnect` does not come, posts still answer 200 into the void. */
  dropNetwork(connectionId: string): void;
  /** `$disconnect` is lost. */
  suppressDisconnectEvents(on: boolean): void;
  /** 429 to that fraction of posts. */
  throttlePosts(fraction: number): void;
}
