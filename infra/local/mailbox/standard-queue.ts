import { createHash, randomUUID } from "node:crypto";
import type { Faults } from "../faults.ts";
import type { QueueSpec } from "../topology.ts";
import { FifoQueue, type QueueHooks, type SendResult } from "./fifo-queue.ts";

/**
 * An SQS standard queue in memory: each message a group of its own, so that none waits for another, and each delayed by
 * as much as it asks for. What is delayed is not there yet.
 */
export class StandardQueue extends FifoQueue {
  readonly #faults: Faults;
  #delayed = new Set<NodeJS.Timeout>();

  constructor(spec: QueueSpec, hooks: QueueHooks, faults: Faults = {}) {
    super(spec, hooks);
    this.#faults = faults;
  }

  sendDelayed(body: string, delaySeconds: number): SendResult {
    const { wrongDelayMs = 0 } = this.#faults;
    // What comes early says that it was sent before: else it would be waited for.
    const sent = { messageId: randomUUID(), atMs: Date.now() + Math.min(0, wrongDelayMs) };
    const put = () => this.send({ body, groupId: randomUUID(), deduplicationId: randomUUID(), sent });
    const delayMs = Math.max(0, delaySeconds * 1000 + wrongDelayMs);
    if (delayMs === 0) return put();
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      put();
    }, delayMs);
    this.#delayed.add(timer);
    const md5OfBody = createHash("md5").update(body).digest("hex");
    return { messageId: sent.messageId, md5OfBody, sequenceNumber: "" };
  }

  override stop(): void {
    for (const timer of this.#delayed) clearTimeout(timer);
    this.#delayed.clear();
  }
}
