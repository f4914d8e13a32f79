import { inspect } from "node:util";
import { expect, it } from "vitest";
import { ask, createLiveRig } from "./live-rig.ts";

interface User {
  name: string;
  score: number;
  tags: string[];
  at?: Date;
}

interface State {
  users: Record<string, User>;
  list: (string | User)[];
  map: Map<string, { count: number; seen: Set<string> }>;
  set: Set<string | number>;
  count: { value: number };
  text: { value: string };
  nothing: { value: unknown };
}

const createState = (): State => ({
  users: { zoe: { name: "Zoe", score: 1, tags: [] } },
  list: ["first"],
  map: new Map([["a", { count: 0, seen: new Set<string>() }]]),
  set: new Set<string | number>([1]),
  count: { value: 0 },
  text: { value: "" },
  nothing: { value: null },
});

const userOf = (name: string): User => ({ name, score: 0, tags: ["new"] });

/** Each act runs on another instance than the one before, and is to answer as in one process. */
const acts: Record<string, (state: State) => unknown> = {
  "adds users": ({ users }) => {
    users["ann"] = userOf("Ann");
    users["bob"] = userOf("Bob");
    users["10"] = userOf("Ten");
    users["9"] = userOf("Nine");
    return Object.keys(users);
  },
  "changes what is inside": ({ users }) => {
    users["ann"]!.score += 5;
    users["ann"]!.tags.push("b", "a");
    users["ann"]!.tags.sort();
    return JSON.stringify(users);
  },
  "takes one away, and puts it back behind the others": ({ users }) => {
    const ann = users["ann"]!;
    delete users["ann"];
    const without = "ann" in users;
    users["ann"] = { ...ann, name: "Anna" };
    return [without, "ann" in users, Object.keys(users)];
  },
  "sees the order": ({ users }) => [Object.keys(users), Object.entries(users).length, { ...users }],
  "takes away what was there from the first": ({ users }) => delete users["zoe"],
  "and does not see it again": ({ users }) => [Object.keys(users), users["zoe"] === undefined],
  "has each object once": ({ users }) => [
    users["ann"] === users["ann"],
    Object.values(users).indexOf(users["ann"]!) >= 0,
  ],
  "keeps a date": ({ users }) => (users["ann"]!.at = new Date(86_400_000)).getTime(),
  "reads a date": ({ users }) => [users["ann"]!.at instanceof Date, users["ann"]!.at?.getTime()],
  "pushes and splices": ({ list }) => {
    list.push("second", userOf("Carl"), "third");
    list.splice(1, 1, "other");
    list.unshift("zero");
    return [list.length, JSON.stringify(list), Array.isArray(list)];
  },
  "changes an item": ({ list }) => {
    const carl = list.find((item) => typeof item === "object")!;
    carl.score += 1;
    return [list.indexOf(carl), list.includes(carl), list.map((item) => typeof item), [...list, 1].length];
  },
  "sorts and reverses in place": ({ list }) => {
    list.sort((a, b) => String(a).localeCompare(String(b)));
    list.reverse();
    return list;
  },
  "cuts off": ({ list }) => {
    list.length = 2;
    return [list, list.pop(), list.shift(), list.length, list[0] === undefined];
  },
  "fills a map": ({ map }) => {
    map.set("b", { count: 1, seen: new Set(["x"]) }).set("a2", { count: 2, seen: new Set() });
    map.get("a")!.count += 1;
    map.get("a")!.seen.add("y");
    return [map.size, map instanceof Map, [...map.keys()], map.has("b"), map.has("c")];
  },
  "reads a map": ({ map }) => [
    [...map].map(([key, { count, seen }]) => [key, count, [...seen]]),
    [...map.values()].every((one) => one.seen instanceof Set),
    map.delete("b"),
    map.delete("b"),
    map.get("b") === undefined,
  ],
  "empties a map": ({ map }) => {
    map.clear();
    map.set("z", { count: 9, seen: new Set(["q"]) });
    const seen: unknown[] = [];
    map.forEach((value, key, of) => seen.push([key, value.count, of.size]));
    return seen;
  },
  "fills a set": ({ set }) => [
    set.add("one").add(1).add(2).size,
    set.delete(1),
    [...set],
    set instanceof Set,
  ],
  "reads a set": ({ set }) => [set.has("one"), set.has(1), set.size, Array.from(set)],
  counts: ({ count }) => [count.value++, ++count.value, (count.value += 10)],
  "reads the count": ({ count }) => (count.value -= 0.5),
  "sets a text": ({ text }) => (text.value += "abc"),
  "reads a text": ({ text }) => text.value.toUpperCase(),
  "sets what was null": ({ nothing }) => {
    nothing.value = { game: { board: [null, "X"] } };
    return nothing.value;
  },
  "changes what was null": ({ nothing }) => {
    const { game } = nothing.value as { game: { board: unknown[] } };
    game.board[0] = "O";
    return nothing.value;
  },
  "makes it null again": ({ nothing }) => {
    nothing.value = undefined;
    return nothing.value === undefined;
  },
  "and reads that": ({ nothing }) => nothing.value === undefined,
  prints: ({ users, map, list }) => [inspect(users["bob"]), inspect(map), inspect(list)],
};

it("what handlers find and change is what they would in one process, whichever instance each runs on", async () => {
  const process = createState();
  const rig = createLiveRig((io): State => {
    const { users, list, map, set } = createState();
    return {
      users: io.live("users", users),
      list: io.live("list", list),
      map: io.live("map", map),
      set: io.live("set", set),
      count: io.live("count", 0),
      text: io.live("text", ""),
      nothing: io.live("nothing", null),
    };
  }, acts);
  const client = await rig.connect();

  for (const [name, act] of Object.entries(acts)) {
    const expected: unknown = JSON.parse(JSON.stringify(act(process) ?? null));
    expect([name, await ask(client, name)]).toEqual([name, expected]);
  }
  expect(rig.logs.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
});
