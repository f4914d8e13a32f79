import { laneOf, toGroup, type Delivery, type Letter } from "../../lib/engine/letter.ts";
import type { Crashes } from "./crashes.ts";
import { writes, type Schedule, type Touch } from "./schedule.ts";

const MAX_RECEIVES = 3;
const MAX_BATCH = 10;

interface Message {
  readonly letter: Letter;
  readonly id: string;
  readonly receives: number;
}

interface Group {
  readonly name: string;
  readonly waiting: Message[];
  readonly inFlight: Map<string, Message>;
  batches: number;
  sent: number;
}

export interface QueueOptions {
  /** Runs a batch in an invocation of that name; resolves with the ids of what must come again. */
  readonly receive: (process: string, batch: readonly Delivery[]) => Promise<readonly string[]>;
  /** Letters a batch. Default 10, the most that Lambda is given. */
  readonly maxBatch?: number;
  readonly crashes: Crashes;
  /** True: nothing is delivered before `open`. Default false. */
  readonly held?: boolean;
}

/**
 * A FIFO queue and the poller that feeds Lambda from it, as steps: a delivery takes what a group has waiting, and the
 * group stands still until every letter of that batch was deleted or came back. A crashed invocation's letters come
 * back to the head of their group, counted; after three times they are dead.
 */
export class ModelQueue {
  readonly dead: Letter[] = [];
  readonly #schedule: Schedule;
  readonly #options: QueueOptions;
  readonly #groups = new Map<string, Group>();
  #held: boolean;
  #sent = 0;

  constructor(schedule: Schedule, options: QueueOptions) {
    this.#schedule = schedule;
    this.#options = options;
    this.#held = options.held ?? false;
  }

  /** Deliveries begin. */
  open(): void {
    this.#held = false;
    for (const group of this.#groups.values()) this.#offerDelivery(group);
  }

  /** What sending a letter touches. */
  touches(letter: Letter): Touch {
    return writes("queue", toGroup(letter, laneOf(letter), "next"));
  }

  /** Part of the step that sends it, or of the preparation. */
  append(letter: Letter): void {
    this.#sent += 1;
    const group = this.#group(toGroup(letter, laneOf(letter), String(this.#sent)));
    group.sent += 1;
    group.waiting.push({ letter, id: `${group.name}/${group.sent}`, receives: 0 });
    this.#offerDelivery(group);
  }

  release(receipts: readonly string[]): void {
    for (const group of this.#groups.values()) {
      for (const receipt of receipts) group.inFlight.delete(receipt);
      this.#offerDelivery(group);
    }
  }

  #group(name: string): Group {
    const known = this.#groups.get(name);
    if (known) return known;
    const group = { name, waiting: [], inFlight: new Map<string, Message>(), batches: 0, sent: 0 };
    this.#groups.set(name, group);
    return group;
  }

  #offerDelivery(group: Group): void {
    if (this.#held || group.inFlight.size > 0 || group.waiting.length === 0) return;
    const process = `${group.name.slice(0, 4)}${group.name.slice(20)} batch ${group.batches + 1}`;
    const step = { id: process, process, label: "receives", touches: [writes("queue", group.name)] };
    this.#schedule.offer(step, () => this.#deliver(group, process));
  }

  #deliver(group: Group, process: string): void {
    group.batches += 1;
    const batch = group.waiting.splice(0, this.#options.maxBatch ?? MAX_BATCH);
    const received = batch.map((message) => ({ ...message, receives: message.receives + 1 }));
    const deliveries = received.map((message): Delivery & { receipt: string } => ({
      letter: message.letter,
      id: message.id,
      receipt: `${message.id} in ${process}`,
      redelivered: message.receives > 1,
    }));
    for (const [index, { receipt }] of deliveries.entries()) group.inFlight.set(receipt, received[index]!);
    const main = async () => {
      const failed = await this.#options.receive(process, deliveries);
      const touches = [writes("queue", group.name)];
      await this.#schedule.step(process, "returns its batch", touches, () => {
        this.#giveBack(group, deliveries, (id) => failed.includes(id));
      });
    };
    this.#options.crashes.run(process, main, () => this.#giveBack(group, deliveries, () => true), [
      writes("queue", group.name),
    ]);
  }

  #giveBack(
    group: Group,
    batch: readonly { readonly receipt: string; readonly id: string }[],
    comesAgain: (id: string) => boolean,
  ): void {
    const back: Message[] = [];
    for (const { receipt, id } of batch) {
      const message = group.inFlight.get(receipt);
      if (message === undefined || !group.inFlight.delete(receipt) || !comesAgain(id)) continue;
      if (message.receives < MAX_RECEIVES) back.push(message);
      else this.dead.push(message.letter);
    }
    group.waiting.unshift(...back);
    this.#offerDelivery(group);
  }
}
