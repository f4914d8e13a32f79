import { laneOf, toGroup, type Delivery, type Letter } from "../../lib/engine/letter.ts";
import type { Mailbox } from "../../lib/engine/mailbox.ts";

interface Message {
  readonly id: string;
  readonly group: string;
  readonly letter: Letter;
  receives: number;
  receivedAtMs: number | undefined;
  isHidden: boolean;
}

export type Batch = readonly Delivery[];

const MAX_BATCH = 10;

/**
 * A FIFO queue as SQS runs it: letters of a group are handed over in order, none while an earlier one of the group is
 * in somebody's hands, and what was not deleted stays hidden until its time is up.
 */
export class FifoMailbox implements Mailbox {
  /** Every letter that was ever sent, also those of the gateway. */
  readonly sent: Letter[] = [];
  readonly released: string[] = [];
  /** At most so many letters a batch. */
  batchSize = MAX_BATCH;
  /** How the gateway knows acks, where the app has a parser of its own. */
  ackPrefix: string | undefined;
  #messages: Message[] = [];
  #count = 0;

  send(letter: Letter): Promise<void> {
    this.sent.push(letter);
    this.#count += 1;
    const group = toGroup(letter, laneOf(letter, this.ackPrefix), String(this.#count));
    this.#messages.push({
      id: `message-${this.#count}`,
      group,
      letter,
      receives: 0,
      receivedAtMs: undefined,
      isHidden: false,
    });
    return Promise.resolve();
  }

  release(receipts: readonly string[]): Promise<void> {
    this.released.push(...receipts);
    this.#delete(receipts);
    return Promise.resolve();
  }

  /** The next batch; undefined when every group is empty or in somebody's hands. */
  take(nowMs = 0): Batch | undefined {
    const locked = new Set(this.#messages.filter((message) => message.isHidden).map(({ group }) => group));
    const taken = this.#messages.filter(({ group }) => !locked.has(group)).slice(0, this.batchSize);
    if (taken.length === 0) return undefined;
    return taken.map((message) => {
      message.isHidden = true;
      message.receives += 1;
      message.receivedAtMs ??= nowMs;
      const { id, letter, receives, receivedAtMs } = message;
      return { id, letter, receipt: id, redelivered: receives > 1, receivedAtMs };
    });
  }

  /** A batch was answered: what did not fail is deleted. */
  finish(batch: Batch, failedIds: readonly string[]): void {
    this.#delete(batch.map(({ id }) => id).filter((id) => !failedIds.includes(id)));
  }

  /** The visibility timeout of everything that is in somebody's hands is over. */
  reappear(): void {
    for (const message of this.#messages) message.isHidden = false;
  }

  get left(): readonly Letter[] {
    return this.#messages.map(({ letter }) => letter);
  }

  #delete(ids: readonly string[]): void {
    this.#messages = this.#messages.filter(({ id }) => !ids.includes(id));
  }
}
