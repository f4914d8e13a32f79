import type { Clock } from "../clock.ts";
import type { ConnectionId, Sid } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { AppendOutcome } from "../state/outbox.ts";
import type { Route } from "../state/records.ts";
import { toFramesBytes } from "../state/row-limits.ts";
import type { Store } from "../state/store.ts";
import type { Transport } from "./transport.ts";

/** What became of one emit for one recipient. `dropped`: given up on; unless volatile, its session is closed. */
export type DeliveryOutcome = "delivered" | "gone" | "dropped";

export interface Recipient {
  readonly sid: Sid;
  readonly route: Route;
}

export interface Sent {
  readonly outcome: DeliveryOutcome;
  /** The session had moved to this connection, and was reached there: whoever holds the old route may repair it. */
  readonly movedTo?: ConnectionId;
  /** For a polling session: when its last GET ended, or is to end. */
  readonly lastGetUntilMs?: number;
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
/** A polling client that lets more than this wait for it is too slow. Its row must stay well under 400 KB. */
const OUTBOX_CAP_BYTES = 256 * 1024;

/** More than this is not written in one go. */
const MAX_GATHERED_BYTES = 64 * 1024;

interface Gathering {
  readonly frames: string[];
  bytes: number;
  readonly sent: Promise<Sent>;
}

/** When all that needs no I/O is done: promises that can settle have settled. */
const endOfTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/**
 * The queues to the clients: one per session and process. Frames leave in the order they were handed over, one
 * awaited post at a time, because two posts to one connection have no order of their own (the order of `@connections`
 * calls is documented nowhere). A stream never continues over a hole: after a packet that was given up on, nothing
 * more is sent and the session is closed.
 */
export class Outbound {
  readonly #store: Store;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: OutboundHooks;
  readonly #tails = new Map<Sid, Promise<unknown>>();
  /** The last packet of a queue, as long as others may still join it. */
  readonly #gatherings = new Map<Sid, Gathering>();
  readonly #ended = new Map<ConnectionId, DeliveryOutcome>();
  readonly #slots = new Slots(MAX_CONCURRENT_POSTS);

  constructor(options: {
    store: Store;
    transport: Transport;
    clock: Clock;
    logger: Logger;
    hooks: OutboundHooks;
  }) {
    this.#store = options.store;
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#hooks = options.hooks;
  }

  /** Sends the frames of one packet back to back; nothing else from this process comes between them. */
  send(recipient: Recipient, frames: readonly string[], volatile = false): Promise<Sent> {
    const { sid, route } = recipient;
    if (route.kind === "out" && !volatile) return this.#gather(recipient, frames);
    this.#gatherings.delete(sid);
    return this.#enqueue(sid, () => this.#sendPacket(recipient, frames, volatile));
  }

  /** Closes a connection after what was sent to its session before. */
  close(sid: Sid, connectionId: ConnectionId): Promise<void> {
    this.#gatherings.delete(sid);
    return this.#enqueue(sid, async () => {
      this.#remember(connectionId, "gone");
      await this.#transport.close(connectionId);
    });
  }

  /** Ends an outbox with a last frame, after what was sent to its session before. */
  closeOutbox(sid: Sid, frame: string): Promise<boolean> {
    this.#gatherings.delete(sid);
    return this.#enqueue(sid, () => this.#store.closeOutbox(sid, [frame]));
  }

  /**
   * Packets for an outbox that are sent in one go, the answers to one POST, say, become one write: no GET comes
   * between them, and it is cheaper.
   */
  #gather(recipient: Recipient, frames: readonly string[]): Promise<Sent> {
    const { sid } = recipient;
    const bytes = toFramesBytes(frames);
    const open = this.#gatherings.get(sid);
    if (open !== undefined && open.bytes + bytes <= MAX_GATHERED_BYTES) {
      open.frames.push(...frames);
      open.bytes += bytes;
      return open.sent;
    }
    const gathered = [...frames];
    const sent = this.#enqueue(sid, async () => {
      await endOfTick();
      if (this.#gatherings.get(sid)?.frames === gathered) this.#gatherings.delete(sid);
      return this.#sendPacket(recipient, gathered, false);
    });
    this.#gatherings.set(sid, { frames: gathered, bytes, sent });
    return sent;
  }

  #enqueue<T>(sid: Sid, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(sid);
    const result = before === undefined ? task() : before.then(task, task);
    this.#tails.set(sid, result);
    const clear = () => {
      if (this.#tails.get(sid) === result) this.#tails.delete(sid);
    };
    result.then(clear, clear);
    return result;
  }

  async #sendPacket(recipient: Recipient, frames: readonly string[], volatile: boolean): Promise<Sent> {
    const { sid, route } = recipient;
    if (route.kind === "connection") return this.#postPacket(sid, route.connectionId, frames, volatile);
    const append = await this.#append(sid, frames, volatile);
    switch (append.outcome) {
      case "appended":
        return { outcome: "delivered", lastGetUntilMs: append.lastGetUntilMs };
      case "moved":
        return {
          ...(await this.#postPacket(sid, append.connectionId, frames, volatile)),
          movedTo: append.connectionId,
        };
      case "unparked":
        return { outcome: "dropped" };
      case "full":
        return { outcome: await this.#break(recipient, "its outbox is full") };
      case "gone":
        return { outcome: "gone" };
      default:
        return append satisfies never;
    }
  }

  #append(sid: Sid, frames: readonly string[], volatile: boolean): Promise<AppendOutcome> {
    return this.#store.appendOutbox({
      sid,
      frames,
      capBytes: OUTBOX_CAP_BYTES,
      onlyIfParked: volatile,
      nowMs: this.#clock.nowMs(),
    });
  }

  async #postPacket(
    sid: Sid,
    connectionId: ConnectionId,
    frames: readonly string[],
    volatile: boolean,
  ): Promise<Sent> {
    for (const [index, frame] of frames.entries()) {
      const ended = this.#ended.get(connectionId);
      if (ended !== undefined) return { outcome: ended };
      const outcome = await this.#postFrame(sid, connectionId, frame, volatile && index === 0);
      if (outcome !== "delivered") return { outcome };
    }
    return { outcome: "delivered" };
  }

  async #postFrame(
    sid: Sid,
    connectionId: ConnectionId,
    frame: string,
    volatile: boolean,
  ): Promise<DeliveryOutcome> {
    const recipient: Recipient = { sid, route: { kind: "connection", connectionId } };
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

  async #break(recipient: Recipient, why: string): Promise<"dropped"> {
    const { route } = recipient;
    const connectionId = route.kind === "connection" ? route.connectionId : undefined;
    this.#logger.warn("gave up on a packet; its session is closed", {
      code: "core.recipient_dropped",
      why,
      connectionId,
    });
    if (connectionId !== undefined) this.#remember(connectionId, "dropped");
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
