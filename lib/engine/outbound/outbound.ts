import { settlesWithin, type Clock } from "../../clock.ts";
import type { ConnectionId, Sid } from "../../ids.ts";
import type { Logger } from "../../log.ts";
import type { AppendOutcome, MoveTarget } from "../../state/outbox.ts";
import type { Route } from "../../state/records.ts";
import { toFramesBytes } from "../../state/row-limits.ts";
import type { Store } from "../../state/store.ts";
import { endOfTick } from "../end-of-tick.ts";
import { WriteLeases } from "./write-leases.ts";
import { Posts, type DeliveryOutcome, type OutboundHooks, type Recipient } from "./posts.ts";
import type { Transport } from "../transport.ts";

export type { DeliveryOutcome, Recipient } from "./posts.ts";

export interface Sent {
  readonly outcome: DeliveryOutcome;
  /** The session had moved there, and was reached there: whoever holds the old route may repair it. */
  readonly movedTo?: Route;
  /** For a polling session: when its last GET ended, or is to end. */
  readonly lastGetUntilMs?: number;
}

/** A polling client that lets more than this wait for it is too slow. Its row must stay well under 400 KB. */
const OUTBOX_CAP_BYTES = 256 * 1024;

const toRoute = (target: MoveTarget): Route =>
  target === "outbox" ? { kind: "out" } : { kind: "connection", connectionId: target };

const asIs = <T>(value: T): T => value;

/** Sessions that are remembered as lost. */
const MAX_REMEMBERED_LOSSES = 10_000;

/** More than this is not written in one go. */
const MAX_GATHERED_BYTES = 64 * 1024;

/** How long what is sent to a session waits for what the rest of its payload makes of it. */
const MAX_FILLING_MS = 1_000;

interface Gathering {
  readonly frames: string[];
  bytes: number;
  readonly sent: Promise<Sent>;
  /** Nothing more will join it. */
  readonly end: () => void;
}

/**
 * The queues to the clients: one per session and process. Frames leave in the order they were handed over, one
 * awaited post at a time, because two posts to one connection have no order of their own (the order of `@connections`
 * calls is documented nowhere). A stream never continues over a hole: after a packet that was given up on, nothing
 * more is sent and the session is closed.
 */
export class Outbound {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #posts: Posts;
  /** Of connections, and of sessions whose outboxes are gone. */
  readonly #lost = new Set<ConnectionId | Sid>();
  readonly #tails = new Map<Sid, Promise<unknown>>();
  /** The last packet of a queue, as long as others may still join it. */
  readonly #gatherings = new Map<Sid, Gathering>();
  /** Sessions of which a payload is being handled, and when its last packet has begun. */
  readonly #filling = new Map<Sid, Promise<void>>();
  /** Told of each packet that is handed over, while somebody looks. */
  onSend: ((frames: readonly string[]) => void) | undefined;
  /** Undefined: frames of other instances may come between those of a packet. */
  #leases: WriteLeases | undefined;

  constructor(options: {
    store: Store;
    transport: Transport;
    clock: Clock;
    logger: Logger;
    hooks: OutboundHooks;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#posts = new Posts({ ...options, leases: () => this.#leases });
  }

  /** From now on nothing from another process comes between the frames of a packet either. Costs two writes a packet. */
  writeExclusively(): void {
    this.#leases ??= new WriteLeases({ store: this.#store, clock: this.#clock, logger: this.#logger });
  }

  /** Sends the frames of one packet back to back; nothing else from this process comes between them. */
  send(recipient: Recipient, frames: readonly string[], volatile = false): Promise<Sent> {
    const { sid, route } = recipient;
    this.onSend?.(frames);
    if (route.kind === "out" && !volatile) return this.#gather(recipient, frames);
    this.#endGathering(sid);
    if (route.kind !== "connection")
      return this.#enqueue(sid, () => this.#sendPacket(recipient, frames, volatile), asIs);
    const { connectionId } = route;
    return this.#enqueue(
      sid,
      () => this.#posts.post(sid, connectionId, frames, volatile),
      (outcome) => this.#note(recipient, { outcome }, volatile),
    );
  }

  /** Whether something sent from here this way has found the client gone, or was given up on. */
  isLost({ sid, route }: Recipient): boolean {
    return this.#lost.has(route.kind === "connection" ? route.connectionId : sid);
  }

  /** Closes a connection after what was sent to its session before. */
  close(sid: Sid, connectionId: ConnectionId): Promise<void> {
    this.#endGathering(sid);
    return this.#enqueue(sid, () => this.#posts.close(connectionId), asIs);
  }

