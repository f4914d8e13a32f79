import { beforeEach, expect, it } from "vitest";
import { SESSION_LIFETIME_SECONDS } from "../../../lib/state/expiry.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import { connectOf, createOwnedClock, handshakeOf, sessionOf, sidOf, START_MS } from "../fixtures.ts";

export function describeChildren(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock, pageLimit: 3 });
  });

  const connect = (index: number, nsp: string, parent: string) =>
    store.connectSocket(connectOf(index, nsp, [], { parent }));

  it("lists the namespaces that sockets connected to as children, in order, each once", async () => {
    const children = ["/b", "/\u{1f600}", "/\uffee", "/a#1", "/a", "/10", "/9", ""];
    for (const child of children) await connect(1, child, "/p");
    await connect(2, "/a", "/p");
    await store.connectSocket(connectOf(3, "/orphan"));

    expect(await store.listChildNamespaces("/p")).toEqual([
      "",
      "/10",
      "/9",
      "/a",
      "/a#1",
      "/b",
      "/\u{1f600}",
      "/\uffee",
    ]);
  });

  it("keeps the children of one parent from those of another", async () => {
    await connect(1, "/a", "/p");
    await connect(1, "/b", "/p#1");
    await connect(1, "/c", "");

    expect(await store.listChildNamespaces("/p")).toEqual(["/a"]);
    expect(await store.listChildNamespaces("/p#1")).toEqual(["/b"]);
    expect(await store.listChildNamespaces("")).toEqual(["/c"]);
    expect(await store.listChildNamespaces("/a")).toEqual([]);
  });

  it("tells a socket of its parent", async () => {
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    await connect(1, "/a", "/p");
    await store.connectSocket(connectOf(1, "/"));

    const { sockets = [] } = (await store.loadSession(sidOf(1), { handshake: false })) ?? {};

    expect(sockets.map(({ nsp, parent }) => [nsp, parent]).toSorted()).toEqual([
      ["/", undefined],
      ["/a", "/p"],
    ]);
  });

  it("keeps a child as long as any session that connected to it, whoever connected last", async () => {
    const young = sidOf(2, START_MS + 3_600_000);
    clock.set(START_MS + 3_600_000);
    await store.connectSocket({ ...connectOf(2, "/a", [], { parent: "/p" }), sid: young });
    await connect(1, "/a", "/p");

    clock.set(sessionOf(young).expiresAtSeconds * 1000 - 1);
    expect(await store.listChildNamespaces("/p")).toEqual(["/a"]);
    clock.set(START_MS + 3_600_000 + SESSION_LIFETIME_SECONDS * 1000 + 1000);

    expect(await store.listChildNamespaces("/p")).toEqual([]);
  });

  it("knows whether a namespace is among the children of a parent", async () => {
    await connect(1, "/a", "/p");

    expect(await store.isChildNamespace("/p", "/a")).toBe(true);
    expect(await store.isChildNamespace("/p", "/b")).toBe(false);
    expect(await store.isChildNamespace("/a", "/p")).toBe(false);
    clock.set(START_MS + SESSION_LIFETIME_SECONDS * 1000 + 1000);
    expect(await store.isChildNamespace("/p", "/a")).toBe(false);
  });

  it("forgets a child to which nobody has connected since, and no other", async () => {
    await connect(1, "/a", "/p");
    await connect(1, "/b", "/p");
    clock.set(START_MS + 90_000);
    await connect(2, "/b", "/p");

    expect(await store.forgetChild("/p", "/a", START_MS - 1_000)).toBe(false);
    expect(await store.forgetChild("/p", "/b", START_MS + 30_000)).toBe(false);
    expect(await store.forgetChild("/q", "/a", START_MS + 30_000)).toBe(false);
    expect(await store.listChildNamespaces("/p")).toEqual(["/a", "/b"]);
    expect(await store.forgetChild("/p", "/a", START_MS + 30_000)).toBe(true);
    expect(await store.forgetChild("/p", "/a", START_MS + 30_000)).toBe(false);

    expect(await store.listChildNamespaces("/p")).toEqual(["/b"]);
  });

  it("refuses a parent that is no namespace, with nothing written", async () => {
    const connecting = connect(1, "/a", "/".repeat(129));

    await expect(connecting).rejects.toMatchObject({ code: "state.namespace_too_long" });
    await expect(store.listChildNamespaces("\ud800")).rejects.toMatchObject({ code: "state.malformed_name" });
    await store.createSession(sessionOf(sidOf(1)), handshakeOf());
    expect(await store.loadSession(sidOf(1), { handshake: false })).toMatchObject({ sockets: [] });
  });
}
