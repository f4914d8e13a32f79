import { AsyncLocalStorage } from "node:async_hooks";
import type { Delivery, Letter } from "../engine/letter.ts";
import type { Mailbox } from "../engine/mailbox.ts";
import type { Logger } from "../log.ts";
import type { Work } from "./work.ts";

export interface MemoryMailboxOptions {
  /** The group of a letter; `unique` names this letter and no other. */
  readonly groupOf: (letter: Letter, unique: string) => string;
  /** At most so many letters a batch. */
  readonly batchSize: number;
  /** Runs a batch to its end. Resolves with the ids that must be handed over again; when it rejects, all of them. */
  readonly receive: (batch: readonly Delivery[]) => Promise<readonly string[]>;
  readonly work: Work;
  readonly logger: Logger;
}

interface Message {
  readonly id: string;
  readonly group: Group;
  /** As it would travel, so that nothing gets through here that a queue would not carry. */
  readonly body: string;
  readonly end: () => void;
  receives: number;
  /** While it is in somebody's hands. */
  receipt: string | undefined;
}

interface Group {
  readonly name: string;
  messages: Message[];
  /** A hand-over is on its way. */
  isDue: boolean;
}

/** As the deployed queue has it: `infra/mailbox.yml`. */
const MAX_RECEIVES = 10;

/**
 * The FIFO queue and its event source in memory, by the rules of SQS but without its waits: a group's letters are handed
 * over in order, none while one of the group is in somebody's hands, failed ones again, at once and at their old place.
 */
export class MemoryMailbox implements Mailbox {
  readonly #options: MemoryMailboxOptions;
  readonly #groups = new Map<string, Group>();
  readonly #inFlight = new Map<string, Message>();
  /** Batches run outside of whatever turn their letters were sent in. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #count = 0;
  #stopped = false;

  constructor(options: MemoryMailboxOptions) {
    this.#options = options;
  }

  send(letter: Letter): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#count += 1;
    const id = `letter-${this.#count}`;
    const group = this.#group(this.#options.groupOf(letter, id));
    group.messages.push({
      id,
      group,
      body: JSON.stringify(letter),
      end: this.#options.work.begin(),
      receives: 0,
      receipt: undefined,
    });
    this.#plan(group);
    return Promise.resolve();
  }

  release(receipts: readonly string[]): Promise<void> {
    for (const receipt of receipts) {
      const message = this.#inFlight.get(receipt);
      if (message) this.#remove(message);
    }
    return Promise.resolve();
  }

  /** Nothing is handed over any more, and what is sent is dropped. */
  stop(): void {
    this.#stopped = true;
    for (const { messages } of this.#groups.values()) for (const { end } of messages) end();
    this.#groups.clear();
    this.#inFlight.clear();
  }

  #group(name: string): Group {
    const known = this.#groups.get(name);
    if (known) return known;
    const group: Group = { name, messages: [], isDue: false };
    this.#groups.set(name, group);
    return group;
  }

  #plan(group: Group): void {
    if (group.isDue || group.messages.some(({ receipt }) => receipt !== undefined)) return;
    if (group.messages.length === 0) {
      this.#groups.delete(group.name);
      return;
    }
    group.isDue = true;
    // Each by itself: what one needs no I/O for is over before the next begins, or all would be under way at once, and V8
    // would take what they hold for what stays.
    setImmediate(() => this.#outside(() => void this.#handOver(group)));
  }

  async #handOver(group: Group): Promise<void> {
    if (this.#stopped) return;
    group.isDue = false;
    const batch = group.messages.slice(0, this.#options.batchSize);
    const deliveries = batch.map((message) => this.#take(message));
    const end = this.#options.work.begin();
    let failed: ReadonlySet<string>;
    try {
      failed = new Set(await this.#options.receive(deliveries));
    } catch (error) {
      this.#options.logger.error("a batch of letters failed and comes again", { error });
      failed = new Set(deliveries.map(({ id }) => id));
    }
    for (const [index, message] of batch.entries()) {
      const { receipt } = deliveries[index] as Delivery & { receipt: string };
      // Released while its batch ran: it may not be touched again.
      if (this.#inFlight.get(receipt) !== message) continue;
      if (failed.has(message.id) && message.receives < MAX_RECEIVES) this.#putBack(message);
      else this.#remove(message);
      if (failed.has(message.id) && message.receives === MAX_RECEIVES) this.#reportDead(deliveries[index]);
    }
    end();
  }

  #take(message: Message): Delivery & { receipt: string } {
    message.receives += 1;
    const { id, body, receives } = message;
    const receipt = `${id}.${receives}`;
    message.receipt = receipt;
    this.#inFlight.set(receipt, message);
    return {
      letter: JSON.parse(body) as Letter,
      id,
      receipt,
      redelivered: receives > 1,
      receivedAtMs: Date.now(),
    };
  }

  #putBack(message: Message): void {
    this.#land(message);
    this.#plan(message.group);
  }

  #remove(message: Message): void {
    this.#land(message);
    const { group } = message;
    group.messages = group.messages.filter((other) => other !== message);
    message.end();
    this.#plan(group);
  }

  #land(message: Message): void {
    if (message.receipt !== undefined) this.#inFlight.delete(message.receipt);
    message.receipt = undefined;
  }

  #reportDead(delivery: Delivery | undefined): void {
    this.#options.logger.error("a letter failed every time and is dropped", { kind: delivery?.letter.kind });
  }
}
