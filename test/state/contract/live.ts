import { beforeEach, expect, it } from "vitest";
import type { LiveCommit, LiveRecord, LiveWrite } from "../../../lib/state/live/live-store.ts";
import type { Store } from "../../../lib/state/store.ts";
import { connectOf, createOwnedClock, handshakeOf, sessionOf, sidOf, START_MS } from "../fixtures.ts";
import type { MakeStore } from "./make-store.ts";

export function describeLive(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock, pageLimit: 2 });
  });

  let versions = 0;
  const commit = (parts: Partial<LiveCommit>) =>
    store.commitLive({ version: `v${++versions}`, writes: [], strokes: [], sockets: [], ...parts });
  const put = (
    name: string,
    key: string | undefined,
    text: string | undefined,
    previous?: string,
  ): LiveWrite => ({
    kind: "put",
    name,
    key,
    previous,
    entry: { text, rank: 7 },
  });
  const rows = async (): Promise<LiveRecord[]> =>
    (await store.listLive()).toSorted((a, b) => `${a.name}${a.key}`.localeCompare(`${b.name}${b.key}`));
  const versionOf = async (name: string, key?: string) =>
    (await rows()).find((row) => row.name === name && row.key === key)!.version;

  it("has none at first", async () => {
    expect(await store.listLive()).toEqual([]);
  });

  it("lists what was put, whole values and keys, however many pages they take", async () => {
    const texts = { ä: '{"a":[1,null]}', "": '"x"', "=": "-5", n: "1.5", gone: undefined };
    const writes = Object.entries(texts).map(([key, text]) => put("users", key, text));

    expect(
      await commit({ writes: [...writes, put("list", undefined, "[]"), put("users2", "a", "2")] }),
    ).toBeUndefined();

    const listed = (await rows()).map(({ name, key, text, rank }) => ({ name, key, text, rank }));
    const expected = [
      ...Object.entries(texts).map(([key, text]) => ({ name: "users", key, text, rank: 7 })),
      { name: "list", key: undefined, text: "[]", rank: 7 },
      { name: "users2", key: "a", text: "2", rank: 7 },
    ];
    expect(listed).toHaveLength(expected.length);
    expect(listed).toEqual(expect.arrayContaining(expected));
  });

  it("changes and removes a row that is still what was read, and no other", async () => {
    await commit({ writes: [put("users", "ann", "1"), put("users", "bob", "1")] });
    const before = await versionOf("users", "ann");
    expect(await commit({ writes: [put("users", "ann", '"a"', before)] })).toBeUndefined();

    const stale = put("users", "ann", '"b"', before);
    const fine: LiveWrite = {
      kind: "remove",
      name: "users",
      key: "bob",
      previous: await versionOf("users", "bob"),
    };
    expect(await commit({ writes: [fine, stale] })).toEqual({ writes: [stale], strokes: [], sockets: [] });
    const again = put("users", "bob", "3");
    expect(await commit({ writes: [again] })).toMatchObject({ writes: [again] });

    expect((await rows()).map(({ key, text }) => [key, text])).toEqual([
      ["ann", '"a"'],
      ["bob", "1"],
    ]);
    expect(await commit({ writes: [fine] })).toBeUndefined();
    expect((await rows()).map(({ key }) => key)).toEqual(["ann"]);
    expect(await commit({ writes: [fine] })).toMatchObject({ writes: [fine] });
  });

  it("adds to a safe integer, and to nothing else", async () => {
    await commit({
      writes: [
        put("count", undefined, "5"),
        put("text", undefined, '"5"'),
        put("most", undefined, String(Number.MAX_SAFE_INTEGER)),
      ],
    });
    const before = await versionOf("count");
    const add = (name: string, by: number): LiveWrite => ({ kind: "add", name, key: undefined, by });

    expect(await commit({ writes: [add("count", -7)] })).toBeUndefined();
    for (const name of ["text", "most", "none"])
      expect(await commit({ writes: [add("count", 1), add(name, 1)] })).toMatchObject({
        writes: [add(name, 1)],
      });

    const count = (await rows()).find(({ name }) => name === "count")!;
    expect(count).toMatchObject({ text: "-2", rank: 7 });
    expect(count.version).not.toBe(before);
  });

  it("writes a stroke of a letter once, with all that goes with it", async () => {
    const strokes = [{ letterId: "letter", count: 1 }];
    expect(await store.countStrokes("letter")).toBe(0);
    expect(await commit({ writes: [put("users", "ann", "1")], strokes })).toBeUndefined();

    expect(await commit({ writes: [put("users", "bob", "1")], strokes })).toEqual({
      writes: [],
      strokes,
      sockets: [],
    });
    expect(await store.countStrokes("letter")).toBe(1);
    expect((await rows()).map(({ key }) => key)).toEqual(["ann"]);
    const more = [{ letterId: "letter", count: 3 }];
    expect(await commit({ writes: [put("users", "bob", "1")], strokes: more })).toBeUndefined();
    expect(await store.countStrokes("letter")).toBe(3);

    clock.set(START_MS + 3 * 60 * 60_000);
    expect(await store.countStrokes("letter")).toBe(0);
    expect((await rows()).map(({ key }) => key)).toEqual(["ann", "bob"]);
  });

  it("writes what is kept with a socket in the same moment, if it is still there", async () => {
    const request = connectOf(1, "/", []);
    const { sid, socket } = request;
    await store.createSession(sessionOf(sid), handshakeOf());
    await store.connectSocket(request);
    const changes = { set: { "data.a": "1" }, remove: [], spent: ["once"] };
    const mine = { sid, nsp: socket.nsp, socketId: socket.socketId, changes };
    const others = { ...mine, sid: sidOf(2) };

    expect(await commit({ writes: [put("count", undefined, "1")], sockets: [mine, others] })).toEqual({
      writes: [],
      strokes: [],
      sockets: [others],
    });
    expect(await rows()).toEqual([]);
    expect(await commit({ writes: [put("count", undefined, "1")], sockets: [mine] })).toBeUndefined();

    const stored = (await store.loadSession(sid, { handshake: false }))?.sockets[0];
    expect(stored).toMatchObject({
      data: expect.objectContaining({ "data.a": "1" }) as object,
      spent: ["once"],
    });
  });

  it("refuses names and keys that no row can have", async () => {
    for (const [code, write] of [
      ["state.live_name_too_long", put("n".repeat(257), undefined, "1")],
      ["state.live_key_too_long", put("n", "ä".repeat(257), "1")],
      ["state.malformed_name", put("n", "\ud800", "1")],
      ["state.live_too_large", put("n", "k", `"${"x".repeat(360_000)}"`)],
    ] as const)
      await expect(commit({ writes: [write] })).rejects.toMatchObject({ code });
  });
}
