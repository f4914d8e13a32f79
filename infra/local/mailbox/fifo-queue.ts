import { createHash, randomUUID } from "node:crypto";
import type { QueueSpec } from "../topology.ts";

/** A message while it is in the queue. One object for its whole life: this is the hot path. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly group: MessageGroup;
  readonly deduplicationId: string;
  readonly sequenceNumber: string;
  readonly sentAtMs: number;
  receiveCount: number;
  firstReceivedAtMs: number;
  /** Set while in flight: the handle of this very receive. */
  receiptHandle: string | undefined;
  deleted: boolean;
}

export interface MessageGroup {
  readonly id: string;
  /** In order of arrival; everything before `head` is deleted. Holes (deleted, behind a failed one) are skipped. */
  messages: QueuedMessage[];
  head: number;
  inFlight: number;
  /** In the list of groups that have something to give, or taken out of it by somebody who is about to receive. */
  listed: boolean;
}

export interface SendRequest {
  readonly body: string;
  readonly groupId: string;
  readonly deduplicationId: string;
  /** Of one that has been sent before now. */
  readonly sent?: { readonly messageId: string; readonly atMs: number };
}

export interface SendResult {
  readonly messageId: string;
  readonly sequenceNumber: string;
  readonly md5OfBody: string;
}

export interface QueueHooks {
  readonly nowMs: () => number;
  /** Called when a group gains its first message that may be received. */
  readonly onReady: () => void;
  readonly onDeadLetter?: (message: QueuedMessage) => void;
  /** Called with what is new in the queue, duplicates are not. */
  readonly onSent?: (message: QueuedMessage) => void;
}

/** "the message deduplication interval": five minutes, SQS Developer Guide, "Exactly-once processing". */
const DEDUPLICATION_WINDOW_MS = 5 * 60_000;
const COMPACT_AT = 64;

/**
 * An SQS FIFO queue in memory, as an event source mapping sees it.
 *
 * - A group's messages are given in order; while one of them is in flight the group gives no more.
 * - A group is free again when each of its in-flight messages was deleted or is visible again.
 * - Deduplication is per group (`DeduplicationScope: messageGroup`) for five minutes from the first send.
 * - A message that has been received `maxReceiveCount` times goes to the dead letters instead of being given again.
 */
export class FifoQueue {
  readonly spec: QueueSpec;
  #hooks: QueueHooks;
  #groups = new Map<string, MessageGroup>();
  #ready: MessageGroup[] = [];
  #readyHead = 0;
  #receipts = new Map<string, QueuedMessage>();
  #size = 0;
  #sequence = 18_850_000_000_000_000_000n;
  /** Two generations of the window: an id is looked up in both, and the older is dropped as a whole. */
  #recent = new Map<string, SendResult & { readonly atMs: number }>();
  #older = new Map<string, SendResult & { readonly atMs: number }>();
  #recentSinceMs: number;

  constructor(spec: QueueSpec, hooks: QueueHooks) {
    this.spec = spec;
    this.#hooks = hooks;
    this.#recentSinceMs = hooks.nowMs();
  }

  /** Messages not deleted, in flight or not. */
  get size(): number {
    return this.#size;
  }

  get inFlight(): number {
    return this.#receipts.size;
  }

