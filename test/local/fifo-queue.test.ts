import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FifoQueue, type QueuedMessage } from "../../infra/local/mailbox/fifo-queue.ts";
import type { QueueSpec } from "../../infra/local/topology.ts";

const spec: QueueSpec = {
  name: "mailbox.fifo",
  visibilityTimeoutSeconds: 30,
  retentionSeconds: 120,
  maxReceiveCount: 3,
  deadLetterQueue: "dead.fifo",
};

function createQueue(overrides: Partial<QueueSpec> = {}) {
  const dead: QueuedMessage[] = [];
  const clock = { nowMs: 1_750_000_000_000 };
  let readyCalls = 0;
  const queue = new FifoQueue(
    { ...spec, ...overrides },
    {
      nowMs: () => clock.nowMs,
      onReady: () => (readyCalls += 1),
      onDeadLetter: (message) => dead.push(message),
    },
  );
  let sent = 0;
  return {
    queue,
    clock,
    dead,
    readyCalls: () => readyCalls,
    send: (groupId: string, body: string, deduplicationId = `once-${(sent += 1)}`) =>
      queue.send({ groupId, body, deduplicationId }),
    receive(limit = 10): QueuedMessage[] {
      const batch: QueuedMessage[] = [];
      while (batch.length < limit) {
        const group = queue.takeGroup();
        if (group === undefined) break;
        queue.receiveFrom(group, limit - batch.length, batch);
      }
      return batch;
    },
  };
}

const bodies = (messages: readonly QueuedMessage[]) => messages.map(({ body }) => body);

