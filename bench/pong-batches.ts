import { fileURLToPath } from "node:url";
import { EventStream } from "../infra/local/inspector/event-stream.ts";
import { EventSource } from "../infra/local/mailbox/event-source.ts";
import { FifoQueue } from "../infra/local/mailbox/fifo-queue.ts";
import type { Instance } from "../infra/local/lambda/instance.ts";
import type { Pool } from "../infra/local/lambda/pool.ts";

/**
 * `npm run bench:pongs`: how many pongs of one walk of the heartbeat share a batch, on the local queue and its mapping, in
 * a time of their own: whatever the machine, the numbers are the same. `infra/cost/assumptions.ts` reckons with them.
 *
 * A walk posts to fifty connections at once, 10 ms each. A client's pong is in the queue 20 to 150 ms later. Lambda begins
 * with five batches at once; one takes 10 ms of the function, and 15 ms for its receive and its delete.
 */

const PINGS_PER_MS = 5;
const ROUND_TRIP_MS = [20, 150] as const;
const BATCHES_AT_ONCE = 5;
const BATCH_MS = 25;
const BATCH_SIZE = 10;

export async function measurePongBatches(pings: number): Promise<{ batches: number; perBatch: number }> {
  const time = new VirtualTime();
  let batches = 0;
  let handled = 0;
  const queue = new FifoQueue(
    { name: "mailbox.fifo", visibilityTimeoutSeconds: 30, retentionSeconds: 3_600 },
    { nowMs: () => time.nowMs, onReady: () => mapping.pump() },
  );
  let free = BATCHES_AT_ONCE;
  const waiting: ((instance: Instance) => void)[] = [];
  const grant = (): void => {
    while (free > 0 && waiting.length > 0) {
      free -= 1;
      waiting.shift()?.({ pid: 1 } as Instance);
    }
  };
  const release = (): void => {
    free += 1;
    grant();
  };
  const pool = {
    spec: { timeoutSeconds: 30 },
    acquire: () =>
      new Promise<Instance>((resolve) => {
        waiting.push(resolve);
        grant();
      }),
    release,
    match: () => {},
    run: async (_: Instance, { Records }: { Records: readonly unknown[] }) => {
      batches += 1;
      handled += Records.length;
      await time.sleep(BATCH_MS);
      release();
      return { kind: "answered", result: { batchItemFailures: [] } };
    },
  } as unknown as Pool;
  const mapping = new EventSource({
    spec: {
      functionKey: "inbox",
      queueName: "mailbox.fifo",
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
    },
    queue,
    pool,
    region: "us-east-1",
    antiAffinity: () => false,
    faults: {},
    events: new EventStream(),
    redeliverAfterMs: 1_000,
    onBatch: () => {},
    onRedelivery: () => {},
    log: (line) => {
      throw new Error(line);
    },
  });
  const random = createRandom(1);
  for (let index = 0; index < pings; index += 1) {
    const [least, most] = ROUND_TRIP_MS;
    const atMs = index / PINGS_PER_MS + least + random() * (most - least);
    time.at(atMs, () =>
      queue.send({
        body: `MESSAGE,${index},c,0,Mw==`,
        groupId: `${index}.a`,
        deduplicationId: String(index),
      }),
    );
  }
  await time.run();
  if (handled !== pings) throw new Error(`expected ${pings} pongs to be handled, got ${handled}`);
  return { batches, perBatch: pings / batches };
}

/** The sizes of walks that bills are reckoned from. */
export const walks = [1, 20, 40, 60, 100, 125, 250, 500, 1_250, 2_500] as const;

/** Things happen at their time, which passes in no time. */
class VirtualTime {
  nowMs = 0;
  readonly #events: { readonly atMs: number; readonly run: () => void }[] = [];

  at(atMs: number, run: () => void): void {
    this.#events.push({ atMs, run });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.nowMs + ms, resolve));
  }

  async run(): Promise<void> {
    while (this.#events.length > 0) {
      this.#events.sort((a, b) => b.atMs - a.atMs);
      const next = this.#events.pop();
      this.nowMs = next?.atMs ?? this.nowMs;
      next?.run();
      // What it set off is promises.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** mulberry32: the same numbers each time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const pings of walks) {
    const { batches, perBatch } = await measurePongBatches(pings);
    console.log(
      `${String(pings).padStart(5)} pings: ${batches} batches, ${perBatch.toFixed(1)} pongs in each`,
    );
  }
}
