import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FifoQueue, type QueuedMessage } from "../../infra/local/mailbox/fifo-queue.ts";
import { answerSqs } from "../../infra/local/mailbox/sqs-protocol.ts";
import { StandardQueue } from "../../infra/local/mailbox/standard-queue.ts";

const spec = { name: "alarms", visibilityTimeoutSeconds: 30, retentionSeconds: 120, isStandard: true };
const hooks = { nowMs: () => Date.now(), onReady: () => undefined };

let queue: StandardQueue;

beforeEach(() => {
  vi.useFakeTimers();
  queue = new StandardQueue(spec, hooks);
});

afterEach(() => {
  queue.stop();
  vi.useRealTimers();
});

const send = (input: Record<string, unknown>) =>
  answerSqs({ find: () => queue }, "SendMessage", {
    QueueUrl: "http://x/alarms",
    MessageBody: "a",
    ...input,
  });

function receive(): QueuedMessage[] {
  const batch: QueuedMessage[] = [];
  for (let group = queue.takeGroup(); group !== undefined; group = queue.takeGroup())
    queue.receiveFrom(group, 10, batch);
  return batch;
}

describe("a standard queue", () => {
  it("gives a message when its delay is over, with the time at which it was sent", () => {
    const sentAtMs = Date.now();
    send({ DelaySeconds: 5 });
    vi.advanceTimersByTime(4_999);
    expect(receive()).toEqual([]);
    expect(queue.size).toBe(0);

    vi.advanceTimersByTime(1);

    expect(receive()).toMatchObject([{ body: "a", sentAtMs, firstReceivedAtMs: sentAtMs + 5_000 }]);
  });

  it("has each message by itself: none waits for another, and equal ones are two", () => {
    send({ DelaySeconds: 0 });
    send({});
    const [first, second] = receive();
    expect([first, second]).toMatchObject([{ body: "a" }, { body: "a" }]);
    send({});

    expect(receive()).toHaveLength(1);
  });

  it("gives again what was not deleted", () => {
    send({ DelaySeconds: 1 });
    vi.advanceTimersByTime(1_000);
    const [message] = receive();

    queue.makeVisible(message!.receiptHandle!);

    expect(receive()).toMatchObject([{ receiveCount: 2 }]);
  });

  it("gives nothing any more when it has stopped", () => {
    send({ DelaySeconds: 1 });
    queue.stop();

    vi.advanceTimersByTime(5_000);

    expect(queue.size).toBe(0);
  });

  it.each([-1, 901, 1.5, "5"])("refuses a delay of %s seconds", (DelaySeconds) => {
    expect(() => send({ DelaySeconds })).toThrow("DelaySeconds must be >= 0 and <= 900");
  });
});

it("a FIFO queue takes no delay for a single message", () => {
  const fifo = new FifoQueue({ ...spec, isStandard: false }, hooks);
  const input = {
    QueueUrl: "http://x/q",
    MessageBody: "a",
    MessageGroupId: "g",
    MessageDeduplicationId: "d",
  };

  expect(() => answerSqs({ find: () => fifo }, "SendMessage", { ...input, DelaySeconds: 5 })).toThrow(
    "not valid for this queue type",
  );
});
