import type { Clock } from "../clock.ts";
import { isBornOnPolling, type ConnectionId, type Sid } from "../ids.ts";
import type { Logger } from "../log.ts";
import { noMetrics, type Metrics } from "../metrics.ts";
import { CLOSE_FRAME, NOOP_FRAME } from "../protocol/frame.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { Route } from "../state/records.ts";
import type { Store } from "../state/store.ts";
import type { Mailbox } from "./mailbox.ts";
import { countLogged, countRefused } from "./metered.ts";
import { Outbound } from "./outbound/outbound.ts";
import { Pollers } from "./polling/pollers.ts";
import type { Transport } from "./transport.ts";
import { Strays } from "./strays.ts";
import { Turn } from "./turn.ts";

export interface Ports {
  readonly store: Store;
  readonly transport: Transport;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: nothing is counted. */
  readonly metrics?: Metrics;
  /** False in direct ordering, where two frames of a client may run at once and in any order. */
  readonly isOrdered: boolean;
  /** How many executions polling may take. Default: as many as anybody wants, and nobody counts. */
  readonly pollCapacity?: number | undefined;
}

/** The ports and what one process keeps on top of them. Holds queues and caches of immutable facts, never state. */
export class Runtime {
  readonly store: Store;
  readonly mailbox: Mailbox;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly isOrdered: boolean;
  readonly outbound: Outbound;
  readonly pollers: Pollers;
  readonly strays: Strays;
  /** Where effects outside of any turn are counted: scripts, other Lambdas. */
  readonly detached: Turn;

  constructor({ metrics = noMetrics, ...ports }: Ports) {
    this.store = ports.store;
    this.mailbox = ports.mailbox;
    this.transport = countRefused(ports.transport, metrics);
    this.clock = ports.clock;
    this.logger = countLogged(ports.logger, metrics);
    this.metrics = metrics;
    this.isOrdered = ports.isOrdered;
    this.pollers = new Pollers(this.store, this.clock, ports.pollCapacity);
    this.strays = new Strays(this.logger);
    this.detached = new Turn("outside of any turn", this.strays);
    this.outbound = new Outbound({
      store: this.store,
      transport: this.transport,
      clock: this.clock,
      logger: this.logger,
      hooks: {
        onGone: ({ sid, route }) => this.reportClosed(sid, connectionOf(route), "transport close"),
        onBroken: ({ sid, route }) =>
          this.endSession(sid, connectionOf(route), "transport error", { abrupt: true }),
      },
    });
  }

  /**
   * Ends a session from anywhere. The letter comes first, because it is what closes: a session that was severed and
   * whose letter was lost in a crash would stay deaf for hours. Then severing, so that a frame which is queued behind
   * the one that caused the end does not run. Then the client is told: a polling one by the last frame it
   * fetches, one on a WebSocket by the end of it, whose own `$disconnect` will find the session closed.
   *
   * `abrupt` is an end that an ordinary server would come to by crashing, or its network by failing. To some clients
   * a close packet means to leave for good, so a polling one gets none, and finds at its next GET that there is no
   * such session. Nobody else decides on a "transport close" from here.
   */
  async endSession(
    sid: Sid,
    connectionId: ConnectionId | undefined,
    reason: DisconnectReason,
    { abrupt = reason === "transport close" }: { readonly abrupt?: boolean } = {},
  ): Promise<void> {
    await this.reportClosed(sid, connectionId, reason, abrupt);
    await this.store.severSession(sid);
    if (isBornOnPolling(sid)) await this.#closePolling(sid, reason, abrupt);
    // Not awaited here: this may itself run in the queue of that session.
    if (connectionId !== undefined) this.strays.watch(this.outbound.close(sid, connectionId));
  }

  /**
   * A server that closes lets a polling client fetch what is left, the close packet last. After an error only a GET
   * that is waiting now is answered; the next one finds no such session.
   */
  async #closePolling(sid: Sid, reason: DisconnectReason, abrupt: boolean): Promise<void> {
    const isError = reason === "parse error" || reason === "transport error" || reason === "ping timeout";
    if (isError) await this.releaseGet(sid, reason, abrupt);
    else await this.outbound.closeOutbox(sid, abrupt ? NOOP_FRAME : CLOSE_FRAME);
  }

  /**
   * Ends an outbox: answers the GET that is parked, if there is one, and it alone. A client that has closed by itself,
   * or has lost its server, hears a noop, any other a close.
   */
  async releaseGet(sid: Sid, reason: DisconnectReason, abrupt = false): Promise<void> {
    const { outcome } = await this.store.appendOutbox({
      sid,
      frames: [abrupt || reason === "transport close" ? NOOP_FRAME : CLOSE_FRAME],
      capBytes: Infinity,
      onlyIfParked: true,
      // In one write: a GET that came between two would be answered again by the session's close.
      closes: true,
      nowMs: this.clock.nowMs(),
    });
    if (outcome === "unparked") await this.store.deleteOutbox(sid);
  }

  reportClosed(
    sid: Sid,
    connectionId: ConnectionId | undefined,
    reason: DisconnectReason,
    abrupt = false,
  ): Promise<void> {
    return this.mailbox.send({
      kind: "closed",
      sid,
      ...(connectionId === undefined ? {} : { connectionId }),
      atMs: this.clock.nowMs(),
      reason,
      ...(abrupt ? { abrupt } : {}),
    });
  }
}

export const connectionOf = (route: Route): ConnectionId | undefined =>
  route.kind === "connection" ? route.connectionId : undefined;
