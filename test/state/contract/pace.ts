import { beforeEach, expect, it } from "vitest";
import { MAX_RESERVED_MS } from "../../../lib/state/pace-store.ts";
import type { Store } from "../../../lib/state/store.ts";
import { createOwnedClock, START_MS } from "../fixtures.ts";
import type { MakeStore } from "./make-store.ts";

export function describePace(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
  });

  const reserve = async (durationMs: number, nowMs = START_MS) =>
    (await store.reservePosts({ durationMs, nowMs })).untilMs;

  it("is reserved from now on, and behind what is reserved", async () => {
    expect(await reserve(10.5)).toBe(START_MS + 10.5);
    expect(await reserve(20)).toBe(START_MS + 30.5);
    expect(await reserve(1, START_MS + 30)).toBe(START_MS + 31.5);
    expect(await reserve(1, START_MS + 5_000)).toBe(START_MS + 5_001);
  });

  it("gives each of many a time of its own", async () => {
    const ends = await Promise.all(Array.from({ length: 12 }, () => reserve(10)));

    expect(ends.toSorted()).toEqual(Array.from({ length: 12 }, (_, index) => START_MS + 10 * (index + 1)));
  });

  it("does not go by what a clock has reserved that was wrong", async () => {
    await reserve(10, START_MS + MAX_RESERVED_MS);

    expect(await reserve(10)).toBe(START_MS + 10);
  });

  it("tells everyone who reserves of the last cut", async () => {
    const cut = { pace: 7_125, atMs: START_MS };
    await reserve(10);

    expect(await store.cutPace(cut, START_MS - 1_000)).toBe(true);
    expect(await store.reservePosts({ durationMs: 5, nowMs: START_MS })).toStrictEqual({
      untilMs: START_MS + 15,
      cut,
    });
    expect(await store.reservePosts({ durationMs: 5, nowMs: START_MS + 100 })).toStrictEqual({
      untilMs: START_MS + 105,
      cut,
    });
  });

  it("is cut once by those who have seen the same refusals", async () => {
    const cuts = await Promise.all(
      [1, 2, 3].map((index) => store.cutPace({ pace: 7_000, atMs: START_MS + index }, START_MS)),
    );

    expect(cuts.filter(Boolean)).toHaveLength(1);
    expect(await store.cutPace({ pace: 5_000, atMs: START_MS + 2_000 }, START_MS + 1_000)).toBe(true);
    expect((await store.reservePosts({ durationMs: 5, nowMs: START_MS })).cut?.pace).toBe(5_000);
  });

  it("is cut before anybody has reserved", async () => {
    expect(await store.cutPace({ pace: 7_000, atMs: START_MS }, START_MS)).toBe(true);
    expect(await reserve(10)).toBe(START_MS + 10);
  });

  it("is nobody's after ten minutes", async () => {
    await reserve(15 * 60_000);
    clock.set(START_MS + 11 * 60_000);

    expect(await reserve(10, START_MS + 11 * 60_000)).toBe(START_MS + 11 * 60_000 + 10);
  });
}
