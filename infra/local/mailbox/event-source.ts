import { randomUUID } from "node:crypto";
import { Turnstile, type Faults } from "../faults.ts";
import type { EventStream } from "../inspector/event-stream.ts";
import type { Instance, InvocationOutcome } from "../lambda/instance.ts";
import type { Pool } from "../lambda/pool.ts";
import { LocalError } from "../local-error.ts";
import { accountId, type EventSourceSpec } from "../topology.ts";
import type { FifoQueue, MessageGroup, QueuedMessage } from "./fifo-queue.ts";

export interface EventSourceOptions {
  readonly spec: EventSourceSpec;
  readonly queue: FifoQueue;
  readonly pool: Pool;
  readonly region: string;
  /** No two consecutive batches of a session on one process, and one message per group and batch. */
  readonly antiAffinity: () => boolean;
  /** AWS waits for the visibility timeout; minutes are too long for a laptop. */
  readonly redeliverAfterMs: number;
  readonly onBatch: (pid: number, sids: readonly string[]) => void;
  readonly onRedelivery: () => void;
  readonly faults: Faults;
  readonly log: (line: string) => void;
  readonly events: EventStream;
}

/**
 * An event source mapping: polls the queue and invokes the function with batches, up to as many at a time as there
 * are instances. What the function does not report as failed is deleted; what it reports, and the whole batch when it
 * throws or dies, becomes visible again.
 */
export class EventSource {
  #options: EventSourceOptions;
  #arn: string;
  #polls = 0;
  #repeated = new Turnstile();
  #lastPid = new Map<string, number>();
  #stopped = false;
  #timers = new Set<NodeJS.Timeout>();

  constructor(options: EventSourceOptions) {
    this.#options = options;
    const { timeoutSeconds } = options.pool.spec;
    const { name, visibilityTimeoutSeconds } = options.queue.spec;
    if (visibilityTimeoutSeconds < timeoutSeconds) {
      // Lambda refuses such a mapping: a message would be visible again while the function still works on it.
      throw new LocalError(
        `expected the visibility timeout of ${name} to be at least the ${timeoutSeconds} s of ${options.spec.functionKey}, got ${visibilityTimeoutSeconds} s`,
      );
    }
    this.#arn = `arn:aws:sqs:${options.region}:${accountId}:${options.queue.spec.name}`;
  }

