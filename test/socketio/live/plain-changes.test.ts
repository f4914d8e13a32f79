import { describe, expect, it } from "vitest";
import { LiveValues } from "../../../lib/socketio/live/live-values.ts";
import { Rig } from "../../support/rig.ts";
import { ask, createLiveRig, type Act } from "./live-rig.ts";

interface State {
  readonly users: Record<string, Record<string, unknown>>;
  readonly list: unknown[];
  readonly map: Map<unknown, unknown>;
  readonly set: Set<unknown>;
  readonly count: { value: number };
}

const createRig = (acts: Readonly<Record<string, Act<State>>>) =>
  createLiveRig<State>(
    (io) => ({
      users: io.live<State["users"]>("users", { ann: { score: 1 } }),
      list: io.live<unknown[]>("list", [1]),
      map: io.live("map", new Map<unknown, unknown>([["a", [1]]])),
      set: io.live("set", new Set<unknown>()),
      count: io.live("count", 1),
    }),
    {
      ...acts,
      all: ({ users, list, map, set, count }) =>
        JSON.stringify([users, Object.keys(users), list, [...map], [...set], count.value]),
    },
  );

const untouched = JSON.stringify([{ ann: { score: 1 } }, ["ann"], [1], [["a", [1]]], [], 1]);
const mark = Symbol("mark");

describe("a live value refuses", () => {
  it.each<[string, (state: State) => unknown, string, string]>([
    [
      "another property of a holder",
      ({ count }) => Object.assign(count, { valeu: 7 }),
      "core.live_bad_key",
      'expected the live value "count" to have one property, value, got "valeu"',
    ],
    [
      "a key that is NaN",
      ({ map }) => map.set(NaN, 1),
      "core.live_bad_key",
      'expected keys of the live value "map" to be text, finite numbers, booleans or null, got NaN; ' +
        "the table knows them by what they say",
    ],
    [
      "an array in a set",
      ({ set }) => set.add([1]),
      "core.live_bad_key",
      'expected keys of the live value "set" to be text, finite numbers, booleans or null, got an array; ' +
        "the table knows them by what they say",
    ],
    [
      "a symbol",
      ({ users }) => Object.assign(users, { [mark]: 1 }),
      "core.live_bad_key",
      'expected the live value "users" to have keys that are text, got Symbol(mark)',
    ],
    [
      "a symbol inside",
      ({ users }) => Object.assign(users["ann"]!, { [mark]: 1 }),
      "core.live_bad_key",
      'expected what is in users["ann"] to have keys that are text, got Symbol(mark)',
    ],
    [
      "a property of a list",
      ({ list }) => Object.assign(list, { total: 1 }),
      "core.live_bad_key",
      'expected the live value "list" to have items and length alone, got "total"',
    ],
    [
      "a property of a map",
      ({ map }) => Object.assign(map, { b: 1 }),
      "core.live_bad_key",
      'expected the live value "map" to have keys, by set, and no properties, got "b"',
    ],
    [
      "a property that is defined on a set",
      ({ set }) => Object.defineProperty(set, "b", { value: 1 }),
      "core.live_bad_key",
      'expected the live value "set" to have items, by add, and no properties, got "b"',
    ],
    [
      "to be frozen",
      ({ users }) => Object.freeze(users),
      "core.live_not_plain",
      'expected the live value "users" to stay plain data that every instance can change, got an object that is ' +
        "closed by Object.freeze, seal or preventExtensions; others change it too: freeze a copy of it",
    ],
    [
      "to be sealed inside",
      ({ users }) => Object.seal(users["ann"]),
      "core.live_not_plain",
      'in users["ann"]',
    ],
    [
      "to be closed, as a list",
      ({ list }) => Object.preventExtensions(list),
      "core.live_not_plain",
      '"list"',
    ],
    [
      "to be frozen inside of a map",
      ({ map }) => Object.freeze(map.get("a")),
      "core.live_not_plain",
      'map["a"]',
    ],
    ["to be frozen, as a map", ({ map }) => Object.freeze(map), "core.live_not_plain", '"map"'],
    [
      "another prototype",
      ({ users }): unknown => Object.setPrototypeOf(users, Array.prototype),
      "core.live_not_plain",
      "got another prototype; keep what is data here, and make your objects of it",
    ],
    [
      "a getter",
      ({ users }) =>
        Object.defineProperty(users, "bob", { get: () => 1, enumerable: true, configurable: true }),
      "core.live_not_plain",
      'got "bob" with a getter or setter; assign the value instead',
    ],
    [
      "a hidden property",
      ({ users }) => Object.defineProperty(users, "bob", { value: {} }),
      "core.live_not_plain",
      'got "bob" that is not enumerable; assign the value instead',
    ],
    [
      "to have a property made constant",
      ({ users }) => Object.defineProperty(users["ann"]!, "score", { writable: false }),
      "core.live_not_plain",
      'got "score" that is not writable; assign the value instead',
    ],
    [
      "a fixed length",
      ({ list }) => Object.defineProperty(list, "length", { writable: false }),
      "core.live_not_plain",
      "got a length that is fixed",
    ],
  ])("%s, and changes nothing", async (_, act, code, words) => {
    const rig = createRig({
      act: (state) => {
        try {
          return act(state);
        } catch (error) {
          const { code, message } = error as { code?: string; message: string };
          return { code, message };
        }
      },
    });
    const client = await rig.connect();

    expect(await ask(client, "act")).toEqual({ code, message: expect.stringContaining(words) as string });
    for (let instance = 0; instance < 3; instance++) expect(await ask(client, "all")).toBe(untouched);
  });
});

