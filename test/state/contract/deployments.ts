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
}
