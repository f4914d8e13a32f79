import { beforeEach, expect, it } from "vitest";
import { openedAtMs } from "../../../lib/ids.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import {
  beatOf,
  collect,
  connectionRoute,
  createOwnedClock,
  sessionOf,
  sidOf,
  START_MS,
  sweepOf,
} from "../fixtures.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export function describeBeats(makeStore: MakeStore): void {
  const sid = sidOf(1);
  const INTERVAL_MS = 240_000;
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
  });

  const lastPong = async () => (await store.getBeat(sid, INTERVAL_MS))?.lastPongAtMs;

  it("keeps that OPEN was sent late, through pongs", async () => {
    const late = beatOf(sidOf(1), { openedLateAtMs: START_MS + 60_000 });
    await store.openBeat(late);
    await store.recordPong(sidOf(1), 240_000, START_MS + 90_000);

    expect(await store.getBeat(sidOf(1), 240_000)).toStrictEqual({
      ...late,
      lastPongAtMs: START_MS + 90_000,
    });
  });

  it("opens, tells and deletes a beat", async () => {
    expect(await store.getBeat(sid, INTERVAL_MS)).toBeUndefined();

    await store.openBeat(beatOf(sid));
    expect(await store.getBeat(sid, INTERVAL_MS)).toStrictEqual(beatOf(sid));
    expect(await store.getBeat(sid, 25_000)).toBeUndefined();

    await store.deleteBeat(sid, INTERVAL_MS);
    await store.deleteBeat(sid, INTERVAL_MS);
    expect(await store.getBeat(sid, INTERVAL_MS)).toBeUndefined();
  });

  it("records a pong where there is a beat, and never makes one", async () => {
    expect(await store.recordPong(sid, INTERVAL_MS, START_MS)).toBe(false);
    expect(await store.getBeat(sid, INTERVAL_MS)).toBeUndefined();

    await store.openBeat(beatOf(sid));
    expect(await store.recordPong(sid, INTERVAL_MS, START_MS + 5)).toBe(true);
    expect(await store.recordPong(sid, 25_000, START_MS + 9)).toBe(false);

    expect(await lastPong()).toBe(START_MS + 5);
  });

  it("never moves a pong back, and says that the beat is there", async () => {
    await store.openBeat(beatOf(sid));
    await store.recordPong(sid, INTERVAL_MS, START_MS + 500);

    expect(await store.recordPong(sid, INTERVAL_MS, START_MS + 400)).toBe(true);
    expect(await store.recordPong(sid, INTERVAL_MS, START_MS + 500)).toBe(true);

    expect(await lastPong()).toBe(START_MS + 500);
  });

  it("keeps the latest of pongs that arrive at once", async () => {
    await store.openBeat(beatOf(sid));
    const times = [3, 9, 1, 7, 5].map((offset) => START_MS + offset);

    const recorded = await Promise.all(times.map((atMs) => store.recordPong(sid, INTERVAL_MS, atMs)));

    expect(recorded).toEqual([true, true, true, true, true]);
    expect(await lastPong()).toBe(START_MS + 9);
  });

  it("keeps a pong when OPEN is handled again, and takes the new route", async () => {
    await store.openBeat(beatOf(sid, { route: { kind: "out" } }));
    await store.recordPong(sid, INTERVAL_MS, START_MS + 7);

    await store.openBeat(beatOf(sid, { route: connectionRoute("new=") }));

    expect(await store.getBeat(sid, INTERVAL_MS)).toStrictEqual(
      beatOf(sid, { route: connectionRoute("new="), lastPongAtMs: START_MS + 7 }),
    );
  });

  it.each([1_000, 25_000, 240_000])(
    "lists the beats of a range of phases of %i ms",
    async (pingIntervalMs) => {
      const beats = Array.from({ length: 30 }, (_, index) =>
        beatOf(sidOf(index, START_MS + index * 37), { pingIntervalMs }),
      );
      await Promise.all(beats.map((beat) => store.openBeat(beat)));
      await store.openBeat(beatOf(sidOf(99), { pingIntervalMs: pingIntervalMs + 1 }));
      const phases = beats.map((beat) => openedAtMs(beat.sid) % pingIntervalMs);
      const some = phases[12] ?? 0;

      const list = async (from: number, to: number) =>
        (await collect(store.listBeats(pingIntervalMs, from, to))).map((beat) => beat.sid).toSorted();
      const expected = (from: number, to: number) =>
        beats
          .filter((_, index) => from <= (phases[index] ?? -1) && (phases[index] ?? -1) < to)
          .map((beat) => beat.sid)
          .toSorted();

      expect(await list(0, pingIntervalMs)).toEqual(beats.map((beat) => beat.sid).toSorted());
      expect(await list(some, some + 1)).toEqual([beats[12]?.sid]);
      expect(await list(some + 1, pingIntervalMs)).toEqual(expected(some + 1, pingIntervalMs));
      expect(await list(0, some)).toEqual(expected(0, some));
      expect(await list(some, some)).toEqual([]);
      expect(await list(pingIntervalMs, pingIntervalMs)).toEqual([]);
    },
  );

  it("lists whole beats, page by page", async () => {
    store = await makeStore({ clock, pageLimit: 2 });
    const sids = Array.from({ length: 11 }, (_, index) => sidOf(index, START_MS + index));
    await Promise.all(sids.map((each) => store.openBeat(beatOf(each, { pingIntervalMs: 1_000 }))));

    const pages: number[] = [];
    for await (const page of store.listBeats(1_000, 0, 1_000)) pages.push(page.length);
    const all = await collect(store.listBeats(1_000, 0, 1_000));

    expect(pages.reduce((total, size) => total + size)).toBe(11);
    expect(Math.max(...pages)).toBe(2);
    expect(all.find((beat) => beat.sid === sids[3])).toStrictEqual(
      beatOf(sidOf(3, START_MS + 3), { pingIntervalMs: 1_000 }),
    );
  });

  it.each([1_000, 25_000, 240_000])("tells whether there is any beat of %i ms", async (pingIntervalMs) => {
    expect(await store.hasBeats(pingIntervalMs)).toBe(false);
    await store.openBeat(beatOf(sid, { pingIntervalMs: pingIntervalMs + 1 }));
    expect(await store.hasBeats(pingIntervalMs)).toBe(false);

    const sids = Array.from({ length: 12 }, (_, index) => sidOf(index, START_MS + index));
    for (const each of sids) {
      await store.openBeat(beatOf(each, { pingIntervalMs }));
      expect(await store.hasBeats(pingIntervalMs)).toBe(true);
      await store.deleteBeat(each, pingIntervalMs);
      expect(await store.hasBeats(pingIntervalMs)).toBe(false);
    }
  });

  it("finds a beat behind many that have expired", async () => {
    const old = Array.from({ length: 50 }, (_, index) => sidOf(index, START_MS));
    await Promise.all(old.map((each) => store.openBeat(beatOf(each, { pingIntervalMs: 1_000 }))));
    clock.set(sessionOf(old[0]!).expiresAtSeconds * 1000);
    expect(await store.hasBeats(1_000)).toBe(false);

    await store.openBeat(beatOf(sidOf(99, clock.nowMs() + 999), { pingIntervalMs: 1_000 }));

    expect(await store.hasBeats(1_000)).toBe(true);
  });

  it("forgets a beat with its session", async () => {
    await store.openBeat(beatOf(sid));

    clock.set(sessionOf(sid).expiresAtSeconds * 1000 - 1);
    expect(await store.recordPong(sid, INTERVAL_MS, clock.nowMs())).toBe(true);

    clock.set(sessionOf(sid).expiresAtSeconds * 1000);
    expect(await store.getBeat(sid, INTERVAL_MS)).toBeUndefined();
    expect(await store.recordPong(sid, INTERVAL_MS, clock.nowMs())).toBe(false);
    expect(await collect(store.listBeats(INTERVAL_MS, 0, INTERVAL_MS))).toEqual([]);
    expect(await store.hasBeats(INTERVAL_MS)).toBe(false);
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 10_000_000_000])(
    "refuses a ping interval of %d ms",
    async (pingIntervalMs) => {
      const bad = { code: "state.bad_interval" };

      await expect(store.openBeat(beatOf(sid, { pingIntervalMs }))).rejects.toMatchObject(bad);
      await expect(store.recordPong(sid, pingIntervalMs, START_MS)).rejects.toMatchObject(bad);
      await expect(collect(store.listBeats(pingIntervalMs, 0, 1))).rejects.toMatchObject(bad);
      await expect(store.hasBeats(pingIntervalMs)).rejects.toMatchObject(bad);
      await expect(store.saveSweep(sweepOf({ pingIntervalMs }), undefined)).rejects.toMatchObject(bad);
    },
  );

  it("creates a sweep once, and moves it on from where it was seen", async () => {
    expect(await store.listSweeps()).toEqual([]);
    expect(await store.saveSweep(sweepOf(), START_MS)).toBe(false);

    expect(await store.saveSweep(sweepOf(), undefined)).toBe(true);
    expect(await store.saveSweep(sweepOf(), undefined)).toBe(false);
    expect(await store.listSweeps()).toStrictEqual([sweepOf()]);

    const next = sweepOf({ pingedUntilMs: START_MS + 60_000 });
    expect(await store.saveSweep(next, START_MS - 1)).toBe(false);
    expect(await store.saveSweep(next, START_MS)).toBe(true);
    expect(await store.saveSweep(next, START_MS)).toBe(false);
    expect(await store.listSweeps()).toStrictEqual([next]);
  });

  it("lets one of two overlapping sweeps go on", async () => {
    await store.saveSweep(sweepOf(), undefined);
    const to = (pingedUntilMs: number) => store.saveSweep(sweepOf({ pingedUntilMs }), START_MS);

    const saved = await Promise.all([to(START_MS + 1), to(START_MS + 2)]);

    expect(saved.toSorted()).toEqual([false, true]);
  });

  it("keeps a sweep for each interval, and deletes one", async () => {
    const sweeps = [1_000, 25_000, 240_000].map((pingIntervalMs) => sweepOf({ pingIntervalMs }));
    for (const sweep of sweeps) await store.saveSweep(sweep, undefined);

    await store.deleteSweep(25_000);
    await store.deleteSweep(25_000);

    const left = (await store.listSweeps()).map(({ pingIntervalMs }) => pingIntervalMs);
    expect(left.toSorted((a, b) => a - b)).toEqual([1_000, 240_000]);
  });

  it("forgets a sweep that was not saved for a day", async () => {
    clock.set(Math.ceil(START_MS / 1000) * 1000);
    const startMs = clock.nowMs();
    await store.saveSweep(sweepOf(), undefined);

    clock.set(startMs + DAY_MS - 1);
    expect(await store.listSweeps()).toHaveLength(1);
    clock.set(startMs + DAY_MS);
    expect(await store.listSweeps()).toEqual([]);
    expect(await store.saveSweep(sweepOf({ pingedUntilMs: 1 }), START_MS)).toBe(false);
    expect(await store.saveSweep(sweepOf({ pingedUntilMs: 1 }), undefined)).toBe(true);
  });
}
