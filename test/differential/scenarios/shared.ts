import type { Participant } from "../participant.ts";
import { toSharing } from "../peer-map.ts";
import type { Scenario, Stage } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

/** What clients have the map changed by. */
const changes: Readonly<Record<string, (old: unknown) => unknown>> = {
  "add one": (old) => ((old as number | undefined) ?? 0) + 1,
  "append x": (old) => [...((old as string[] | undefined) ?? []), "x"],
  remove: () => undefined,
  keep: (old) => old,
};

/** An app whose clients do with a map what they say, and are told what came of it. */
const cupboard: Scenario["app"] = ({ io, nsp, name }) => {
  const map = toSharing(io).shared(name);
  const all = async (list: AsyncIterable<unknown>) => {
    const items: unknown[] = [];
    for await (const item of list) items.push(item);
    return items;
  };
  nsp.on("connection", (socket) => {
    const on = (event: string, act: (...args: never[]) => Promise<unknown>) =>
      socket.on(event, async (...args: unknown[]) => {
        const ack = args.pop() as Ack;
        try {
          ack(await act(...(args as never[])));
        } catch (error) {
          ack("refused", (error as { code?: string }).code);
        }
      });
    on("get", (key: string) => map.get(key));
    on("has", (key: string) => map.has(key));
    on("set", (key: string, value: unknown) => map.set(key, value));
    on("own", (key: string, value: unknown) => map.set(key, value, { owner: socket }));
    on("delete", (key: string) => map.delete(key));
    on("increment", (key: string, by?: number) => map.increment(key, by));
    on("update", (key: string, change: string) => map.update(key, (old) => changes[change]?.(old)));
    on("entries", (range: object) => all(map.entries(range)));
    on("keys", (range: object) => all(map.keys(range)));
    on("values", (range: object) => all(map.values(range)));
    on("count", (range: object) => map.count(range));
    on("clear", () => map.clear());
    on("unawaited", async (key: string) => {
      void map.set(key, 1);
      void map.increment(key, 2);
      void map.update(key, changes["add one"]!);
      return map.get(key);
    });
    socket.on("disconnect", async () => nsp.emit("gone", await all(map.keys())));
    socket.emit("in");
  });
};

const enter = async (client: Stage["client"], name: string): Promise<Participant> => {
  const one = client(name, { forceBase64: true });
  await one.hears("in");
  return one;
};

export const shared: readonly Scenario[] = [
  {
    title: "a shared map keeps every kind of value, until it is deleted",
    app: cupboard,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const b = await enter(client, "b");
      const values = [
        1,
        0,
        -1.5,
        "",
        "text",
        null,
        false,
        [],
        [1, [2]],
        {},
        { a: { b: null } },
        Buffer.from([0, 255]),
      ];
      for (const [index, value] of values.entries()) {
        await a.ask("set", `key ${index}`, value);
        await b.ask("get", `key ${index}`);
      }
      await b.ask("has", "key 5");
      await b.ask("has", "none");
      await b.ask("get", "none");
      await b.ask("delete", "key 5");
      await a.ask("delete", "key 5");
      await a.ask("has", "key 5");
      await a.ask("count", {});
      await a.ask("clear");
      await b.ask("count", {});
    },
  },
  {
    title: "a shared map is changed by what is there",
    app: cupboard,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const b = await enter(client, "b");
      await a.ask("update", "list", "append x");
      await b.ask("update", "list", "append x");
      await a.ask("update", "list", "keep");
      await a.ask("update", "list", "remove");
      await b.ask("has", "list");
      await b.ask("update", "list", "remove");
      await a.ask("increment", "count");
      await b.ask("increment", "count", 41);
      await b.ask("increment", "count", -2);
      await a.ask("update", "count", "add one");
      await a.ask("increment", "count", 0.5);
      await a.ask("increment", "count", Number.MAX_SAFE_INTEGER);
      await a.ask("set", "text", "42");
      await a.ask("increment", "text");
      await a.ask("get", "count");
    },
  },
  {
    title: "a shared map loses nobody's change",
    app: cupboard,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const b = await enter(client, "b");
      // Not by `ask`: whose turn is whose differs from run to run, and what comes of them all does not.
      const count = (one: Participant, event: string, ...args: unknown[]) =>
        Promise.all(Array.from({ length: 10 }, () => one.socket.emitWithAck(event, ...args)));
      await Promise.all([a, b].map((one) => count(one, "increment", "sum")));
      await Promise.all([a, b].map((one) => count(one, "update", "tally", "add one")));
      await a.ask("get", "sum");
      await b.ask("get", "tally");
    },
  },
  {
    title: "a shared map is listed in the order of UTF-8, whole and in parts",
    app: cupboard,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const keys = ["b", "a", "aa", "A", "", "ä", "\uffee", "\u{1f600}", "a/1", "a/10", "a/2", "z"];
      for (const [index, key] of keys.entries()) await a.ask("set", key, index);
      for (const range of [
        {},
        { prefix: "a" },
        { prefix: "a/" },
        { from: "aa" },
        { to: "a/2" },
        { from: "a/1", to: "b" },
      ]) {
        await a.ask("entries", range);
        await a.ask("count", range);
      }
      await a.ask("keys", { prefix: "none" });
      await a.ask("values", { prefix: "a/" });
    },
  },
  {
    title: "a shared map forgets what a socket owns when that goes",
    app: cupboard,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const b = await enter(client, "b");
      const c = await enter(client, "c");
      await a.ask("own", "of a", 1);
      await a.ask("own", "given to b", 1);
      await b.ask("own", "given to b", 2);
      await a.ask("own", "of nobody", 1);
      await b.ask("set", "of nobody", 2);
      await a.ask("own", "changed", 1);
      await b.ask("increment", "changed");
      await b.ask("update", "changed", "add one");
      a.socket.disconnect();
      await c.hears("gone");
      await b.hears("gone");
      b.socket.io.engine.close();
      await c.hears("gone");
      await c.ask("entries", {});
    },
  },
  {
    title: "a shared map is read behind what the same handler has written",
    app: cupboard,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      await a.ask("unawaited", "sum");
      await a.ask("get", "sum");
    },
  },
];