  /**
   * Resolves, never rejects, when everything handed over for this session so far is over with. Somebody waits for it, so
   * nothing more is gathered.
   */
  async settled(sid: Sid): Promise<void> {
    this.#endGathering(sid);
    await this.#tails.get(sid)?.catch(() => undefined);
  }

  /** The same of all sessions. */
  async drained(): Promise<void> {
    await Promise.all([...this.#tails.keys()].map((sid) => this.settled(sid)));
  }

  /**
   * A payload of this session takes more than one round of the event loop. Until the function returned is called, what
   * is sent to its outbox is written as if it took one: each write pays for all that waits there already.
   */
  gatherWhile(sid: Sid): () => void {
    let end: () => void = () => undefined;
    this.#filling.set(sid, new Promise((resolve) => (end = resolve)));
    return () => {
      this.#filling.delete(sid);
      end();
    };
  }

  /** Ends an outbox with a last frame, after what was sent to its session before. */
  closeOutbox(sid: Sid, frame: string): Promise<boolean> {
    this.#endGathering(sid);
    return this.#enqueue(sid, () => this.#store.closeOutbox(sid, [frame]), asIs);
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
    this.#endGathering(sid);
    const gathered = [...frames];
    let end: () => void = () => undefined;
    const isFull = new Promise<void>((resolve) => (end = resolve));
    const send = async () => {
      await endOfTick();
      const filled = this.#filling.get(sid);
      if (filled) await settlesWithin(this.#clock, Promise.race([filled, isFull]), MAX_FILLING_MS);
      if (this.#gatherings.get(sid)?.frames === gathered) this.#gatherings.delete(sid);
      return this.#sendPacket(recipient, gathered, false);
    };
    const sent = this.#enqueue(sid, send, asIs);
    this.#gatherings.set(sid, { frames: gathered, bytes, sent, end });
    return sent;
  }

  /** What is sent from now on comes behind it. */
  #endGathering(sid: Sid): void {
    this.#gatherings.get(sid)?.end();
    this.#gatherings.delete(sid);
  }

  /** @param conclude what the queue goes on after, and whoever waits for it gets */
  #enqueue<T, R>(sid: Sid, task: () => Promise<T>, conclude: (value: T) => R): Promise<R> {
    const before = this.#tails.get(sid);
    const leases = this.#leases;
    const run = leases === undefined ? task : () => task().finally(() => giveBack(leases));
    const giveBack = (held: WriteLeases) =>
      this.#tails.get(sid) === result ? held.giveBack(sid) : Promise.resolve();
    const clear = () => {
      if (this.#tails.get(sid) === result) this.#tails.delete(sid);
    };
    const result: Promise<R> = (before === undefined ? run() : before.then(run, run)).then(
      (value) => {
        clear();
        return conclude(value);
      },
      (error: unknown) => {
        clear();
        throw error;
      },
    );
    this.#tails.set(sid, result);
    return result;
  }

  #sendPacket(recipient: Recipient, frames: readonly string[], volatile: boolean): Promise<Sent> {
    const { sid, route } = recipient;
    return route.kind === "connection"
      ? this.#posts
          .post(sid, route.connectionId, frames, volatile)
          .then((outcome) => this.#note(recipient, { outcome }, volatile))
      : this.#appendPacket(recipient, route, frames, volatile).then((sent) =>
          this.#note(recipient, sent, volatile),
        );
  }

  #note({ sid, route }: Recipient, sent: Sent, volatile: boolean): Sent {
    const isLost = sent.outcome === "gone" || (sent.outcome === "dropped" && !volatile);
    // What was put aside for a client that comes back says nothing of it.
    if (isLost && route.kind !== "held")
      this.#rememberLoss(route.kind === "connection" ? route.connectionId : sid);
    return sent;
  }

  #rememberLoss(of: ConnectionId | Sid): void {
    this.#lost.add(of);
    const [oldest] = this.#lost;
    if (oldest !== undefined && this.#lost.size > MAX_REMEMBERED_LOSSES) this.#lost.delete(oldest);
  }

  async #appendPacket(
    recipient: Recipient,
    route: Exclude<Route, { kind: "connection" }>,
    frames: readonly string[],
    volatile: boolean,
  ): Promise<Sent> {
    const { sid } = recipient;
    const append = await this.#append(route.kind === "held" ? route.hold : sid, frames, volatile);
    switch (append.outcome) {
      case "appended":
        return { outcome: "delivered", lastGetUntilMs: append.lastGetUntilMs };
      case "moved": {
        const movedTo = toRoute(append.target);
        return { movedTo, ...(await this.#sendPacket({ sid, route: movedTo }, frames, volatile)) };
      }
      case "unparked":
        return { outcome: "dropped" };
      case "full":
        return { outcome: await this.#posts.break(recipient, "its outbox is full") };
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
}