  send(request: SendRequest): SendResult {
    const nowMs = this.#hooks.nowMs();
    const key = `${request.groupId}\n${request.deduplicationId}`;
    const duplicate = this.#findDuplicate(key, nowMs);
    if (duplicate !== undefined) return duplicate;

    const group = this.#groups.get(request.groupId) ?? this.#createGroup(request.groupId);
    this.#sequence += 1n;
    const message: QueuedMessage = {
      messageId: request.sent?.messageId ?? randomUUID(),
      body: request.body,
      md5OfBody: createHash("md5").update(request.body).digest("hex"),
      group,
      deduplicationId: request.deduplicationId,
      sequenceNumber: this.#sequence.toString(),
      sentAtMs: request.sent?.atMs ?? nowMs,
      receiveCount: 0,
      firstReceivedAtMs: 0,
      receiptHandle: undefined,
      deleted: false,
    };
    group.messages.push(message);
    this.#size += 1;
    this.#recent.set(key, {
      messageId: message.messageId,
      sequenceNumber: message.sequenceNumber,
      md5OfBody: message.md5OfBody,
      atMs: nowMs,
    });
    this.#hooks.onSent?.(message);
    this.#listIfFree(group);
    return message;
  }

  stop(): void {
    // Nothing goes on in it by itself.
  }

  /** How many groups have something to give. */
  readyGroups(): number {
    return this.#ready.length - this.#readyHead;
  }

  someReady(accepts: (group: MessageGroup) => boolean): boolean {
    for (let index = this.#readyHead; index < this.#ready.length; index += 1) {
      if (accepts(this.#ready[index] as MessageGroup)) return true;
    }
    return false;
  }

  /** Takes the next group that has something to give out of the list; the caller MUST then receive from it. */
  takeGroup(accepts?: (group: MessageGroup) => boolean): MessageGroup | undefined {
    for (let index = this.#readyHead; index < this.#ready.length; index += 1) {
      const group = this.#ready[index] as MessageGroup;
      if (accepts !== undefined && !accepts(group)) continue;
      if (index === this.#readyHead) {
        this.#readyHead += 1;
        if (this.#readyHead > COMPACT_AT && this.#readyHead * 2 > this.#ready.length) {
          this.#ready = this.#ready.slice(this.#readyHead);
          this.#readyHead = 0;
        }
      } else {
        this.#ready.splice(index, 1);
      }
      return group;
    }
    return undefined;
  }

  /** Up to `limit` messages of a taken group, now in flight. Expired and dead ones are removed on the way. */
  receiveFrom(group: MessageGroup, limit: number, into: QueuedMessage[]): void {
    const nowMs = this.#hooks.nowMs();
    const oldestMs = nowMs - this.spec.retentionSeconds * 1000;
    group.listed = false;
    for (let index = group.head; index < group.messages.length && limit > 0; index += 1) {
      const message = group.messages[index] as QueuedMessage;
      if (message.deleted) continue;
      if (message.sentAtMs < oldestMs) {
        this.#remove(message);
        continue;
      }
      if (message.receiveCount >= (this.spec.maxReceiveCount ?? Infinity)) {
        this.#remove(message);
        this.#hooks.onDeadLetter?.(message);
        continue;
      }
      message.receiveCount += 1;
      if (message.firstReceivedAtMs === 0) message.firstReceivedAtMs = nowMs;
      message.receiptHandle = randomUUID();
      this.#receipts.set(message.receiptHandle, message);
      group.inFlight += 1;
      into.push(message);
      limit -= 1;
    }
    this.#settle(group);
  }

  /** Deletes the message that this receive handed out. False when the handle is unknown or no longer in flight. */
  delete(receiptHandle: string): boolean {
    const message = this.#receipts.get(receiptHandle);
    if (message === undefined) return false;
    this.#land(message);
    this.#remove(message);
    this.#settle(message.group);
    return true;
  }

  /** Makes an in-flight message visible again, at its old place in its group. */
  makeVisible(receiptHandle: string): boolean {
    const message = this.#receipts.get(receiptHandle);
    if (message === undefined) return false;
    this.#land(message);
    this.#settle(message.group);
    return true;
  }

  #createGroup(id: string): MessageGroup {
    const group: MessageGroup = { id, messages: [], head: 0, inFlight: 0, listed: false };
    this.#groups.set(id, group);
    return group;
  }

  #land(message: QueuedMessage): void {
    this.#receipts.delete(message.receiptHandle as string);
    message.receiptHandle = undefined;
    message.group.inFlight -= 1;
  }

  #remove(message: QueuedMessage): void {
    message.deleted = true;
    this.#size -= 1;
  }

  #settle(group: MessageGroup): void {
    while (group.head < group.messages.length && group.messages[group.head]?.deleted) group.head += 1;
    if (group.head === group.messages.length && group.inFlight === 0) {
      this.#groups.delete(group.id);
      return;
    }
    if (group.head > COMPACT_AT && group.head * 2 > group.messages.length) {
      group.messages = group.messages.slice(group.head);
      group.head = 0;
    }
    this.#listIfFree(group);
  }

  #listIfFree(group: MessageGroup): void {
    if (group.listed || group.inFlight > 0 || group.head === group.messages.length) return;
    group.listed = true;
    this.#ready.push(group);
    this.#hooks.onReady();
  }

  #findDuplicate(key: string, nowMs: number): SendResult | undefined {
    if (nowMs - this.#recentSinceMs > DEDUPLICATION_WINDOW_MS) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#recentSinceMs = nowMs;
    }
    const seen = this.#recent.get(key) ?? this.#older.get(key);
    return seen !== undefined && nowMs - seen.atMs < DEDUPLICATION_WINDOW_MS ? seen : undefined;
  }
}
