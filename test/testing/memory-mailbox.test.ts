import { describe, expect, it } from "vitest";
import type { Delivery, Letter } from "../../lib/engine/letter.ts";
import { createSid, toConnectionId, type Sid } from "../../lib/ids.ts";
import type { LogFields } from "../../lib/log.ts";
import { MemoryMailbox } from "../../lib/testing/memory-mailbox.ts";
import { Work } from "../../lib/testing/work.ts";

interface Batch {
  readonly texts: readonly string[];
  readonly deliveries: readonly Delivery[];
  /** Answers that these failed. */
  readonly answer: (...failed: readonly string[]) => void;
  readonly fail: (error: Error) => void;
}

/** A mailbox whose batches wait for the test to answer them. */
function createRig(batchSize = 10) {
  const batches: Batch[] = [];
  const errors: string[] = [];
  const work = new Work();
  const note = (message: string, { error }: LogFields = {}) =>
    void errors.push(error instanceof Error ? `${message}: ${error.message}` : message);
  const mailbox = new MemoryMailbox({
    groupOf: ({ sid }) => sid,
    batchSize,
    work,
    logger: { debug: note, info: note, warn: note, error: note },
    receive: (deliveries) =>
      new Promise((resolve, reject) => {
        batches.push({
          deliveries,
          texts: deliveries.map(({ letter }) => (letter.kind === "frame" ? letter.text : letter.kind)),
          answer: (...failed) => resolve(failed),
          fail: reject,
        });
      }),
  });
  const take = (): Batch => {
    const batch = batches.shift();
    if (batch === undefined) throw new Error("expected a batch, got none");
    return batch;
  };
  return { mailbox, work, batches, errors, take };
}

const [ada, bob] = [createSid(1), createSid(2)];
const connectionId = toConnectionId("c=");
const frame = (sid: Sid, text: string): Letter => ({ kind: "frame", sid, connectionId, atMs: 1, text });

/** As long as the mailbox takes to hand over what it can. */
async function handedOver(): Promise<void> {
  for (let ticks = 0; ticks < 3; ticks += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("the mailbox in memory", () => {
  it("hands over a group in order, up to ten at a time, and no more while one is out", async () => {
    const { mailbox, batches, take } = createRig();
    for (let n = 0; n < 12; n += 1) await mailbox.send(frame(ada, String(n)));
    await handedOver();
    const first = take();
    expect(first.texts).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(batches).toEqual([]);

    first.answer();
    await handedOver();

    expect(take().texts).toEqual(["10", "11"]);
  });

  it("hands over groups beside each other", async () => {
    const { mailbox, take } = createRig();
    await mailbox.send(frame(ada, "a"));
    await mailbox.send(frame(bob, "b"));

    await handedOver();

    expect([take().texts, take().texts]).toEqual([["a"], ["b"]]);
  });

  it("hands over what follows when all that is out was released", async () => {
    const { mailbox, batches, take } = createRig(2);
    for (const text of ["1", "2", "3"]) await mailbox.send(frame(ada, text));
    await handedOver();
    const [one, two] = take().deliveries.map(({ receipt = "" }) => receipt);

    await mailbox.release([one ?? ""]);
    await handedOver();
    expect(batches).toEqual([]);
    await mailbox.release([two ?? ""]);
    await handedOver();

    expect(take().texts).toEqual(["3"]);
  });

  it("does not hand over again what was released before its batch failed", async () => {
    const { mailbox, take } = createRig(2);
    for (const text of ["1", "2"]) await mailbox.send(frame(ada, text));
    await handedOver();
    const { deliveries, fail } = take();

    await mailbox.release([deliveries[0]?.receipt ?? ""]);
    fail(new Error("down"));
    await handedOver();

    expect(take().texts).toEqual(["2"]);
  });

  it("hands over again what failed, at its old place, and says so", async () => {
    const { mailbox, take } = createRig(2);
    for (const text of ["1", "2", "3"]) await mailbox.send(frame(ada, text));
    await handedOver();
    const first = take();
    expect(first.deliveries.map(({ redelivered }) => redelivered)).toEqual([false, false]);

    first.answer(first.deliveries[1]?.id ?? "");
    await handedOver();

    const second = take();
    expect(second.texts).toEqual(["2", "3"]);
    expect(second.deliveries.map(({ redelivered }) => redelivered)).toEqual([true, false]);
    expect(second.deliveries[0]?.id).toBe(first.deliveries[1]?.id);
    expect(second.deliveries[0]?.receipt).not.toBe(first.deliveries[1]?.receipt);
  });

  it("knows no receipt of an earlier hand-over", async () => {
    const { mailbox, batches, take } = createRig(1);
    for (const text of ["1", "2"]) await mailbox.send(frame(ada, text));
    await handedOver();
    const first = take();
    first.answer(first.deliveries[0]?.id ?? "");
    await handedOver();
    take();

    await mailbox.release([first.deliveries[0]?.receipt ?? ""]);
    await handedOver();

    expect(batches).toEqual([]);
  });

  it("gives a letter up after ten times, and says so", async () => {
    const { mailbox, batches, errors, take } = createRig();
    await mailbox.send(frame(ada, "1"));
    for (let times = 0; times < 10; times += 1) {
      await handedOver();
      take().fail(new Error("down"));
    }

    await handedOver();

    expect(batches).toEqual([]);
    expect(errors).toEqual([
      ...Array<string>(10).fill("a batch of letters failed and comes again: down"),
      "a letter failed every time and is dropped",
    ]);
  });

  it("carries letters as they would travel", async () => {
    const { mailbox, take } = createRig();
    const letter = frame(ada, "1");
    await mailbox.send(letter);

    await handedOver();

    expect(take().deliveries[0]?.letter).toEqual(letter);
    expect(take).toThrow();
  });

  it("is settled when nothing waits or runs", async () => {
    const { mailbox, work, take } = createRig();
    let isSettled = false;
    await mailbox.send(frame(ada, "1"));
    const settled = work.settled().then(() => (isSettled = true));
    await handedOver();
    const { deliveries, answer } = take();
    await mailbox.release([deliveries[0]?.receipt ?? ""]);
    await handedOver();
    expect(isSettled).toBe(false);

    answer();

    expect(await settled).toBe(true);
  });

  it("hands over nothing once it is stopped, and is settled", async () => {
    const { mailbox, work, batches } = createRig();
    await mailbox.send(frame(ada, "1"));

    mailbox.stop();
    await mailbox.send(frame(ada, "2"));
    await handedOver();

    expect(batches).toEqual([]);
    await work.settled();
  });
});
