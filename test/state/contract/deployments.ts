import { beforeEach, expect, it } from "vitest";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import { createOwnedClock, START_MS } from "../fixtures.ts";

export function describeDeployments(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
  });

  const queue = { mailboxUrl: "https://sqs.example/mailbox.fifo", savedAtMs: START_MS };
  const direct = { inboxFunction: "chat-dev-inbox", savedAtMs: START_MS + 60_000 };

  it("knows of no deployment before one was saved", async () => {
    expect(await store.getDeployment()).toBeUndefined();
  });

  it("knows of the last one that was saved, with nothing left of the one before", async () => {
    await store.saveDeployment(queue);
    expect(await store.getDeployment()).toStrictEqual(queue);

    await store.saveDeployment(direct);

    expect(await store.getDeployment()).toStrictEqual(direct);
  });

  it("forgets one that was not saved for a day", async () => {
    await store.saveDeployment(queue);

    clock.set(START_MS + 24 * 60 * 60 * 1000 - 1000);
    expect(await store.getDeployment()).toStrictEqual(queue);
    clock.set(START_MS + 24 * 60 * 60 * 1000 + 1000);

    expect(await store.getDeployment()).toBeUndefined();
  });

  it("counts processes that poll by span of time, and tells of the busier of two spans", async () => {
    const counts = [];
    for (const span of [7, 7, 7, 8, 8, 8, 8, 9, 11]) counts.push(await store.countPoller(span));

    expect(counts).toEqual([1, 2, 3, 3, 3, 3, 4, 4, 1]);
  });

  it("counts every one of those that come at once", async () => {
    const counts = await Promise.all(Array.from({ length: 20 }, () => store.countPoller(3)));

    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it("forgets a count after ten minutes", async () => {
    await store.countPoller(7);
    await store.countPoller(7);

    clock.set(START_MS + 11 * 60 * 1000);

    expect(await store.countPoller(8)).toBe(1);
  });
}
