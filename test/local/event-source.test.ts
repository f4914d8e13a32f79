import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Instance, InvocationOutcome } from "../../infra/local/lambda/instance.ts";
import type { Pool } from "../../infra/local/lambda/pool.ts";
import { EventStream } from "../../infra/local/inspector/event-stream.ts";
import { EventSource } from "../../infra/local/mailbox/event-source.ts";
import { FifoQueue } from "../../infra/local/mailbox/fifo-queue.ts";

interface Batch {
  readonly pid: number;
  readonly records: readonly { readonly messageId: string; readonly body: string }[];
  finish(result: unknown): void;
  crash(): void;
}

/** An event source over a pool whose idle instances are the given pids, and whose batches the test answers. */
function createSource(pids: readonly number[], antiAffinity = false, timeoutSeconds = 30) {
  const idle = [...pids];
  const waiting: {
    accepts: ((pid: number) => boolean) | undefined;
    resolve: (instance: Instance) => void;
  }[] = [];
  const batches: Batch[] = [];
  const match = () => {
    for (const waiter of [...waiting]) {
      const index = idle.findIndex((pid) => waiter.accepts?.(pid) ?? true);
      if (index < 0) continue;
      waiting.splice(waiting.indexOf(waiter), 1);
      waiter.resolve({ pid: idle.splice(index, 1)[0] } as Instance);
    }
  };
  const pool = {
    spec: { key: "inbox", timeoutSeconds },
    match,
    acquire: (accepts?: (pid: number) => boolean) =>
      new Promise<Instance>((resolve) => {
        waiting.push({ accepts, resolve });
        match();
      }),
    release(instance: Instance) {
      idle.push(instance.pid);
      match();
    },
    run: (instance: Instance, event: { Records: Batch["records"] }) =>
      new Promise<InvocationOutcome>((resolve) => {
        const end = (outcome: InvocationOutcome) => {
          resolve(outcome);
          pool.release(instance);
        };
        batches.push({
          pid: instance.pid,
          records: event.Records,
          finish: (result) => end({ kind: "answered", result }),
          crash: () => end({ kind: "crashed", message: "signal: killed" }),
        });
      }),
  };
  const source: { current?: EventSource } = {};
  const queue = new FifoQueue(
    { name: "mailbox.fifo", visibilityTimeoutSeconds: 30, retentionSeconds: 120 },
    { nowMs: Date.now, onReady: () => source.current?.pump() },
  );
  source.current = new EventSource({
    spec: { queueName: "mailbox.fifo", functionKey: "inbox", batchSize: 10, reportBatchItemFailures: true },
    queue,
    pool: pool as unknown as Pool,
    region: "us-east-1",
    antiAffinity: () => antiAffinity,
    redeliverAfterMs: 250,
    faults: {},
    events: new EventStream(),
    onBatch: () => {},
    onRedelivery: () => {},
    log: () => {},
  });
  let sent = 0;
  const send = (groupId: string, body: string) =>
    queue.send({ groupId, body, deduplicationId: `${(sent += 1)}` });
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return {
    queue,
    batches,
    send,
    settle,
    bodies: () => batches.map(({ records }) => records.map(({ body }) => body)),
  };
}

const failures = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

describe("an event source", () => {
  it.each([null, {}, { batchItemFailures: [] }, { batchItemFailures: null }])(
    "takes %j as success",
    async (result) => {
      const { queue, batches, send, settle } = createSource([1]);
      send("a", "1");
      await settle();
      batches[0]!.finish(result);
      await settle();

      expect(queue.size).toBe(0);
    },
  );

  it.each([
    "text",
    { batchItemFailures: "all" },
    { batchItemFailures: [{}] },
    { batchItemFailures: [{ itemIdentifier: "" }] },
    { batchItemFailures: [{ itemIdentifier: "of another batch" }] },
  ])("takes %j as failure of the whole batch", async (result) => {
    const { queue, batches, send, settle, bodies } = createSource([1]);
    send("a", "1");
    send("b", "1");
    await settle();
    batches[0]!.finish(result);
    await vi.advanceTimersByTimeAsync(250);

    expect(queue.size).toBe(2);
    expect(bodies()).toEqual([
      ["1", "1"],
      ["1", "1"],
    ]);
  });

  it("gives again what was reported, after a while, and only that", async () => {
    const { batches, send, settle, bodies } = createSource([1]);
    for (const body of ["1", "2", "3"]) send("a", body);
    await settle();
    const [, second, third] = batches[0]!.records;
    batches[0]!.finish(failures(second!.messageId, third!.messageId));
    await vi.advanceTimersByTimeAsync(249);
    expect(batches).toHaveLength(1);

    await vi.advanceTimersByTimeAsync(1);

    expect(bodies()[1]).toEqual(["2", "3"]);
  });

  it("gives the whole batch of an instance that died again, in order, before what came later", async () => {
    const { batches, send, settle, bodies } = createSource([1]);
    for (const body of ["1", "2"]) send("a", body);
    await settle();
    send("a", "3");
    batches[0]!.crash();
    await vi.advanceTimersByTimeAsync(250);

    expect(bodies()[1]).toEqual(["1", "2", "3"]);
  });

  it("does not resurrect what a function deleted before it died", async () => {
    const { queue, batches, send, settle, bodies } = createSource([1]);
    for (const body of ["1", "2"]) send("a", body);
    await settle();
    queue.delete((batches[0]!.records[0] as unknown as { receiptHandle: string }).receiptHandle);
    batches[0]!.crash();
    await vi.advanceTimersByTimeAsync(250);

    expect(bodies()[1]).toEqual(["2"]);
  });

  it("fills as many instances as there are, one group never in two", async () => {
    const { send, settle, batches, bodies } = createSource([1, 2]);
    send("a", "a1");
    await settle();
    send("a", "a2");
    send("b", "b1");
    await settle();
    expect(bodies()).toEqual([["a1"], ["b1"]]);

    batches[0]!.finish(null);
    await settle();

    expect(bodies()[2]).toEqual(["a2"]);
  });

  it("never gives a session to the process that had it last under anti-affinity, whatever its lane", async () => {
    const { send, settle, batches } = createSource([1, 2], true);
    for (const group of ["s", "s.a", "s", "s.k.PJqB1FbGRcwCHlw=", "s", "s"]) {
      send(group, "x");
      await settle();
      batches.at(-1)!.finish(null);
      await settle();
    }

    expect(batches.map(({ pid }) => pid)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(batches.every(({ records }) => records.length === 1)).toBe(true);
  });

  it("does not forget a group that no idle instance may have", async () => {
    const { send, settle, batches, bodies } = createSource([1, 2], true);
    for (const group of ["a", "b"]) send(group, `${group}1`);
    await settle();
    for (const group of ["a", "b"]) send(group, `${group}2`);
    for (let index = 0; index < batches.length; index += 1) {
      batches[index]!.finish(null);
      await settle();
    }

    expect(bodies().flat().sort()).toEqual(["a1", "a2", "b1", "b2"]);
  });

  it("is refused where a message would be visible again while its function still runs", () => {
    expect(() => createSource([1], false, 31)).toThrow(
      "expected the visibility timeout of mailbox.fifo to be at least the 31 s of inbox, got 30 s",
    );
  });
});