it.each<[string, unknown, string]>([
  ["a Map", new Map([[{}, 1]]), "an object"],
  ["a Set", new Set([NaN]), "NaN"],
  ["a Set", new Set([undefined]), "undefined"],
])("%s that has other keys from the first is refused, in whatever way it comes", (_, initial, got) => {
  const message = `, finite numbers, booleans or null, got ${got}; the table knows them by what they say`;
  const declare = (value: unknown) => new Rig((io) => void io.live("keys", value as object));
  const variable = liveVariableOf(initial instanceof Map ? new Map() : new Set());

  expect(() => declare(initial)).toThrow(message);
  expect(() => (variable.value = initial)).toThrow(message);
});

const liveVariableOf = (value: object) => new LiveValues().declareVariable("variable", value);

describe("a live value takes", () => {
  it("a property that is defined as it would be by assigning it, and the prototype that it has", async () => {
    const rig = createRig({
      act: ({ users, list }) => {
        Object.defineProperty(users["ann"]!, "score", { value: 2 });
        const plain = { enumerable: true, writable: true, configurable: true };
        Object.defineProperty(users, "bob", { ...plain, value: { score: 3 } });
        Object.defineProperty(list, "length", { value: 0 });
        return Object.setPrototypeOf(users, Object.prototype) === users;
      },
    });
    const client = await rig.connect();

    expect(await ask(client, "act")).toBe(true);
    expect(await ask(client, "all")).toBe(
      JSON.stringify([{ ann: { score: 2 }, bob: { score: 3 } }, ["ann", "bob"], [], [["a", [1]]], [], 1]),
    );
  });

  it("a key that a client has chosen, whatever it is called", async () => {
    const rig = createRig({
      join: ({ users }, name: never) => {
        users[name] = { score: 1 };
        users[name]["score"] = 2;
        return Object.getPrototypeOf(users) === Object.prototype;
      },
      find: ({ users }, name: never) => [
        Object.hasOwn(users, name),
        users[name],
        ({} as State["users"])["score"],
      ],
      leave: ({ users }, name: never) => delete users[name],
    });
    const client = await rig.connect();

    for (const name of ["__proto__", "constructor", "hasOwnProperty", "$"]) {
      expect(await ask(client, "join", name)).toBe(true);
      for (let instance = 0; instance < 3; instance++)
        expect(await ask(client, "find", name)).toEqual([true, { score: 2 }, null]);
      expect(await ask(client, "leave", name)).toBe(true);
      for (let instance = 0; instance < 3; instance++)
        expect(((await ask(client, "find", name)) as unknown[])[0]).toBe(false);
    }
  });

  it("what was frozen, as something that every instance can change", async () => {
    const rig = createRig({
      put: ({ users, list, map }) => {
        const inner = Object.freeze({ x: 1 });
        users["bob"] = Object.freeze({ inner, list: Object.freeze([1]) });
        list.push(Object.freeze({ a: 1 }));
        map.set("a", Object.freeze([1]));
      },
      change: ({ users, list, map }) => {
        (users["bob"]!["inner"] as { x: number }).x += 1;
        (users["bob"]!["list"] as number[]).push(2);
        (list[1] as { a: number }).a += 1;
        (map.get("a") as number[]).push(2);
      },
    });
    const client = await rig.connect();
    await ask(client, "put");
    for (let instance = 0; instance < 3; instance++) await ask(client, "change");

    for (let instance = 0; instance < 3; instance++)
      expect(await ask(client, "all")).toBe(
        JSON.stringify([
          { ann: { score: 1 }, bob: { inner: { x: 4 }, list: [1, 2, 2, 2] } },
          ["ann", "bob"],
          [1, { a: 4 }],
          [["a", [1, 2, 2, 2]]],
          [],
          1,
        ]),
      );
    expect(rig.logs.filter(({ level }) => level !== "debug" && level !== "info")).toEqual([]);
  });

  it("what its maker has made constant, which others change", async () => {
    const rig = createRig({
      put: ({ users }) => {
        users["bob"] = Object.defineProperty({}, "score", { value: 1, enumerable: true });
      },
      change: ({ users }) => {
        users["bob"] = { score: 2 };
      },
    });
    const client = await rig.connect();
    await ask(client, "put");
    await ask(client, "change");

    for (let instance = 0; instance < 3; instance++)
      expect(await ask(client, "all")).toContain('"bob":{"score":2}');
  });

  it("a frozen value to begin with", async () => {
    const rig = createLiveRig(
      (io) => ({
        users: io.live<Record<string, number>>("users", Object.freeze({ ann: 1 })),
        list: io.live<number[]>("list", Object.freeze([1]) as unknown as number[]),
      }),
      {
        change: ({ users, list }) => {
          users["bob"] = (users["bob"] ?? 0) + 1;
          list.push(2);
          return JSON.stringify([users, list]);
        },
      },
    );
    const client = await rig.connect();

    await ask(client, "change");
    await ask(client, "change");

    expect(await ask(client, "change")).toBe('[{"ann":1,"bob":3},[1,2,2,2]]');
  });
});
