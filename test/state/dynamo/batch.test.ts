import { describe, expect, it } from "vitest";
import { batchParams, writeBatches, type Write } from "../../../lib/state/dynamo/batch.ts";
import { createOwnedClock } from "../fixtures.ts";
import { createRecordingClient } from "./recording-client.ts";

const removeOf = (index: number): Write => ({ remove: { pk: "p", sk: `${index}` } });
const manyRemoves = (count: number) => Array.from({ length: count }, (_, index) => removeOf(index));
const leave = (...indexes: number[]) => ({
  UnprocessedItems: {
    table: indexes.map((index) => ({ DeleteRequest: { Key: { pk: "p", sk: `${index}` } } })),
  },
});
const write = (answers: readonly unknown[], writes: readonly Write[]) => {
  const { client, requests } = createRecordingClient(answers);
  const clock = createOwnedClock();
  const done = writeBatches({ client, tableName: "table", clock, random: () => 0.5 }, writes);
  return { done, requests, clock };
};

describe("batched writes", () => {
  it("are puts and deletes of one table", () => {
    const writes: Write[] = [{ put: { pk: "p", sk: "1", a: 1 } }, removeOf(2)];

    expect(batchParams("table", writes)).toStrictEqual([
      {
        RequestItems: {
          table: [
            { PutRequest: { Item: { pk: "p", sk: "1", a: 1 } } },
            { DeleteRequest: { Key: { pk: "p", sk: "2" } } },
          ],
        },
      },
    ]);
  });

  it.each([
    [0, []],
    [1, [1]],
    [25, [25]],
    [26, [25, 1]],
    [75, [25, 25, 25]],
  ])("of %i rows go 25 a request", (count, sizes) => {
    const batches = batchParams("table", manyRemoves(count));

    expect(batches.map(({ RequestItems }) => RequestItems?.["table"]?.length)).toEqual(sizes);
  });

  it("name a row once, by the last write to it", () => {
    const batches = batchParams("table", [{ put: { pk: "p", sk: "1" } }, removeOf(2), removeOf(1)]);

    expect(batches[0]?.RequestItems?.["table"]).toStrictEqual([
      { DeleteRequest: { Key: { pk: "p", sk: "1" } } },
      { DeleteRequest: { Key: { pk: "p", sk: "2" } } },
    ]);
  });

  it("tell each time which partitions refuse them", async () => {
    const { client } = createRecordingClient([leave(1, 2), leave(2), {}]);
    const heard: string[][] = [];
    const context = { client, tableName: "table", clock: createOwnedClock(), random: () => 0.5 };

    await writeBatches(context, manyRemoves(3), {
      onRefused: (partitions) => void heard.push([...partitions]),
    });

    expect(heard).toEqual([["p"], ["p"]]);
  });

  it("send again what was left, after longer and longer waits", async () => {
    const { done, requests, clock } = write([leave(1, 2), leave(2), {}], manyRemoves(3));

    await done;

    expect(requests.map(({ input }) => input)).toStrictEqual([
      batchParams("table", manyRemoves(3))[0],
      { RequestItems: leave(1, 2).UnprocessedItems },
      { RequestItems: leave(2).UnprocessedItems },
    ]);
    expect(clock.slept).toEqual([25, 50]);
  });

  it("start the next batch only when the one before is done", async () => {
    const { done, requests } = write([leave(0), {}, {}], manyRemoves(30));

    await done;

    expect(
      requests.map(({ input }) => (input as { RequestItems: { table: [] } }).RequestItems.table.length),
    ).toEqual([25, 1, 5]);
  });

  it("say how many were never done, after eight attempts", async () => {
    const { done, requests, clock } = write(Array(20).fill(leave(1, 2)), manyRemoves(30));

    await expect(done).rejects.toMatchObject({
      name: "StateError",
      code: "state.unprocessed_writes",
      evidence: { count: 2, attempts: 8 },
    });
    expect(requests).toHaveLength(8);
    expect(clock.slept).toEqual([25, 50, 100, 200, 400, 500, 500]);
  });

  it("let an outage through as it is", async () => {
    const outage = new Error("socket hang up");

    await expect(write([outage], manyRemoves(1)).done).rejects.toBe(outage);
  });
});
