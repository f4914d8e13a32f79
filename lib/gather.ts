/** Rejects where one of the items is to blame for it; what `run` throws is of all of them. */
export type Done<Result> = PromiseSettledResult<Result>;

export interface GatherOptions<Item> {
  /** Of one `run`. */
  readonly most: number;
  /** When what has been gathered is run: behind whatever else is called at the same moment. */
  readonly soon: (flush: () => void) => void;
  /** Of one `run`, where what an item weighs matters. An item that is heavier goes alone. */
  readonly mostWeight?: number;
  readonly weigh?: (item: Item) => number;
}

/** A function whose calls at one moment are done together: one request for several of them. In the order of the calls. */
export function gather<Item, Result>(
  options: GatherOptions<Item>,
  run: (items: readonly Item[]) => Promise<readonly Done<Result>[]>,
): (item: Item) => Promise<Result> {
  let waiting: Call<Item, Result>[] = [];
  const flush = () => {
    const calls = waiting;
    waiting = [];
    for (const together of split(calls, options)) void settle(together, run);
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (waiting.length === 1) options.soon(flush);
    });
}

interface Call<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

async function settle<Item, Result>(
  calls: readonly Call<Item, Result>[],
  run: (items: readonly Item[]) => Promise<readonly Done<Result>[]>,
): Promise<void> {
  try {
    const all = await run(calls.map(({ item }) => item));
    for (const [index, { resolve, reject }] of calls.entries()) {
      const one = all[index] as Done<Result>;
      if (one.status === "fulfilled") resolve(one.value);
      else reject(one.reason);
    }
  } catch (error) {
    for (const { reject } of calls) reject(error);
  }
}

function split<Item, Result>(
  calls: readonly Call<Item, Result>[],
  { most, mostWeight = Infinity, weigh = () => 0 }: GatherOptions<Item>,
): readonly Call<Item, Result>[][] {
  const batches: Call<Item, Result>[][] = [];
  let weight = 0;
  for (const call of calls) {
    const own = weigh(call.item);
    const last = batches.at(-1);
    if (last !== undefined && last.length < most && weight + own <= mostWeight) {
      last.push(call);
      weight += own;
    } else {
      batches.push([call]);
      weight = own;
    }
  }
  return batches;
}
