import { beforeEach, describe, expect, it } from "vitest";
import { NEVER_SECONDS } from "../../../lib/state/expiry.ts";
import { MAX_SHARED_BYTES } from "../../../lib/state/row-limits.ts";
import type {
  SharedEntry,
  SharedListing,
  SharedRange,
  SharedValue,
} from "../../../lib/state/shared-store.ts";
import type { Store } from "../../../lib/state/store.ts";
import { createOwnedClock, START_MS } from "../fixtures.ts";
import type { MakeStore } from "./make-store.ts";

const place = { map: "users", key: "ann" };
const json = (text: string): SharedEntry => entry({ kind: "json", text });
const number = (value: number): SharedEntry => entry({ kind: "number", number: value });
const entry = (value: SharedValue, expiresAtSeconds = NEVER_SECONDS): SharedEntry => ({
  value,
  expiresAtSeconds,
});
const START_SECONDS = Math.floor(START_MS / 1000);

export function describeShared(makeStore: MakeStore): void {
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock, pageLimit: 2 });
  });

  const valueOf = async (key = "ann") => (await store.getShared({ ...place, key }))?.value;
  const list = async (range: SharedRange, map = "users") => {
    const entries: SharedListing[] = [];
    let after: string | undefined;
    do {
      const page = await store.listShared(map, range, after);
      expect(page.entries.length).toBeLessThanOrEqual(2);
      entries.push(...page.entries);
      after = page.after;
    } while (after !== undefined);
    return entries;
  };
  const keysIn = async (range: SharedRange, map?: string) => (await list(range, map)).map(({ key }) => key);

  it.each<[string, SharedValue]>([
    ["text", { kind: "json", text: '{"a":["é","😀"]}' }],
    ["a number", { kind: "number", number: -3 }],
    ["bytes", { kind: "bytes", bytes: Buffer.from([0, 255, 128]) }],
    ["no bytes", { kind: "bytes", bytes: Buffer.alloc(0) }],
  ])("gives back %s as it was put", async (_, value) => {
    await store.putShared(place, entry(value));

    const kept = await valueOf();
    expect(kept?.kind === "bytes" ? { ...kept, bytes: Buffer.from(kept.bytes) } : kept).toEqual(value);
  });

  it("gives several in the order in which they are asked for, twice where they are named twice", async () => {
    await store.putShared(place, json("1"));
    await store.putShared({ ...place, key: "bob" }, entry({ kind: "number", number: 2 }, START_SECONDS - 1));
    await store.putShared({ map: "games", key: "x" }, number(3));
    const ask = [
      { map: "games", key: "x" },
      place,
      { ...place, key: "bob" },
      { ...place, key: "none" },
      place,
    ];

    const several = await store.getManyShared(ask);

    expect(several.map((record) => record?.value)).toEqual([
      { kind: "number", number: 3 },
      { kind: "json", text: "1" },
      undefined,
      undefined,
      { kind: "json", text: "1" },
    ]);
    expect(several[1]).toEqual(await store.getShared(place));
    expect(await store.getManyShared([place])).toEqual([several[1]]);
    expect(await store.getManyShared([])).toEqual([]);
  });

  it("has nothing where nothing was put, in another map, or under another key", async () => {
    await store.putShared(place, json("1"));

    expect(await store.getShared({ map: "other", key: "ann" })).toBeUndefined();
    expect(await store.getShared({ map: "users", key: "an" })).toBeUndefined();
    expect(await store.getShared({ map: "users", key: "" })).toBeUndefined();
  });

  it("keeps an entry under an empty key", async () => {
    await store.putShared({ map: "", key: "" }, json("1"));

    expect(await keysIn({}, "")).toEqual([""]);
  });

  it("puts over what was there, of whatever kind", async () => {
    await store.putShared(place, number(1));
    await store.putShared(place, json("2"));

    expect(await valueOf()).toEqual({ kind: "json", text: "2" });
    expect(await store.addShared(place, 1)).toBe("not a number");
  });

  it("forgets an entry when it expires, before the row is gone", async () => {
    await store.putShared(place, entry({ kind: "number", number: 5 }, START_SECONDS + 2));
    clock.set((START_SECONDS + 2) * 1000 - 1);
    expect(await valueOf()).toEqual({ kind: "number", number: 5 });
    clock.set((START_SECONDS + 2) * 1000);

    expect(await valueOf()).toBeUndefined();
    expect(await keysIn({})).toEqual([]);
    expect(await store.countShared("users", {})).toBe(0);
    expect(await store.deleteShared(place)).toBe(false);
    expect(await store.addShared(place, 1)).toBe(1);
    expect((await store.getShared(place))?.expiresAtSeconds).toBe(NEVER_SECONDS);
  });

  it("replaces an entry only as long as nobody has changed it", async () => {
    expect(await store.replaceShared(place, undefined, json("1"))).toBe(true);
    const first = await store.getShared(place);

    expect(await store.replaceShared(place, undefined, json("2"))).toBe(false);
    expect(await store.replaceShared(place, first, json("2"))).toBe(true);
    expect(await store.replaceShared(place, first, json("3"))).toBe(false);
    expect(await store.replaceShared(place, first, undefined)).toBe(false);
    const second = await store.getShared(place);
    expect(await store.replaceShared(place, second, undefined)).toBe(true);
    expect(await store.replaceShared(place, second, json("4"))).toBe(false);
    expect(await store.replaceShared(place, undefined, undefined)).toBe(true);
    expect(await valueOf()).toBeUndefined();
  });

  it("takes the same value put again for a change", async () => {
    await store.putShared(place, json("1"));
    const first = await store.getShared(place);
    await store.putShared(place, json("1"));

    expect(await store.replaceShared(place, first, json("2"))).toBe(false);
  });

  it("replaces what has expired as if it were not there", async () => {
    await store.putShared(place, entry({ kind: "json", text: "1" }, START_SECONDS + 1));
    const first = await store.getShared(place);
    clock.set((START_SECONDS + 1) * 1000);

    expect(await store.replaceShared(place, first, json("2"))).toBe(false);
    expect(await store.replaceShared(place, undefined, json("2"))).toBe(true);
    expect(await valueOf()).toEqual({ kind: "json", text: "2" });
  });

  it("adds to a number, from 0 where there is none, and says what it became", async () => {
    expect(await store.addShared(place, 3)).toBe(3);
    expect(await store.addShared(place, -5)).toBe(-2);
    expect(await valueOf()).toEqual({ kind: "number", number: -2 });
  });

  it("keeps expiry and owner of what it adds to", async () => {
    await store.putShared(place, entry({ kind: "number", number: 1 }, START_SECONDS + 9));
    await store.addShared(place, 1);

    expect(await store.getShared(place)).toMatchObject({
      value: { number: 2 },
      expiresAtSeconds: START_SECONDS + 9,
    });
  });

  it("counts an addition as a change", async () => {
    await store.putShared(place, number(1));
    const before = await store.getShared(place);
    await store.addShared(place, 1);

    expect(await store.replaceShared(place, before, number(9))).toBe(false);
  });

  it("adds from many at once, exactly", async () => {
    const sums = await Promise.all(Array.from({ length: 20 }, () => store.addShared(place, 1)));

    expect(sums.toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(await valueOf()).toEqual({ kind: "number", number: 20 });
  });

  it("adds nothing where the sum is no safe integer", async () => {
    await store.putShared(place, number(Number.MAX_SAFE_INTEGER - 1));

    expect(await store.addShared(place, 2)).toBe("out of range");
    expect(await store.addShared(place, 1)).toBe(Number.MAX_SAFE_INTEGER);
    expect(await store.addShared(place, 1)).toBe("out of range");
    expect(await store.addShared(place, -1)).toBe(Number.MAX_SAFE_INTEGER - 1);
  });

  it("says whether there was something to delete", async () => {
    await store.putShared(place, json("1"));

    expect(await store.deleteShared(place)).toBe(true);
    expect(await store.deleteShared(place)).toBe(false);
    expect(await valueOf()).toBeUndefined();
  });

  describe("lists", () => {
    const put = async (...keys: string[]) => {
      for (const key of keys) await store.putShared({ ...place, key }, json(`"${key}"`));
    };

    it("lists entries in the order of their UTF-8, to the last page", async () => {
      await put("b", "a", "￿", "😀", "", "ab", "é");

      expect(await keysIn({})).toEqual(["", "a", "ab", "b", "é", "￿", "😀"]);
      expect(await store.countShared("users", {})).toBe(7);
      expect((await list({}))[1]).toEqual({
        key: "a",
        value: { kind: "json", text: '"a"' },
      });
    });

    it.each<[SharedRange, string[]]>([
      [{ prefix: "a" }, ["a", "a/1", "a/2", "ab"]],
      [{ prefix: "a/" }, ["a/1", "a/2"]],
      [{ prefix: "x" }, []],
      [{ from: "a/2" }, ["a/2", "ab", "b", "c"]],
      [{ to: "a/2" }, ["a", "a/1", "a/2"]],
      [{ from: "a/2", to: "b" }, ["a/2", "ab", "b"]],
      [{ from: "b", to: "b" }, ["b"]],
      [{ from: "c", to: "a" }, []],
    ])("lists and counts %j", async (range, keys) => {
      await put("a", "a/1", "a/2", "ab", "b", "c");
      await store.putShared({ map: "users2", key: "a" }, json("1"));

      expect(await keysIn(range)).toEqual(keys);
      expect(await store.countShared("users", range)).toBe(keys.length);
    });

    it("goes on behind a key that is gone by now", async () => {
      await put("a", "b", "c", "d");
      const { after } = await store.listShared("users", { prefix: "" });
      await store.deleteShared({ ...place, key: "b" });
      await put("bb");

      expect(after).toBe("b");
      expect((await store.listShared("users", { prefix: "" }, after)).entries.map(({ key }) => key)).toEqual([
        "bb",
        "c",
      ]);
    });

    it("removes many, and leaves the others", async () => {
      await put("a", "b", "c");
      await store.deleteManyShared("users", ["a", "c", "not there"]);

      expect(await keysIn({})).toEqual(["b"]);
    });
  });

  it("refuses what does not fit into a row", async () => {
    const bytes = Buffer.alloc(MAX_SHARED_BYTES);
    const tooLarge = { code: "state.shared_too_large" };
    await store.putShared(place, entry({ kind: "bytes", bytes }));

    const more = entry({ kind: "bytes", bytes: Buffer.alloc(MAX_SHARED_BYTES + 1) });
    await expect(store.putShared(place, more)).rejects.toMatchObject(tooLarge);
    await expect(store.replaceShared(place, undefined, more)).rejects.toMatchObject(tooLarge);
    await expect(store.getShared({ map: "é".repeat(65), key: "" })).rejects.toMatchObject({
      code: "state.map_too_long",
    });
    await expect(store.getShared({ map: "", key: "é".repeat(257) })).rejects.toMatchObject({
      code: "state.key_too_long",
    });
    await expect(store.getShared({ map: "", key: "\ud83d" })).rejects.toMatchObject({
      code: "state.malformed_name",
    });
  });
}