describe("a FIFO queue", () => {
  it("gives up to ten messages, also of one group, in order", () => {
    const { send, receive } = createQueue();
    for (let index = 0; index < 12; index += 1) send("a", `a${index}`);
    send("b", "b0");

    expect(bodies(receive())).toEqual(["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"]);
    expect(bodies(receive())).toEqual(["b0"]);
    expect(bodies(receive())).toEqual([]);
  });

  it("keeps a group locked until each of its messages in flight is deleted or visible again", () => {
    const { queue, send, receive } = createQueue();
    for (const body of ["1", "2", "3"]) send("a", body);
    const [first, second] = receive(2);

    queue.delete(first!.receiptHandle!);
    expect(bodies(receive())).toEqual([]);
    queue.makeVisible(second!.receiptHandle!);
    expect(bodies(receive())).toEqual(["2", "3"]);
  });

  it("gives the next messages to somebody else when a function has deleted its own early", () => {
    const { queue, send, receive, readyCalls } = createQueue();
    for (const body of ["1", "2"]) send("a", body);
    const [first] = receive(1);
    const before = readyCalls();

    expect(queue.delete(first!.receiptHandle!)).toBe(true);

    expect(readyCalls()).toBe(before + 1);
    expect(bodies(receive())).toEqual(["2"]);
  });

  it("does not know a receipt twice, nor one of an earlier receive", () => {
    const { queue, send, receive } = createQueue();
    send("a", "1");
    const stale = receive()[0]!.receiptHandle!;
    queue.makeVisible(stale);
    const current = receive()[0]!.receiptHandle!;

    expect(queue.delete(stale)).toBe(false);
    expect(queue.size).toBe(1);
    expect(queue.delete(current)).toBe(true);
    expect(queue.delete(current)).toBe(false);
    expect(queue.size).toBe(0);
  });

  it("does not list a group twice that grows while somebody is about to receive from it", () => {
    const { queue, send } = createQueue();
    send("a", "1");
    const group = queue.takeGroup()!;
    send("a", "2");

    expect(queue.takeGroup()).toBeUndefined();
    const batch: QueuedMessage[] = [];
    queue.receiveFrom(group, 10, batch);
    expect(bodies(batch)).toEqual(["1", "2"]);
  });

  it("counts receives, and gives up after the third", () => {
    const { queue, send, receive, dead } = createQueue();
    send("a", "poison");
    send("a", "next");
    for (const count of [1, 2, 3]) {
      const [message] = receive(1);
      expect(message).toMatchObject({ body: "poison", receiveCount: count });
      queue.makeVisible(message!.receiptHandle!);
    }

    expect(bodies(receive())).toEqual(["next"]);
    expect(bodies(dead)).toEqual(["poison"]);
  });

  it("drops what is older than its retention", () => {
    const { queue, clock, send, receive } = createQueue();
    send("a", "old");
    clock.nowMs += 120_001;
    send("a", "new");

    expect(bodies(receive())).toEqual(["new"]);
    expect(queue.size).toBe(1);
  });

  it.each([
    { afterMs: 0, kept: 1 },
    { afterMs: 299_999, kept: 1 },
    { afterMs: 300_001, kept: 2 },
    { afterMs: 599_999, kept: 2 },
  ])(
    "takes one deduplication id as one message for five minutes: $afterMs ms later, $kept kept",
    ({ afterMs, kept }) => {
      const { queue, clock, send } = createQueue({ retentionSeconds: 3600 });
      const first = send("a", "one", "same");
      clock.nowMs += afterMs;
      const second = send("a", "two", "same");

      expect(queue.size).toBe(kept);
      expect(second.messageId === first.messageId).toBe(kept === 1);
    },
  );

  it("deduplicates per group and never by content", () => {
    const { queue, send } = createQueue();
    send("a", "same", "id");
    send("b", "same", "id");
    send("a", "same", "other");

    expect(queue.size).toBe(3);
  });

  it("remembers a duplicate after its message was deleted", () => {
    const { queue, send, receive } = createQueue();
    send("a", "1", "id");
    queue.delete(receive()[0]!.receiptHandle!);
    send("a", "1", "id");

    expect(queue.size).toBe(0);
  });

  it("loses nothing and keeps each group's order under any interleaving", () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("send" as const), group: fc.nat(3) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant("receive" as const),
          limit: fc.integer({ min: 1, max: 10 }),
        }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), pick: fc.nat(1000) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), pick: fc.nat(1000) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { queue, send, receive } = createQueue({ maxReceiveCount: 100_000 });
        const waiting = new Map<string, string[]>();
        const batches: QueuedMessage[][] = [];
        let sent = 0;
        const take = (limit: number) => {
          const batch = receive(limit);
          const inFlight = new Set(batches.flat().map(({ group }) => group.id));
          const seen = new Map<string, number>();
          for (const { group, body } of batch) {
            expect(inFlight.has(group.id)).toBe(false);
            const position = seen.get(group.id) ?? 0;
            // The oldest that are left, none skipped.
            expect(waiting.get(group.id)?.[position]).toBe(body);
            seen.set(group.id, position + 1);
          }
          if (batch.length > 0) batches.push(batch);
        };
        const finish = (message: QueuedMessage) => {
          queue.delete(message.receiptHandle!);
          const left = waiting.get(message.group.id)!;
          left.splice(left.indexOf(message.body), 1);
        };
        for (const one of steps) {
          if (one.kind === "send") {
            const body = `${(sent += 1)}`;
            send(`g${one.group}`, body);
            waiting.set(`g${one.group}`, [...(waiting.get(`g${one.group}`) ?? []), body]);
          } else if (one.kind === "receive") {
            take(one.limit);
          } else if (batches.length > 0) {
            const index = one.pick % batches.length;
            const batch = batches[index]!;
            if (one.kind === "delete") finish(batch.splice(one.pick % batch.length, 1)[0]!);
            else for (const message of batch.splice(0)) queue.makeVisible(message.receiptHandle!);
            if (batch.length === 0) batches.splice(index, 1);
          }
        }
        for (const batch of batches.splice(0)) for (const message of batch) finish(message);
        while (queue.size > 0) {
          take(10);
          expect(batches).not.toEqual([]);
          for (const batch of batches.splice(0)) for (const message of batch) finish(message);
        }
        expect([...waiting.values()].flat()).toEqual([]);
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it("costs the same per message however long a group is", () => {
    const run = (count: number) => {
      const { queue, send, receive } = createQueue();
      for (let index = 0; index < count; index += 1) send("a", "x");
      let receives = 0;
      for (let batch = receive(); batch.length > 0; batch = receive()) {
        receives += 1;
        for (const message of batch) queue.delete(message.receiptHandle!);
      }
      expect(queue.size).toBe(0);
      return receives;
    };
    const startedAtMs = performance.now();

    expect(run(40_000)).toBe(4000);

    // Quadratic work on forty thousand messages takes minutes.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });
});
