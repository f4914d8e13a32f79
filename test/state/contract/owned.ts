import { beforeEach, expect, it } from "vitest";
import { NEVER_SECONDS } from "../../../lib/state/expiry.ts";
import type { SharedOwner } from "../../../lib/state/shared-store.ts";
import type { Store } from "../../../lib/state/store.ts";
import { createOwnedClock, handshakeOf, sessionOf, sidOf, socketIdOf } from "../fixtures.ts";
import type { MakeStore } from "./make-store.ts";

const ownerOf = (index: number): SharedOwner => ({ sid: sidOf(index), socketId: socketIdOf(index) });
const place = { map: "users", key: "ann" };

export function describeOwned(makeStore: MakeStore): void {
  const owner = ownerOf(1);
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
    await store.createSession(sessionOf(owner.sid), handshakeOf());
  });

  const put = (by: SharedOwner | undefined, key = "ann") =>
    store.putShared(
      { ...place, key },
      {
        value: { kind: "json", text: "1" },
        expiresAtSeconds: NEVER_SECONDS,
        ...(by === undefined ? {} : { owner: by }),
      },
    );
  const notes = async () => (await store.loadSession(owner.sid, { handshake: false }))?.owned;
  const isThere = async (key = "ann") => (await store.getShared({ ...place, key })) !== undefined;

  it("are noted with the session, once each, by socket", async () => {
    expect(await notes()).toEqual([]);
    await store.noteOwned(owner, place);
    await store.noteOwned(owner, place);
    await store.noteOwned({ ...owner, socketId: socketIdOf(2) }, place);

    expect(await notes()).toHaveLength(2);
    expect(await notes()).toEqual(
      expect.arrayContaining([
        { socketId: socketIdOf(1), ...place },
        { socketId: socketIdOf(2), ...place },
      ]),
    );
  });

  it("say whose they are", async () => {
    await put(owner);

    expect(await store.getShared(place)).toMatchObject({ owner });
  });

  it("go with their owner, and their notes with them", async () => {
    await store.noteOwned(owner, place);
    await put(owner);
    await store.deleteOwned(owner, [place]);

    expect(await isThere()).toBe(false);
    expect(await notes()).toEqual([]);
  });

  it("stay when they have become another's, or nobody's", async () => {
    await put(ownerOf(2));
    await put(undefined, "bob");
    await put({ ...owner, socketId: socketIdOf(2) }, "cem");
    const all = ["ann", "bob", "cem"].map((key) => ({ map: "users", key }));
    for (const each of all) await store.noteOwned(owner, each);
    await store.deleteOwned(owner, all);

    expect(await Promise.all(["ann", "bob", "cem"].map(isThere))).toEqual([true, true, true]);
    expect(await notes()).toEqual([]);
  });

  it("go with the memberships of a close, unless they are another's by then", async () => {
    await put(owner);
    await put(ownerOf(2), "bob");
    const owned = ["ann", "bob", "cem"].map((key) => ({ map: "users", key }));
    await store.deleteMemberships(owner.sid, [{ nsp: "/", socketId: owner.socketId, rooms: [], owned }]);

    expect(await Promise.all(["ann", "bob"].map(isThere))).toEqual([false, true]);
  });

  it("may be gone already", async () => {
    await store.deleteOwned(owner, [place]);

    expect(await isThere()).toBe(false);
  });

  it("keep their owner through an addition, and lose it to a put without one", async () => {
    await store.putShared(place, {
      value: { kind: "number", number: 1 },
      expiresAtSeconds: NEVER_SECONDS,
      owner,
    });
    await store.addShared(place, 1);
    expect(await store.getShared(place)).toMatchObject({ owner });
    await put(undefined);

    expect(await store.getShared(place)).not.toHaveProperty("owner");
  });
}
