import { describe, expect, it } from "vitest";
import { createPid } from "../../lib/ids.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import { describeStoreContract } from "./contract.ts";
import {
  beatOf,
  connectOf,
  createOwnedClock,
  handshakeOf,
  packetOf,
  pollingSessionOf,
  memberOf,
  questionOf,
  sessionOf,
  sidOf,
  socketIdOf,
  sweepOf,
} from "./fixtures.ts";

describeStoreContract("the memory store", ({ clock, pageLimit }) =>
  createMemoryStore({ clock, ...(pageLimit === undefined ? {} : { pageSize: pageLimit }) }),
);

describe("the memory store's count", () => {
  it("tells the live rows of each kind", async () => {
    const clock = createOwnedClock();
    const store = createMemoryStore({ clock });
    const sid = sidOf(1);

    await store.createSession(sessionOf(sid), handshakeOf());
    await store.connectSocket(connectOf(1, "/", ["a", "b"], { pid: createPid(), parent: "/p" }));
    await store.savePending(sid, { header: "51-[]", parts: [] });
    await store.openBeat(beatOf(sid));
    await store.expectAnswers(questionOf([1, 2]));
    await store.appendLog([packetOf(1)], sessionOf(sid).expiresAtSeconds);
    await store.markLogDone([packetOf(1)], clock.nowMs(), sessionOf(sid).expiresAtSeconds);
    await store.takeLease({ sid, holder: "a", nowMs: clock.nowMs(), untilMs: clock.nowMs() + 1 });
    const place = { map: "users", key: "ann" };
    const entry = { value: { kind: "json", text: "1" } } as const;
    await store.noteOwned({ sid, socketId: socketIdOf(1) }, place);
    await store.enterRoom({ nsp: "/", member: memberOf(3), room: "r", letterId: "one" });
    await store.putShared(place, { ...entry, expiresAtSeconds: sessionOf(sid).expiresAtSeconds });
    await store.commitLive({
      version: "a",
      writes: [
        { kind: "put", name: "users", key: "ann", previous: undefined, entry: { text: "1", rank: 0 } },
      ],
      strokes: [{ letterId: "one", count: 1 }],
      sockets: [],
    });
    await store.saveDeployment({ savedAtMs: clock.nowMs() });
    await store.countPoller(7);
    await store.reservePosts({ durationMs: 1, nowMs: clock.nowMs() });
    await store.saveSweep(sweepOf(), undefined);
    const polling = sidOf(2);
    await store.createPollingSession(pollingSessionOf(polling), handshakeOf(), beatOf(polling));

    expect(store.countRows()).toEqual({
      sessions: 2,
      handshakes: 2,
      pendings: 1,
      sockets: 1,
      auths: 1,
      joined: 3,
      outboxes: 1,
      roomMembers: 4,
      roomCounts: 1,
      roomNotes: 1,
      namespaceMembers: 1,
      beats: 2,
      sweeps: 1,
      asked: 2,
      pids: 1,
      logs: 1,
      logEnds: 1,
      children: 1,
      leases: 1,
      shared: 1,
      owned: 1,
      live: 1,
      strokes: 1,
      deployments: 1,
      pollers: 1,
      paces: 1,
    });
    clock.set((sessionOf(sid).expiresAtSeconds + 1) * 1000);
    const left = Object.entries(store.countRows()).filter(([, rows]) => rows > 0);
    expect(Object.fromEntries(left)).toEqual({ sweeps: 1, live: 1, deployments: 1 });
  });
});
