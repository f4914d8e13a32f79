import type { Clock } from "../../clock.ts";
import type { ConnectionId, Sid } from "../../ids.ts";
import { sessionTag, type Logger } from "../../log.ts";
import type { Route } from "../../state/records.ts";
import type { WriteLeases } from "./write-leases.ts";
import { Slots } from "./post-slots.ts";
import type { PostOutcome, Transport } from "../transport.ts";

/** What became of one emit for one recipient. `dropped`: given up on; unless volatile, its session is closed. */
export type DeliveryOutcome = "delivered" | "gone" | "dropped";

export interface Recipient {
  readonly sid: Sid;
  readonly route: Route;
}

export interface OutboundHooks {
  /** The connection does not exist any more. Called once per connection and instance. */
  onGone(recipient: Recipient): Promise<void>;
  /** A packet was given up on, so the stream has a hole and must not continue. Called once per connection. */
  onBroken(recipient: Recipient): Promise<void>;
  /** The gateway took a post for one too many (429): of the account's, or of the client's. */
  onBusy?(connectionId: ConnectionId): void;
}

const BUSY_BUDGET_MS = 2_500;
const BUSY_FIRST_DELAY_MS = 40;
const MAX_CONCURRENT_POSTS = 64;
const MAX_REMEMBERED_ENDS = 10_000;

/** A post that did not go out, or may not have. */
interface Refused {
  readonly outcome: PostOutcome;
  readonly giveUpAtMs: number;
  /** How long to wait before the next attempt, if there is one. */
  readonly delayMs: number;
}

/** Posts to connections: how often one is tried, and what its outcome says of the connection. */
export class Posts {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: OutboundHooks;
  readonly #leases: () => WriteLeases | undefined;
  readonly #ended = new Map<ConnectionId, DeliveryOutcome>();
  readonly #slots = new Slots(MAX_CONCURRENT_POSTS);

  constructor(options: {
    transport: Transport;
    clock: Clock;
    logger: Logger;
    hooks: OutboundHooks;
    leases: () => WriteLeases | undefined;
  }) {
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#hooks = options.hooks;
    this.#leases = options.leases;
  }

  /** The frames of one packet, back to back. */
  post(
    sid: Sid,
    connectionId: ConnectionId,
    frames: readonly string[],
    volatile: boolean,
  ): Promise<DeliveryOutcome> {
    const leases = isPacket(frames) ? this.#leases() : undefined;
    const [only] = frames;
    return frames.length === 1 && only !== undefined && leases === undefined
      ? this.#postFrame(sid, connectionId, only, volatile)
      : this.#postAll(sid, connectionId, frames, volatile, leases);
  }

  async #postAll(
    sid: Sid,
    connectionId: ConnectionId,
    frames: readonly string[],
    volatile: boolean,
    leases: WriteLeases | undefined,
  ): Promise<DeliveryOutcome> {
    if (leases !== undefined && !this.#ended.has(connectionId) && !(await leases.take(sid, !volatile))) {
      if (volatile) return "dropped";
      return this.#breakConnection(sid, connectionId, "others are writing to it");
    }
    for (const [index, frame] of frames.entries()) {
      if (leases !== undefined && index > 0 && !this.#ended.has(connectionId) && !(await leases.keep(sid)))
        return this.#breakConnection(sid, connectionId, "its lease was lost in mid-packet");
      const outcome = await this.#postFrame(sid, connectionId, frame, volatile && index === 0);
      if (outcome !== "delivered") return outcome;
    }
    return "delivered";
  }

  /** Nothing is posted to this connection any more. */
  async close(connectionId: ConnectionId): Promise<void> {
    this.#remember(connectionId, "gone");
    await this.#transport.close(connectionId);
  }

  #postFrame(
    sid: Sid,
    connectionId: ConnectionId,
    frame: string,
    volatile: boolean,
  ): Promise<DeliveryOutcome> {
    const ended = this.#ended.get(connectionId);
    if (ended !== undefined) return Promise.resolve(ended);
    const giveUpAtMs = this.#clock.nowMs() + BUSY_BUDGET_MS;
    return this.#attempt(connectionId, frame, (outcome) =>
      outcome === "sent"
        ? "delivered"
        : this.#goOn({ sid, route: { kind: "connection", connectionId } }, frame, volatile, {
            outcome,
            giveUpAtMs,
            delayMs: BUSY_FIRST_DELAY_MS,
          }),
    );
  }

  /** One post, once a slot is free. Resolves with what its outcome is made of. */
  #attempt<T>(
    connectionId: ConnectionId,
    frame: string,
    conclude: (outcome: PostOutcome) => T | Promise<T>,
  ): Promise<T> {
    const free = this.#slots.take();
    const posted =
      free === undefined
        ? this.#begin(connectionId, frame)
        : free.then(() => this.#transport.post(connectionId, frame));
    return posted.then(
      (outcome) => {
        this.#slots.giveBack();
        return conclude(outcome);
      },
      (error: unknown) => {
        this.#slots.giveBack();
        throw error;
      },
    );
  }

  #begin(connectionId: ConnectionId, frame: string): Promise<PostOutcome> {
    try {
      return this.#transport.post(connectionId, frame);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What becomes of a frame that was not simply sent. */
  async #goOn(
    recipient: Recipient & { readonly route: { readonly connectionId: ConnectionId } },
    frame: string,
    volatile: boolean,
    { outcome, giveUpAtMs, delayMs }: Refused,
  ): Promise<DeliveryOutcome> {
    const { connectionId } = recipient.route;
    switch (outcome) {
      case "sent":
        return "delivered";
      case "gone":
        this.#remember(connectionId, "gone");
        await this.#hooks.onGone(recipient);
        return "gone";
      case "busy":
        this.#hooks.onBusy?.(connectionId);
        if (volatile) return "dropped";
        if (this.#clock.nowMs() + delayMs > giveUpAtMs) return this.break(recipient, outcome);
        await this.#clock.sleep(delayMs * (0.5 + Math.random() / 2));
        return this.#attempt(connectionId, frame, (next) =>
          this.#goOn(recipient, frame, volatile, { outcome: next, giveUpAtMs, delayMs: delayMs * 2 }),
        );
      case "too-large":
      case "unknown":
        return this.break(recipient, outcome);
      default:
        return outcome satisfies never;
    }
  }

  #breakConnection(sid: Sid, connectionId: ConnectionId, why: string): Promise<"dropped"> {
    return this.break({ sid, route: { kind: "connection", connectionId } }, why);
  }

  /** Gives up on a packet: its stream must not go on over the hole. */
  async break(recipient: Recipient, why: string): Promise<"dropped"> {
    const { sid, route } = recipient;
    const connectionId = route.kind === "connection" ? route.connectionId : undefined;
    this.#logger.warn("gave up on a packet; its session is closed", {
      code: "core.recipient_dropped",
      why,
      recipient: sessionTag(sid),
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

/** Whether it is for Socket.IO's parser: pings and the like are Engine.IO's own, and fit in anywhere. */
const isPacket = ([first = ""]: readonly string[]): boolean => first.startsWith("4") || first.startsWith("b");
