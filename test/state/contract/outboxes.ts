import { beforeEach, expect, it } from "vitest";
import { toConnectionId, toSid } from "../../../lib/ids.ts";
import { MAX_OUTBOX_BYTES } from "../../../lib/state/row-limits.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import {
  appendOf,
  beatOf,
  createOwnedClock,
  getOf,
  handshakeOf,
  pollingSessionOf,
  probeOf,
  sidOf,
  START_MS,
} from "../fixtures.ts";

export function describeOutboxes(makeStore: MakeStore): void {
  const sid = sidOf(1);
  const empty = { sid, frames: [], lastGetUntilMs: START_MS, closed: false };
  const appended = { outcome: "appended", lastGetUntilMs: START_MS };
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
  });

  const create = () =>
    store.createPollingSession(pollingSessionOf(sid), handshakeOf(), beatOf(sid, { route: { kind: "out" } }));
  const append = (...frames: readonly string[]) => store.appendOutbox(appendOf(sid, frames));
  const move = async (to = "ws=") => {
    await store.startProbe(probeOf(sid, to));
    expect(await store.moveOutbox(sid, toConnectionId(to))).toBe(true);
  };
  const framesOf = async () => (await store.readOutbox(sid))?.frames;

  it("gives a GET sixteen frames at most, and the close behind all of them to the last", async () => {
    const frames = Array.from({ length: 40 }, (_, index) => `4${index}`);
    await create();
    await append(...frames.slice(0, 20));
    await store.openGet(getOf(sid, "g1"));
    const seen = await framesOf();
    await append(...frames.slice(20));

    expect(await store.endGet(sid, "g1", START_MS, seen)).toEqual({
      frames: frames.slice(0, 16),
      closed: false,
    });
    expect(await framesOf()).toEqual(frames.slice(16));
    await store.closeOutbox(sid, ["1"]);
    await store.openGet(getOf(sid, "g2"));
    expect(await store.endGet(sid, "g2", START_MS)).toEqual({ frames: frames.slice(16, 32), closed: false });
    await store.openGet(getOf(sid, "g3"));
    expect(await store.endGet(sid, "g3", START_MS)).toEqual({
      frames: [...frames.slice(32), "1"],
      closed: true,
    });
  });

  it("counts what is left when a GET has taken the first of many: the rest, and then nothing", async () => {
    await create();
    await append(...Array.from({ length: 17 }, () => "x".repeat(100)));
    await store.openGet(getOf(sid, "g1"));
    await store.endGet(sid, "g1", START_MS);

    expect(await store.appendOutbox(appendOf(sid, ["2"], { capBytes: 101 }))).toEqual({ outcome: "full" });
    expect(await store.appendOutbox(appendOf(sid, ["2"], { capBytes: 102 }))).toMatchObject({
      outcome: "appended",
    });
    await store.openGet(getOf(sid, "g2"));
    expect((await store.endGet(sid, "g2", START_MS))?.frames).toEqual(["x".repeat(100), "2"]);
    await move();
  });

  it("takes no others than those that are first, whatever the caller has seen", async () => {
    const [early, late] = ["a", "b"].map((name) =>
      Array.from({ length: 17 }, (_, index) => `4${name}${index}`),
    );
    await create();
    await append(...early!);
    await store.openGet(getOf(sid, "g1"));
    await store.takeOutbox(sid);
    await append(...late!);

    expect((await store.endGet(sid, "g1", START_MS, early))?.frames).toEqual(late!.slice(0, 16));
  });

  it("knows nothing of an outbox that was never made, and makes none", async () => {
    expect(await append("2")).toEqual({ outcome: "gone" });
    expect(await store.closeOutbox(sid, ["1"])).toBe(false);
    expect(await store.openGet(getOf(sid, "g1"))).toEqual({ outcome: "gone" });
    expect(await store.endGet(sid, "g1", START_MS)).toBeUndefined();
    await store.deleteOutbox(sid);
    expect(await store.readOutbox(sid)).toBeUndefined();
  });

  it("creates a polling session whole", async () => {
    await create();

    expect(await store.loadSession(sid, { handshake: true })).toStrictEqual({
      session: pollingSessionOf(sid),
      sockets: [],
      joined: [],
      owned: [],
      handshake: handshakeOf(),
      auths: [],
    });
    expect(await store.readOutbox(sid)).toStrictEqual(empty);
    expect(await store.getBeat(sid, 240_000)).toStrictEqual(beatOf(sid, { route: { kind: "out" } }));
  });

  it("keeps a pong when the beat is opened after it was created", async () => {
    await create();
    await store.recordPong(sid, 240_000, START_MS + 9);

    await store.openBeat(beatOf(sid, { route: { kind: "out" } }));

    expect((await store.getBeat(sid, 240_000))?.lastPongAtMs).toBe(START_MS + 9);
  });

  it("appends in order, whatever the frames are made of", async () => {
    await create();

    expect(await append('42["a"]', "bAQID")).toEqual(appended);
    expect(await append()).toEqual(appended);
    expect(await append('42["é😀\u0000"]', "2", "2")).toEqual(appended);

    expect(await framesOf()).toEqual(['42["a"]', "bAQID", '42["é😀\u0000"]', "2", "2"]);
  });

  it("keeps outboxes apart", async () => {
    await create();
    const other = sidOf(2);
    await store.createPollingSession(pollingSessionOf(other), handshakeOf(), beatOf(other));

    await append("2");

    expect((await store.readOutbox(other))?.frames).toEqual([]);
  });

  it("hands out copies", async () => {
    await create();
    const frames = ["2"];
    await store.appendOutbox(appendOf(sid, frames));

    frames.push("6");
    Object.assign((await store.readOutbox(sid)) ?? {}, { closed: true });

    expect(await store.readOutbox(sid)).toStrictEqual({ ...empty, frames: ["2"] });
  });

  it("is full from its cap on, counting bytes and one after each frame", async () => {
    await create();
    const capped = (capBytes: number) => store.appendOutbox(appendOf(sid, ["é😀"], { capBytes }));

    expect(await capped(0)).toEqual({ outcome: "full" });
    expect(await capped(1)).toEqual(appended);
    expect(await capped(7)).toEqual({ outcome: "full" });
    expect(await capped(8)).toEqual(appended);
    expect(await capped(14)).toEqual({ outcome: "full" });

    expect(await framesOf()).toEqual(["é😀", "é😀"]);
  });

  it("is full for what no row would hold, and holds what just fits beside a large answer", async () => {
    await create();
    const large = "x".repeat(MAX_OUTBOX_BYTES - 1);
    const capBytes = 256 * 1024;

    expect(await append(`${large}x`)).toEqual({ outcome: "full" });
    for (const id of ["g1", "g2"]) {
      expect(await append(large)).toEqual(appended);
      expect(await append("2")).toEqual({ outcome: "full" });
      await store.openGet(getOf(sid, id));
      expect((await store.endGet(sid, id, START_MS))?.frames).toEqual([large]);
    }
    expect(await append("x".repeat(capBytes - 2))).toEqual(appended);
    expect(await append("x".repeat(MAX_OUTBOX_BYTES - capBytes))).toEqual(appended);
    expect(await append("2")).toEqual({ outcome: "full" });
  });

  it("appends beside a small answer that was just taken as if it were not there", async () => {
    await create();
    const large = "x".repeat(MAX_OUTBOX_BYTES - 1);
    await append("x".repeat(8 * 1024 - 1));
    await store.openGet(getOf(sid, "g1"));
    await store.endGet(sid, "g1", START_MS);

    expect(await append(large)).toEqual(appended);
    expect(clock.slept).toEqual([]);
  });

  it("appends what only a parked GET should hear, while it is parked", async () => {
    await create();
    const volatile = (nowMs: number, capBytes = 100) =>
      store.appendOutbox(appendOf(sid, ["42[]"], { onlyIfParked: true, nowMs, capBytes }));

    expect(await volatile(START_MS)).toEqual({ outcome: "unparked" });
    await store.openGet(getOf(sid, "g1"));
    expect(await volatile(START_MS + 19_999)).toEqual({
      outcome: "appended",
      lastGetUntilMs: START_MS + 20_000,
    });
    expect(await volatile(START_MS + 20_000)).toEqual({ outcome: "unparked" });
    expect(await volatile(START_MS + 20_000, 0)).toEqual({ outcome: "unparked" });
    expect(await volatile(START_MS, 0)).toEqual({ outcome: "full" });

    expect(await framesOf()).toEqual(["42[]"]);
  });

  it("closes with the last frames for a parked GET, in one go", async () => {
    await create();
    const last = () => store.appendOutbox(appendOf(sid, ["1"], { onlyIfParked: true, closes: true }));
    expect(await last()).toEqual({ outcome: "unparked" });
    await store.openGet(getOf(sid, "g1"));

    expect(await last()).toMatchObject({ outcome: "appended" });

    expect(await last()).toEqual({ outcome: "gone" });
    expect(await store.endGet(sid, "g1", START_MS)).toEqual({ frames: ["1"], closed: true });
    await store.openGet(getOf(sid, "g2"));
    expect(await last()).toEqual({ outcome: "gone" });
  });

  it("tells on each append when the last GET is to end, or has ended", async () => {
    await create();

    expect(await append("2")).toEqual(appended);
    await store.openGet(getOf(sid, "g1", START_MS + 100));
    expect(await append("2")).toEqual({ outcome: "appended", lastGetUntilMs: START_MS + 20_100 });
    await store.endGet(sid, "g1", START_MS + 300);
    expect(await append("2")).toEqual({ outcome: "appended", lastGetUntilMs: START_MS + 300 });
  });

  it("opens a GET with what waits, and ends it with what has come since", async () => {
    await create();
    await append("2");

    const opened = await store.openGet(getOf(sid, "g1"));
    await append('42["a"]', '42["b"]');
    const ended = await store.endGet(sid, "g1", START_MS + 70);

    const get = { id: "g1", untilMs: START_MS + 20_000 };
    expect(opened).toStrictEqual({
      outcome: "opened",
      outbox: { ...empty, frames: ["2"], get, lastGetUntilMs: START_MS + 20_000 },
    });
    expect(ended).toStrictEqual({ frames: ["2", '42["a"]', '42["b"]'], closed: false });
    expect(await store.readOutbox(sid)).toStrictEqual({ ...empty, lastGetUntilMs: START_MS + 70 });
  });

  it("gives every frame to one GET, also when the next begins at once", async () => {
    await create();
    const heard: string[][] = [];
    for (const id of ["g1", "g2", "g3"]) {
      await store.openGet(getOf(sid, id));
      if (id !== "g2") await append(`4${id}`);
      heard.push([...((await store.endGet(sid, id, START_MS))?.frames ?? ["none"])]);
      await append(`4 after ${id}`);
    }

    expect(heard).toEqual([["4g1"], ["4 after g1"], ["4 after g2", "4g3"]]);
    expect(await framesOf()).toEqual(["4 after g3"]);
  });

  it("parks one GET of two at once", async () => {
    await create();

    const outcomes = await Promise.all([store.openGet(getOf(sid, "g1")), store.openGet(getOf(sid, "g2"))]);

    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(["opened", "overlap"]);
  });

  it("does not let a GET end another's, nor its own twice", async () => {
    await create();
    await append("2");
    await store.openGet(getOf(sid, "g1"));

    expect(await store.openGet(getOf(sid, "g2"))).toEqual({ outcome: "overlap" });
    expect(await store.endGet(sid, "g2", START_MS)).toBeUndefined();
    expect(await store.endGet(sid, "g1", START_MS)).toEqual({ frames: ["2"], closed: false });
    expect(await store.endGet(sid, "g1", START_MS)).toBeUndefined();
  });

  it("counts a GET past its time as none, but lets it end late while nobody took its place", async () => {
    await create();
    await append("2");
    await store.openGet(getOf(sid, "g1"));

    expect(await store.openGet(getOf(sid, "g2", START_MS + 19_999))).toEqual({ outcome: "overlap" });
    expect(await store.openGet(getOf(sid, "g2", START_MS + 20_000))).toMatchObject({ outcome: "opened" });
    expect(await store.endGet(sid, "g1", START_MS + 20_001)).toBeUndefined();
    expect(await store.endGet(sid, "g2", START_MS + 99_000)).toEqual({ frames: ["2"], closed: false });
  });

  it("closes with its last frames, and leaves them to one GET", async () => {
    await create();
    await append("2");

    expect(await store.closeOutbox(sid, ["41", "1"])).toBe(true);
    expect(await store.closeOutbox(sid, ["1"])).toBe(false);
    expect(await append("2")).toEqual({ outcome: "gone" });

    expect(await store.openGet(getOf(sid, "g1"))).toMatchObject({
      outcome: "opened",
      outbox: { frames: ["2", "41", "1"], closed: true },
    });
    expect(await store.endGet(sid, "g1", START_MS)).toEqual({ frames: ["2", "41", "1"], closed: true });
    await store.openGet(getOf(sid, "g2"));
    expect(await store.endGet(sid, "g2", START_MS)).toEqual({ frames: [], closed: true });
  });

  it("closes under a GET that is parked, which hears of it", async () => {
    await create();
    await store.openGet(getOf(sid, "g1"));

    expect(await store.closeOutbox(sid, [])).toBe(true);

    expect(await store.readOutbox(sid)).toMatchObject({ closed: true, get: { id: "g1" } });
    expect(await store.endGet(sid, "g1", START_MS)).toEqual({ frames: [], closed: true });
  });

  it("closes once, also beyond its cap", async () => {
    await create();
    const frame = "x".repeat(MAX_OUTBOX_BYTES - 1);
    await append(frame);

    const closed = await Promise.all([store.closeOutbox(sid, ["1"]), store.closeOutbox(sid, ["1"])]);

    expect(closed.toSorted()).toEqual([false, true]);
    expect(await framesOf()).toEqual([frame, "1"]);
  });

  it("sends elsewhere once it has moved", async () => {
    await create();
    await move();

    expect(await append("2")).toEqual({ outcome: "moved", target: "ws=" });
    expect(await store.appendOutbox(appendOf(sid, ["2"], { onlyIfParked: true, capBytes: 0 }))).toEqual({
      outcome: "moved",
      target: "ws=",
    });
    expect(await store.openGet(getOf(sid, "g1"))).toEqual({ outcome: "moved" });
    expect(await store.closeOutbox(sid, ["1"])).toBe(false);
    expect(await store.readOutbox(sid)).toStrictEqual({ ...empty, movedTo: "ws=" });
  });

  it("is gone when it is deleted", async () => {
    await create();
    await append("2");

    await store.deleteOutbox(sid);
    await store.deleteOutbox(sid);

    expect(await store.readOutbox(sid)).toBeUndefined();
    expect(await append("2")).toEqual({ outcome: "gone" });
  });

  it("is gone with its session", async () => {
    const expiresAtMs = pollingSessionOf(sid).expiresAtSeconds * 1000;
    await create();
    await store.openGet(getOf(sid, "g1", expiresAtMs - 5_000));
    await store.startProbe(probeOf(sid, "ws="));

    clock.set(expiresAtMs - 1);
    expect(await append("2")).toMatchObject({ outcome: "appended" });

    clock.set(expiresAtMs);
    expect(await store.readOutbox(sid)).toBeUndefined();
    expect(await append("2")).toEqual({ outcome: "gone" });
    expect(await store.closeOutbox(sid, ["1"])).toBe(false);
    expect(await store.endGet(sid, "g1", expiresAtMs)).toBeUndefined();
    expect(await store.openGet(getOf(sid, "g2", expiresAtMs + 60_000))).toEqual({ outcome: "gone" });
    expect(await store.takeOutbox(sid)).toEqual([]);
    expect(await store.endProbe(sid, toConnectionId("ws="))).toBe(false);
    expect(await store.startProbe(probeOf(sid, "ws="))).toBe("gone");
    expect(await store.moveOutbox(sid, toConnectionId("ws="))).toBe(false);
    expect(await store.upgradeSession(sid, toConnectionId("ws="))).toBe(false);
  });

  it("refuses an id that is none", async () => {
    const malformed = { code: "state.malformed_sid" };
    const none = toSid("short");

    await expect(store.appendOutbox(appendOf(none, ["2"]))).rejects.toMatchObject(malformed);
    await expect(store.readOutbox(none)).rejects.toMatchObject(malformed);
    await expect(store.openGet(getOf(none, "g1"))).rejects.toMatchObject(malformed);
    await expect(store.endGet(none, "g1", START_MS)).rejects.toMatchObject(malformed);
    await expect(store.takeOutbox(none)).rejects.toMatchObject(malformed);
    await expect(store.deleteOutbox(none)).rejects.toMatchObject(malformed);
    await expect(store.upgradeSession(none, toConnectionId("ws="))).rejects.toMatchObject(malformed);
  });
}
