import type { Clock } from "../clock.ts";
import type { ConnectionId, Sid } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { DisconnectReason } from "../protocol/reasons.ts";
import type { Store } from "../state/store.ts";
import type { Mailbox } from "./mailbox.ts";
import { Outbound, type Recipient } from "./outbound.ts";
import type { Transport } from "./transport.ts";
import { Strays, Turn } from "./turn.ts";

export interface Ports {
  readonly store: Store;
  readonly transport: Transport;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** False in direct ordering, where two frames of a client may run at once and in any order. */
  readonly isOrdered: boolean;
}

/** The ports and what one process keeps on top of them. Holds queues and caches of immutable facts, never state. */
export class Runtime {
  readonly store: Store;
  readonly mailbox: Mailbox;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isOrdered: boolean;
  readonly outbound: Outbound;
  readonly strays: Strays;
  /** Where effects outside of any turn are counted: scripts, other Lambdas. */
  readonly detached: Turn;

  constructor(ports: Ports) {
    this.store = ports.store;
    this.mailbox = ports.mailbox;
    this.transport = ports.transport;
    this.clock = ports.clock;
    this.logger = ports.logger;
    this.isOrdered = ports.isOrdered;
    this.strays = new Strays(ports.logger);
    this.detached = new Turn("outside of any turn", this.strays);
    this.outbound = new Outbound({
      ...ports,
      hooks: {
        onGone: (recipient) => this.reportClosed(recipient, "transport close"),
        onBroken: (recipient) => this.endSession(recipient, "transport error"),
      },
    });
  }

  /**
   * Ends a session from anywhere. Severing comes first: a frame already queued behind the one that caused the end
   * must not run. Then the letter, which is what closes; then the gateway connection, whose own `$disconnect` will
   * find the session closed.
   */
  async endSession(
    session: { readonly sid: Sid; readonly connectionId: ConnectionId | undefined },
    reason: DisconnectReason,
  ): Promise<void> {
    await this.store.severSession(session.sid);
    await this.reportClosed(session, reason);
    const { connectionId } = session;
    // Not awaited here: this may itself run in the queue of that connection.
    if (connectionId !== undefined) this.strays.watch(this.outbound.close(connectionId));
  }

  reportClosed(
    session: Recipient | { readonly sid: Sid; readonly connectionId: ConnectionId | undefined },
    reason: DisconnectReason,
  ): Promise<void> {
    return this.mailbox.send({
      kind: "closed",
      sid: session.sid,
      ...(session.connectionId === undefined ? {} : { connectionId: session.connectionId }),
      atMs: this.clock.nowMs(),
      reason,
    });
  }
}
