import type { Counters } from "./counters.ts";
import { withLockedGroups, type Faults } from "./faults.ts";
import type { EventStream } from "./inspector/event-stream.ts";
import type { Switchboard } from "./inspector/switchboard.ts";
import { toSent } from "./inspector/told.ts";
import { LocalError } from "./local-error.ts";
import { EventSource } from "./mailbox/event-source.ts";
import { FifoQueue, type QueueHooks } from "./mailbox/fifo-queue.ts";
import { StandardQueue } from "./mailbox/standard-queue.ts";
import type { LocalOptions } from "./options.ts";
import type { StackFunctions } from "./stack-functions.ts";
import type { QueueSpec, Topology } from "./topology.ts";

export interface QueuesOptions {
  readonly topology: Topology;
  readonly options: LocalOptions;
  readonly functions: StackFunctions;
  readonly counters: Counters;
  readonly switches: Switchboard;
  readonly events: EventStream;
  readonly log: (line: string) => void;
}

/** The queues of the stack, with those who take messages out of them. */
export class StackQueues {
  #options: QueuesOptions;
  #faults: Faults;
  readonly #queues = new Map<string, FifoQueue>();
  #eventSources: EventSource[] = [];

  constructor(options: QueuesOptions) {
    this.#options = options;
    this.#faults = options.options.faults ?? {};
    for (const spec of options.topology.queues) this.#queues.set(spec.name, this.#createQueue(spec));
    for (const spec of options.topology.eventSources) this.#eventSources.push(this.#createEventSource(spec));
  }

  require(name: string): FifoQueue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new LocalError(`expected a queue ${name} in the stack, got none`);
    return queue;
  }

  /** As functions find it, through the SDK. */
  findOfFunctions(name: string): FifoQueue | undefined {
    const queue = this.#faults.missingQueue === true ? undefined : this.#queues.get(name);
    return queue !== undefined && this.#faults.lockedGroups === true ? withLockedGroups(queue) : queue;
  }

  /** Whether nothing waits for a function, or is in its hands. */
  isEmpty(): boolean {
    const { eventSources } = this.#options.topology;
    return eventSources.every(({ queueName }) => (this.#queues.get(queueName)?.size ?? 0) === 0);
  }

  /** What instances may take has changed. */
  pump(): void {
    for (const eventSource of this.#eventSources) eventSource.pump();
  }

  stop(): void {
    for (const eventSource of this.#eventSources) eventSource.stop();
    for (const queue of this.#queues.values()) queue.stop();
  }

  #createQueue(spec: QueueSpec): FifoQueue {
    const { counters, events, log } = this.#options;
    const hooks: QueueHooks = {
      nowMs: Date.now,
      onReady: () => this.#pumpOf(spec.name),
      onSent: (message) => {
        if (events.listening) events.tell(toSent(message, spec.name, events.cause));
      },
      onDeadLetter: ({ body, group, deduplicationId, messageId }) => {
        counters.deadLetters += 1;
        if (events.listening) events.tell({ type: "letter.dead", letter: messageId, queue: spec.name });
        log(`a message of group ${group.id} went to the dead letters of ${spec.name}`);
        const deadLetters = this.#queues.get(spec.deadLetterQueue ?? "");
        deadLetters?.send({ body, groupId: group.id, deduplicationId });
      },
    };
    return spec.isStandard === true
      ? new StandardQueue(spec, hooks, this.#faults)
      : new FifoQueue(spec, hooks);
  }

  #createEventSource(spec: Topology["eventSources"][number]): EventSource {
    const { topology, options, functions, counters, switches, events, log } = this.#options;
    return new EventSource({
      spec,
      queue: this.require(spec.queueName),
      pool: functions.require(spec.functionKey),
      region: topology.region,
      antiAffinity: () => switches.now.antiAffinity,
      redeliverAfterMs: options.redeliverAfterMs ?? 250,
      faults: this.#faults,
      onBatch: (pid, sids) => sids.forEach((sid) => counters.remember(sid, pid)),
      onRedelivery: () => (counters.redeliveries += 1),
      log,
      events,
    });
  }

  #pumpOf(name: string): void {
    for (const [index, { queueName }] of this.#options.topology.eventSources.entries()) {
      if (queueName === name) this.#eventSources[index]?.pump();
    }
  }
}
