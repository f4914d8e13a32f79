import { createHash, randomUUID } from "node:crypto";
import { FifoQueue, type SendResult } from "./fifo-queue.ts";

/**
 * An SQS standard queue in memory: each message a group of its own, so that none waits for another, and each delayed by
 * as much as it asks for. What is delayed is not there yet.
 */
export class StandardQueue extends FifoQueue {
  #delayed = new Set<NodeJS.Timeout>();

  sendDelayed(body: string, delaySeconds: number): SendResult {
    const sent = { messageId: randomUUID(), atMs: Date.now() };
    const put = () => this.send({ body, groupId: randomUUID(), deduplicationId: randomUUID(), sent });
    if (delaySeconds === 0) return put();
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      put();
    }, delaySeconds * 1000);
    this.#delayed.add(timer);
    const md5OfBody = createHash("md5").update(body).digest("hex");
    return { messageId: sent.messageId, md5OfBody, sequenceNumber: "" };
  }

  override stop(): void {
    for (const timer of this.#delayed) clearTimeout(timer);
    this.#delayed.clear();
  }
}
