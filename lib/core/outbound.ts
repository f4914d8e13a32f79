import type { Clock } from "../clock.ts";
import type { ConnectionId, Sid } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { Transport } from "./transport.ts";

/** What became of one emit for one recipient. `dropped`: given up on; unless volatile, its connection is closed. */
export type DeliveryOutcome = "delivered" | "gone" | "dropped";

export interface Recipient {
  readonly sid: Sid;
  readonly connectionId: ConnectionId;
}

export interface OutboundHooks {
  /** The connection does not exist any more. Called once per connection and instance. */
  onGone(recipient: Recipient): Promise<void>;
  /** A packet was given up on, so the stream has a hole and must not continue. Called once per connection. */
  onBroken(recipient: Recipient): Promise<void>;
}

const BUSY_BUDGET_MS = 2_500;
const BUSY_FIRST_DELAY_MS = 40;
const MAX_CONCURRENT_POSTS = 64;
const MAX_REMEMBERED_ENDS = 10_000;

/**
 * The queues to the clients: one per connection and process. Frames leave in the order they were handed over, one
 * awaited post at a time, because two posts to one connection have no order of their own (the order of `@connections`
 * calls is documented nowhere). A stream never continues over a hole: after a packet that was given up on, nothing
 * more is sent and the connection is closed.
 */
export class Outbound {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: OutboundHooks;
  readonly #tails = new Map<ConnectionId, Promise<unknown>>();
  readonly #ended = new Map<ConnectionId, DeliveryOutcome>();
  readonly #slots = new Slots(MAX_CONCURRENT_POSTS);

  constructor(options: { transport: Transport; clock: Clock; logger: Logger; hooks: OutboundHooks }) {
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#hooks = options.hooks;
  }

  /** Sends the frames of one packet back to back; nothing else from this process comes between them. */
  send(recipient: Recipient, frames: readonly string[], volatile = false): Promise<DeliveryOutcome> {
    return this.#enqueue(recipient.connectionId, () => this.#sendPacket(recipient, frames, volatile));
  }

  /** Closes the connection after what was sent before. */
  close(connectionId: ConnectionId): Promise<void> {
    return this.#enqueue(connectionId, () => {
      this.#remember(connectionId, "gone");
      return this.#transport.close(connectionId);
    });
  }

  #enqueue<T>(connectionId: ConnectionId, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(connectionId);
    const result = before === undefined ? task() : before.then(task, task);
    this.#tails.set(connectionId, result);
    const clear = () => {
      if (this.#tails.get(connectionId) === result) this.#tails.delete(connectionId);
    };
    result.then(clear, clear);
    return result;
  }

  async #sendPacket(
    recipient: Recipient,
    frames: readonly string[],
    volatile: boolean,
  ): Promise<DeliveryOutcome> {
    for (const [index, frame] of frames.entries()) {
      const ended = this.#ended.get(recipient.connectionId);
      if (ended !== undefined) return ended;
      const outcome = await this.#sendFrame(recipient, frame, volatile && index === 0);
      if (outcome !== "delivered") return outcome;
    }
    return "delivered";
  }

  async #sendFrame(recipient: Recipient, frame: string, volatile: boolean): Promise<DeliveryOutcome> {
    const { connectionId } = recipient;
    const giveUpAtMs = this.#clock.nowMs() + BUSY_BUDGET_MS;
    for (let delayMs = BUSY_FIRST_DELAY_MS; ; delayMs *= 2) {
      const outcome = await this.#slots.with(() => this.#transport.post(connectionId, frame));
      switch (outcome) {
        case "sent":
          return "delivered";
        case "gone":
          this.#remember(connectionId, "gone");
          await this.#hooks.onGone(recipient);
          return "gone";
        case "busy":
          if (volatile) return "dropped";
          if (this.#clock.nowMs() + delayMs > giveUpAtMs) return this.#break(recipient, outcome);
          await this.#clock.sleep(delayMs * (0.5 + Math.random() / 2));
          continue;
        case "too-large":
        case "unknown":
          return this.#break(recipient, outcome);
        default:
          return outcome satisfies never;
      }
    }
  }

  async #break(recipient: Recipient, outcome: string): Promise<DeliveryOutcome> {
    this.#logger.warn("gave up on a packet; its connection is closed", {
      code: "core.recipient_dropped",
      outcome,
      connectionId: recipient.connectionId,
    });
    this.#remember(recipient.connectionId, "dropped");
    await this.#hooks.onBroken(recipient);
    return "dropped";
  }

  #remember(connectionId: ConnectionId, outcome: DeliveryOutcome): void {
    this.#ended.set(connectionId, outcome);
    if (this.#ended.size <= MAX_REMEMBERED_ENDS) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }
}

/** At most so many at once; the rest wait in the order they came. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async with<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