  /** Called when the queue has something to give. One poll takes up to a batch, so more are not needed. */
  pump(): void {
    const { queue, pool, spec } = this.#options;
    const antiAffinity = this.#options.antiAffinity();
    while (!this.#stopped && this.#polls * spec.batchSize < queue.readyGroups()) {
      this.#polls += 1;
      pool.acquire(antiAffinity ? (pid) => this.#hasWorkFor(pid) : undefined).then(
        (instance) => {
          this.#polls -= 1;
          this.#receive(instance);
        },
        () => {
          this.#polls -= 1;
          this.#later(() => this.pump());
        },
      );
    }
    if (antiAffinity && this.#polls > 0) pool.match();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #receive(instance: Instance): void {
    const { queue, pool, spec } = this.#options;
    const antiAffinity = this.#options.antiAffinity();
    const accepts = antiAffinity
      ? (group: MessageGroup) => this.#lastPid.get(sidOf(group)) !== instance.pid
      : undefined;
    const batch: QueuedMessage[] = [];
    while (batch.length < spec.batchSize) {
      const group = queue.takeGroup(accepts);
      if (group === undefined) break;
      queue.receiveFrom(group, antiAffinity ? 1 : spec.batchSize - batch.length, batch);
      if (antiAffinity) this.#lastPid.set(sidOf(group), instance.pid);
    }
    if (batch.length === 0) {
      // Another poll took what this instance was meant for; what is left waits for other instances.
      pool.release(instance);
      return this.pump();
    }
    void this.#process(instance, batch);
    this.pump();
  }

  async #process(instance: Instance, batch: readonly QueuedMessage[]): Promise<void> {
    const { pool, queue, onBatch, onRedelivery, events } = this.#options;
    const handles = batch.map(({ receiptHandle }) => receiptHandle as string);
    for (const { receiveCount } of batch) if (receiveCount > 1) onRedelivery();
    if (queue.spec.isStandard !== true)
      onBatch(instance.pid, [...new Set(batch.map(({ group }) => sidOf(group)))]);
    const event = { Records: batch.map((message) => this.#toRecord(message)) };
    const invocation = randomUUID();
    if (events.listening) this.#tellBatch(invocation, batch);
    const outcome = await pool.run(instance, event, {
      invocation,
      kind: "batch",
      packets: batch.length,
    });
    const isRepeated =
      outcome.kind === "answered" && this.#repeated.isNext(this.#options.faults.repeatedBatchEvery);
    const failed = isRepeated ? idsOf(batch) : this.#failedIds(outcome, batch);
    const again: string[] = [];
    for (const [index, message] of batch.entries()) {
      const handle = handles[index] as string;
      if (failed.has(message.messageId)) again.push(handle);
      else queue.delete(handle);
    }
    if (again.length === 0) return;
    if (events.listening) events.tell({ type: "batch.failed", invocation, again: [...failed] });
    this.#later(() => again.forEach((handle) => queue.makeVisible(handle)));
  }

  #tellBatch(invocation: string, batch: readonly QueuedMessage[]): void {
    const nowMs = Date.now();
    const letters = batch.map(({ messageId, sentAtMs, receiveCount }) => ({
      letter: messageId,
      waitedMs: nowMs - sentAtMs,
      receives: receiveCount,
    }));
    this.#options.events.tell({ type: "batch", invocation, queue: this.#options.queue.spec.name, letters });
  }

  #failedIds(outcome: InvocationOutcome, batch: readonly QueuedMessage[]): ReadonlySet<string> {
    const all = idsOf(batch);
    if (outcome.kind !== "answered") {
      if (!this.#stopped)
        this.#options.log(`${this.#options.spec.functionKey} ${outcome.kind}: ${outcome.message}`);
      return all;
    }
    if (!this.#options.spec.reportBatchItemFailures) return new Set();
    const reported = readFailures(outcome.result);
    // "a batchItemFailures list with a bad itemIdentifier is treated as a complete failure": Lambda Developer Guide,
    // "Handling errors for an SQS event source", success and failure conditions.
    if (reported !== undefined && reported.every((id) => all.has(id))) return new Set(reported);
    this.#options.log(`${this.#options.spec.functionKey} answered with a malformed batchItemFailures`);
    return all;
  }

  #toRecord(message: QueuedMessage): Record<string, unknown> {
    return {
      messageId: message.messageId,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: {
        ApproximateReceiveCount: String(message.receiveCount),
        SentTimestamp: String(message.sentAtMs),
        SenderId: "AROALOCAL:nonsticky",
        ...(this.#options.queue.spec.isStandard === true ? {} : toOrder(message)),
        ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
      },
      messageAttributes: {},
      md5OfBody: message.md5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: this.#arn,
      awsRegion: this.#options.region,
    };
  }

  #hasWorkFor(pid: number): boolean {
    return this.#options.queue.someReady((group) => this.#lastPid.get(sidOf(group)) !== pid);
  }

  #later(action: () => void): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, this.#options.redeliverAfterMs);
    this.#timers.add(timer);
  }
}

const toOrder = ({ sequenceNumber, group, deduplicationId }: QueuedMessage) => ({
  SequenceNumber: sequenceNumber,
  MessageGroupId: group.id,
  MessageDeduplicationId: deduplicationId,
});

const idsOf = (batch: readonly QueuedMessage[]): ReadonlySet<string> =>
  new Set(batch.map(({ messageId }) => messageId));

/** The groups of a session, `sid`, `sid.a` and `sid.k.…`, are one session. */
const sidOf = (group: MessageGroup): string => group.id.replace(/\..*$/, "");

/** Null, empty and absent lists are complete success; anything that is not a list of identifiers is malformed. */
function readFailures(result: unknown): readonly string[] | undefined {
  if (result === null || typeof result !== "object") return result === null ? [] : undefined;
  const failures = (result as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return undefined;
  const ids = failures.map((item: unknown) => (item as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return ids.every((id): id is string => typeof id === "string" && id !== "") ? ids : undefined;
}
