import type { Clock } from "../clock.ts";
import type { HandlerWatch } from "../handler-watch.ts";
import type { ConnectionId } from "../ids.ts";
import { createMissingAlarms, type AlarmClock } from "./alarms/alarm.ts";
import type { Logger } from "../log.ts";
import { noMetrics, type Metrics } from "../metrics.ts";
import type { Route } from "../state/records.ts";
import type { Store } from "../state/store.ts";
import { endSession, reportClosed } from "./end-session.ts";
import type { Mailbox } from "./mailbox.ts";
import { countLogged, countRefused } from "./counted-ports.ts";
import type { FanOut } from "./fan-out.ts";
import { Outbound } from "./outbound/outbound.ts";
import { PostPace } from "./outbound/post-pace.ts";
import { Pollers } from "./polling/pollers.ts";
import type { Transport } from "./transport.ts";
import { Strays } from "./stray-effects.ts";
import { Turn } from "./turn.ts";

export interface Ports {
  readonly store: Store;
  readonly transport: Transport;
  readonly mailbox: Mailbox;
  /** Default: timers are refused. */
  readonly alarms?: AlarmClock;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: nothing is counted. */
  readonly metrics?: Metrics;
  /** False in direct ordering, where two frames of a client may run at once and in any order. */
  readonly isOrdered: boolean;
  /** How many executions polling may take. Default: as many as anybody wants, and nobody counts. */
  readonly pollCapacity?: number | undefined;
  /** Whether this process has all of the app, with every timer that may be due. Default false: a script, say. */
  readonly hasApp?: boolean;
  /** Who looks at handlers. Default: nobody. */
  readonly watch?: HandlerWatch | undefined;
  /** Who sends what a broadcast has beyond a page of members. Default: whoever broadcasts. */
  readonly fanOut?: FanOut | undefined;
  /** The most posts a second that large broadcasts make together. Default 9,500. */
  readonly postsPerSecond?: number | undefined;
  /** How many requests this process takes at once. Default: one, as a Lambda execution does. */
  readonly requestsAtOnce?: number | undefined;
}

/** The ports and what one process keeps on top of them. Holds queues and caches of immutable facts, never state. */
export class Runtime {
  readonly store: Store;
  readonly mailbox: Mailbox;
  readonly transport: Transport;
  readonly alarms: AlarmClock;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly isOrdered: boolean;
  readonly hasApp: boolean;
  readonly watch: HandlerWatch | undefined;
  readonly outbound: Outbound;
  readonly fanOut: FanOut | undefined;
  readonly pace: PostPace;
  readonly pollers: Pollers;
  readonly strays: Strays;
  /** Where effects outside of any turn are counted: scripts, other Lambdas. */
  readonly detached: Turn;

  constructor({ metrics = noMetrics, ...ports }: Ports) {
    this.store = ports.store;
    this.mailbox = ports.mailbox;
    this.transport = countRefused(ports.transport, metrics);
    this.alarms = ports.alarms ?? createMissingAlarms("core.timers_off");
    this.clock = ports.clock;
    this.logger = countLogged(ports.logger, metrics);
    this.metrics = metrics;
    this.isOrdered = ports.isOrdered;
    this.hasApp = ports.hasApp ?? false;
    this.watch = ports.watch;
    this.pollers = new Pollers(this.store, this.clock, ports.pollCapacity, ports.requestsAtOnce);
    this.strays = new Strays(this.logger);
    this.fanOut = ports.fanOut;
    this.pace = new PostPace({
      store: this.store,
      clock: this.clock,
      ceiling: ports.postsPerSecond ?? POSTS_PER_SECOND,
    });
    this.detached = new Turn("outside of any turn", this.strays);
    this.outbound = new Outbound({
      store: this.store,
      transport: this.transport,
      clock: this.clock,
      logger: this.logger,
      hooks: {
        onGone: ({ sid, route }) => reportClosed(this, sid, connectionOf(route), "transport close"),
        onBroken: ({ sid, route }) =>
          endSession(this, sid, connectionOf(route), "transport error", { abrupt: true }),
        onBusy: (connectionId) => this.pace.onRefused(connectionId),
      },
    });
  }
}

/** Of the 10,000 requests that an account may make, clients' frames and all other posts are the rest. */
const POSTS_PER_SECOND = 9_500;

export const connectionOf = (route: Route): ConnectionId | undefined =>
  route.kind === "connection" ? route.connectionId : undefined;
