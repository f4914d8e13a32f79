import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import { describeStoreContract } from "./contract.ts";
import {
  beatOf,
  connectOf,
  createOwnedClock,
  handshakeOf,
  pollingSessionOf,
  sessionOf,
  sidOf,
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
    await store.connectSocket(connectOf(1, "/", ["a", "b"]));
    await store.savePending(sid, { header: "51-[]", parts: [] });
    await store.openBeat(beatOf(sid));
    await store.saveSweep(sweepOf(), undefined);
    const polling = sidOf(2);
    await store.createPollingSession(pollingSessionOf(polling), handshakeOf(), beatOf(polling));

    expect(store.countRows()).toEqual({
      sessions: 2,
      handshakes: 2,
      pendings: 1,
      sockets: 1,
      auths: 1,
      joined: 2,
      outboxes: 1,
      roomMembers: 3,
      namespaceMembers: 1,
      beats: 2,
      sweeps: 1,
    });
    clock.set(sessionOf(sid).expiresAtSeconds * 1000);
    expect(Object.values(store.countRows()).reduce((total, rows) => total + rows)).toBe(1);
  });
});
