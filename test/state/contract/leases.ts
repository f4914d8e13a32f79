import { beforeEach, expect, it } from "vitest";
import type { Sid } from "../../../lib/ids.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import { createOwnedClock, sessionOf, sidOf, START_MS } from "../fixtures.ts";

export function describeLeases(makeStore: MakeStore): void {
  const sid = sidOf(1);
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
  });

  const take = (holder: string, nowMs = START_MS, of = sid) =>
    store.takeLease({ sid: of, holder, nowMs, untilMs: nowMs + 5000 });

  it("gives a lease to one of two", async () => {
    const taken = await Promise.all([take("a"), take("b")]);

    expect(taken.toSorted()).toEqual([false, true]);
  });

  it("gives it to its holder again, for as long as that says", async () => {
    await take("a");

    expect(await take("a", START_MS + 4000)).toBe(true);
    expect(await take("b", START_MS + 8999)).toBe(false);
    expect(await take("b", START_MS + 9000)).toBe(true);
    expect(await take("a", START_MS + 9001)).toBe(false);
  });

  it("gives each session's to another", async () => {
    expect(await take("a")).toBe(true);
    expect(await take("b", START_MS, sidOf(2))).toBe(true);
  });

  it("ends it for its holder alone, once, late or not", async () => {
    await take("a");

    expect(await store.endLease(sid, "b")).toBe(false);
    expect(await take("b")).toBe(false);
    expect(await store.endLease(sid, "a")).toBe(true);
    expect(await store.endLease(sid, "a")).toBe(false);
    expect(await take("b")).toBe(true);
    expect(await take("c", START_MS + 5000)).toBe(true);
    expect(await store.endLease(sid, "b")).toBe(false);
    expect(await store.endLease(sid, "c")).toBe(true);
  });

  it("ends none that nobody took", async () => {
    expect(await store.endLease(sid, "a")).toBe(false);
    expect(await store.endLease(sid, "")).toBe(false);
  });

  it("forgets it with its session", async () => {
    await store.takeLease({ sid, holder: "a", nowMs: START_MS, untilMs: Number.MAX_SAFE_INTEGER });
    const endsMs = sessionOf(sid).expiresAtSeconds * 1000;

    clock.set(endsMs - 1);
    expect(await take("b", endsMs - 1)).toBe(false);
    clock.set(endsMs);

    expect(await store.endLease(sid, "a")).toBe(false);
    expect(await take("b", endsMs)).toBe(true);
  });

  it("refuses what is no session id", async () => {
    const malformed = { code: "state.malformed_sid" };

    await expect(take("a", START_MS, "session" as Sid)).rejects.toMatchObject(malformed);
    await expect(store.endLease("session" as Sid, "a")).rejects.toMatchObject(malformed);
  });
}
