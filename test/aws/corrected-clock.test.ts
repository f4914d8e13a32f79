import { beforeEach, describe, expect, it } from "vitest";
import { CorrectedClock } from "../../lib/aws/corrected-clock.ts";

const NOW_MS = Date.UTC(2026, 10, 28);
const MINUTE_MS = 60_000;

/** What AWS has stamped, at a time. */
const events: Record<string, (atMs: number) => unknown> = {
  "a WebSocket's": (atMs) => ({ requestContext: { requestTimeEpoch: atMs } }),
  "an HTTP API's": (atMs) => ({ requestContext: { timeEpoch: atMs } }),
  "a queue's": (atMs) => ({ Records: [{ attributes: { SentTimestamp: String(atMs) } }] }),
};
const fresh = Object.entries(events).filter(([name]) => name !== "a queue's");

let wrong: number[];
let clock: CorrectedClock;

beforeEach(() => {
  wrong = [];
  clock = new CorrectedClock({ nowMs: () => NOW_MS, sleep: () => Promise.resolve() }, (offMs) =>
    wrong.push(offMs),
  );
});

describe.each(Object.entries(events))("the clock of an instance, by %s time,", (_, eventAt) => {
  it.each([0, 1_500, -1_500, -14_000])("stays as it is where they are %d ms apart", (apartMs) => {
    clock.hear(eventAt(NOW_MS + apartMs));
    expect(clock.nowMs()).toBe(NOW_MS);
    expect(wrong).toEqual([]);
  });

  it("is put forward where it is a minute behind, and says so once", () => {
    clock.hear(eventAt(NOW_MS + MINUTE_MS));
    clock.hear(eventAt(NOW_MS + MINUTE_MS + 100));
    expect(clock.nowMs()).toBe(NOW_MS + MINUTE_MS);
    expect(wrong).toEqual([-MINUTE_MS]);
  });

  it.each([2, -2])("is left alone by an example of %d hours from now", (hours) => {
    clock.hear(eventAt(NOW_MS + hours * 60 * MINUTE_MS));
    expect(clock.nowMs()).toBe(NOW_MS);
  });
});

it.each(fresh)("the clock of an instance is put back by %s time where it is a minute ahead", (_, eventAt) => {
  clock.hear(eventAt(NOW_MS - MINUTE_MS));
  expect(clock.nowMs()).toBe(NOW_MS - MINUTE_MS);
  expect(wrong).toEqual([MINUTE_MS]);
});

it("the clock of an instance is not put back by a letter that has waited", () => {
  clock.hear(events["a queue's"]?.(NOW_MS - 10 * MINUTE_MS));
  expect(clock.nowMs()).toBe(NOW_MS);
});

it.each([
  {},
  { Records: [] },
  { Records: [{ messageId: "1" }] },
  { requestContext: {} },
  { time: "2026-11-28T00:00:00Z" },
])("the clock of an instance stays as it is at %j", (event) => {
  clock.hear(event);
  expect(clock.nowMs()).toBe(NOW_MS);
  expect(wrong).toEqual([]);
});
