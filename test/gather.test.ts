import { expect, it } from "vitest";
import { gather, type GatherOptions } from "../lib/gather.ts";

function gathering({
  fails = () => false,
  ...options
}: Partial<GatherOptions<number>> & { fails?: (item: number) => boolean }) {
  const runs: (readonly number[])[] = [];
  const call = gather<number, string>({ most: 3, soon: queueMicrotask, ...options }, (items) => {
    runs.push(items);
    if (items.includes(-1)) return Promise.reject(new Error("all"));
    return Promise.resolve(
      items.map((item) =>
        fails(item)
          ? { status: "rejected", reason: new Error(`not ${item}`) }
          : { status: "fulfilled", value: `did ${item}` },
      ),
    );
  });
  return { runs, call };
}

it("does together what is called at one moment, in the order of the calls", async () => {
  const { runs, call } = gathering({});

  const results = await Promise.all([1, 2, 3, 4].map(call));
  await call(5);

  expect(results).toEqual(["did 1", "did 2", "did 3", "did 4"]);
  expect(runs).toEqual([[1, 2, 3], [4], [5]]);
});

it("parts what is too heavy to go together", async () => {
  const { runs, call } = gathering({ most: 10, mostWeight: 10, weigh: (item) => item });

  await Promise.all([4, 6, 1, 20, 2, 8, 9].map(call));

  expect(runs).toEqual([[4, 6], [1], [20], [2, 8], [9]]);
});

it("rejects for whom it failed, and for all where all of it did", async () => {
  const { call } = gathering({ fails: (item) => item === 2 });

  const some = await Promise.allSettled([1, 2, 3].map(call));
  const all = await Promise.allSettled([1, -1].map(call));

  expect(some).toMatchObject([{ value: "did 1" }, { reason: { message: "not 2" } }, { value: "did 3" }]);
  expect(all).toMatchObject([{ reason: { message: "all" } }, { reason: { message: "all" } }]);
});
