import { describe, expect, it } from "vitest";
import type { SharedMap } from "../../../lib/socketio/shared/shared-map.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import type { Callback } from "../../support/asking.ts";
import { Rig, type Client, type RigOptions } from "../../support/rig.ts";

/** As code without types calls it. */
type Loose = (this: unknown, ...args: unknown[]) => unknown;
type Act = (map: SharedMap<unknown>, io: Server) => unknown;

/** Each event runs one of the acts, on whichever of three instances is next, and acknowledges what came of it. */
function createRig(acts: Readonly<Record<string, Act>>, options: RigOptions = {}) {
  return new Rig(
    (io: Server) => {
      const map = io.shared<unknown>("things");
      io.on("connection", (socket) => {
        for (const [name, act] of Object.entries(acts)) {
          socket.on(name, async (done: Callback) => {
            try {
              done(await act(map, io));
            } catch (error) {
              done((error as { code?: string }).code ?? String(error));
            }
          });
        }
      });
    },
    { instances: 3, ...options },
  );
}

async function ask(client: Client, event: string): Promise<unknown> {
  void client.received;
  await client.send(`421["${event}"]`);
  const ack = client.received.find((frame) => frame.startsWith("431"));
  if (ack === undefined) throw new Error(`expected an answer to ${event}, got none`);
  return (JSON.parse(ack.slice(3)) as unknown[])[0];
}

async function run(acts: Readonly<Record<string, Act>>): Promise<unknown[]> {
  const client = await createRig(acts).connect();
  const answers: unknown[] = [];
  for (const name of Object.keys(acts)) answers.push(await ask(client, name));
  return answers;
}

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
};

describe("a shared map", () => {
  it("gives every instance what any of them has set", async () => {
    const answers = await run({
      before: async (map) => [(await map.get("a")) === undefined, await map.has("a")],
      set: (map) => map.set("a", { list: [1, "é", null], nested: { ok: true } }),
      after: async (map) => [await map.get("a"), await map.has("a")],
      drop: (map) => map.delete("a"),
      again: (map) => map.delete("a"),
      gone: (map) => map.has("a"),
    });

    expect(answers).toEqual([
      [true, false],
      null,
      [{ list: [1, "é", null], nested: { ok: true } }, true],
      true,
      false,
      false,
    ]);
  });

  it("keeps null, zero, an empty text, and bytes", async () => {
    const answers = await run({
      set: async (map) => {
        await map.set("null", null);
        await map.set("zero", 0);
        await map.set("text", "");
        await map.set("bytes", new Uint8Array([0, 255]));
        await map.set("view", new DataView(Uint8Array.from([9, 8, 7]).buffer, 1, 1));
      },
      get: async (map) => [
        await map.get("null"),
        await map.get("zero"),
        await map.get("text"),
        ((await map.get("bytes")) as Buffer).toString("hex"),
        ((await map.get("view")) as Buffer).toString("hex"),
        await map.has("null"),
      ],
    });

    expect(answers[1]).toEqual([null, 0, "", "00ff", "08", true]);
  });

  it("is not changed by what becomes of a value afterwards", async () => {
    const [, kept] = await run({
      set: async (map) => {
        const bytes = Buffer.from([1]);
        const list = [1];
        const both = Promise.all([map.set("bytes", bytes), map.set("list", list)]);
        bytes[0] = 2;
        list.push(2);
        await both;
      },
      get: async (map) => [((await map.get("bytes")) as Buffer)[0], await map.get("list")],
    });

    expect(kept).toEqual([1, [1]]);
  });

  it("shows a turn its own writes, awaited or not", async () => {
    const [seen] = await run({
      act: async (map) => {
        void map.set("a", 1);
        void map.increment("a", 2);
        const sum = await map.get("a");
        void map.delete("a");
        return [sum, await map.has("a")];
      },
    });

    expect(seen).toEqual([3, false]);
  });

  it("stores what was not awaited before the turn ends", async () => {
    const [, kept] = await run({
      act: (map) => {
        void map.update("a", (old) => [...((old as number[] | undefined) ?? []), 1]);
        void map.set("b", 2);
      },
      get: async (map) => [await map.get("a"), await map.get("b")],
    });

    expect(kept).toEqual([[1], 2]);
  });

  it("lists and counts in the order of keys, whatever the page", async () => {
    const [, lists] = await run({
      set: (map) => Promise.all(["b", "a/2", "", "a/1", "c", "a"].map((key) => map.set(key, `=${key}`))),
      list: async (map) => [
        await collect(map),
        await collect(map.keys({ prefix: "a/" })),
        await collect(map.values({ from: "b" })),
        await collect(map.keys({ from: "a/2", to: "b" })),
        await map.count(),
        await map.count({ prefix: "a" }),
      ],
    });

    expect(lists).toEqual([
      ["", "a", "a/1", "a/2", "b", "c"].map((key) => [key, `=${key}`]),
      ["a/1", "a/2"],
      ["=b", "=c"],
      ["a/2", "b"],
      6,
      3,
    ]);
  });

  it("is emptied, and no other with it", async () => {
    const [, counts] = await run({
      set: async (map, io) => {
        for (let n = 0; n < 7; n++) await map.set(String(n), n);
        await io.shared("things2").set("0", 0);
      },
      clear: async (map, io) => {
        await map.clear();
        return [await map.count(), await io.shared("things2").count()];
      },
    });

    expect(counts).toEqual([0, 1]);
  });

  it("forgets an entry at its ttl, and keeps it when that is updated", async () => {
    const rig = createRig({
      set: (map) => map.set("a", 1, { ttl: 1500 }),
      add: (map) => map.update("a", (old) => Number(old) + 1),
      get: async (map) => (await map.get("a")) ?? "gone",
    });
    const client = await rig.connect();
    await ask(client, "set");

    expect(await ask(client, "add")).toBe(2);
    await rig.advance(1000);
    expect(await ask(client, "get")).toBe(2);
    await rig.advance(1600);
    expect(await ask(client, "get")).toBe("gone");
  });

  it.each([1_000, 1_001.5, 20_000])("keeps an entry for all of a ttl of %d ms", async (ttl) => {
    const rig = createRig({
      set: (map) => map.set("a", 1, { ttl }),
      get: async (map) => (await map.get("a")) ?? "gone",
    });
    const client = await rig.connect();
    await ask(client, "set");

    await rig.advance(Math.floor(ttl) - 1);
    expect(await ask(client, "get")).toBe(1);
    await rig.advance(1_001);
    expect(await ask(client, "get")).toBe("gone");
  });

  it.each<[Act, string]>([
    [
      (map) => map.set("a", 1, 5_000 as never),
      "expected options in an object, { owner, ttl }, of io.shared().set, got 5000",
    ],
    [
      (map) => map.set("a", 1, { tll: 5 } as object),
      'expected an option of io.shared().set (owner, ttl), got "tll"',
    ],
    [(map) => map.set("a", 1, { owner: 5 as never }), "expected a socket for an owner, got 5"],
    [
      (map) => map.set("a", 1, { ttl: 60 }),
      "expected ttl to be a finite number of milliseconds from 1000 on, got 60",
    ],
    [
      (map) => (map.update as Loose).call(map, "a", () => 1, { ttl: 5_000 }),
      'expected no options of io.shared().update, which keeps owner and expiry, got "ttl"',
    ],
    [
      (map) => map.update("a", 5 as never),
      'expected in io.shared("things") a function that makes the next value of the present one, got 5',
    ],
    [(map) => map.count({ prefix: 5 as never }), "expected prefix of a range of keys to be a string, got 5"],
    [(map) => map.get(undefined as never), "expected a key that is a string, got undefined"],
  ])("says what it expected, and what came", async (act, message) => {
    const rig = createRig({
      act: (map, io) =>
        Promise.resolve(act(map, io)).catch((error: unknown) => ({ message: (error as Error).message })),
    });

    expect(await ask(await rig.connect(), "act")).toEqual({ message });
  });

  it("adds a whole number to a number", async () => {
    const answers = await run({
      first: (map) => map.increment("n"),
      second: (map) => map.increment("n", 41),
      third: (map) => map.increment("n", -2),
      text: async (map) => {
        await map.set("text", "1");
        await map.increment("text");
      },
      half: (map) => map.increment("n", 0.5),
      beyond: (map) => map.increment("n", Number.MAX_SAFE_INTEGER),
      value: (map) => map.update("n", 5 as never),
      nothing: (map) => map.update("n", null as never),
      kept: (map) => map.get("n"),
    });

    expect(answers).toEqual([
      1,
      42,
      40,
      "core.shared_not_a_number",
      "core.shared_not_a_number",
      "core.shared_out_of_range",
      "core.shared_bad_change",
      "core.shared_bad_change",
      40,
    ]);
  });
});

describe("an update", () => {
  it("makes, changes and removes an entry", async () => {
    const answers = await run({
      make: (map) => map.update("a", (old) => (old === undefined ? [1] : old)),
      change: (map) => map.update("a", async (old) => [...(old as number[]), 2]),
      remove: async (map) => (await map.update("a", () => undefined)) === undefined && !(await map.has("a")),
      nothing: async (map) => (await map.update("a", () => undefined)) === undefined,
    });

    expect(answers).toEqual([[1], [1, 2], true, true]);
  });

  it("may use the map itself", async () => {
    const [, sum] = await run({
      set: (map) => map.set("a", 1),
      update: (map) => map.update("b", async () => Number(await map.get("a")) + 1),
    });

    expect(sum).toBe(2);
  });

  it("begins again when somebody else was faster, and counts that", async () => {
    const calls: unknown[] = [];
    const rig = createRig({
      update: (map) =>
        map.update("a", async (old) => {
          calls.push(old);
          if (calls.length < 3) await map.increment("a", 10);
          return Number(old ?? 0) + 1;
        }),
    });
    const client = await rig.connect();

    client.write('421["update"]');
    await rig.settle();
    await rig.advance(1000);

    expect(client.received).toContain("431[21]");
    expect(calls).toEqual([undefined, 10, 20]);
    expect(rig.metrics.total("SharedConflicts")).toBe(2);
  });

  it("gives up, with a code, when somebody always is", async () => {
    const rig = createRig({
      update: (map) =>
        map.update("a", async (old) => {
          await map.increment("a");
          return Number(old ?? 0);
        }),
    });
    const client = await rig.connect();

    client.write('421["update"]');
    await rig.settle();
    await rig.advance(60_000);

    expect(client.received).toContain('431["core.shared_conflict"]');
  });

  it("rejects with what the app throws, and stores nothing", async () => {
    const answers = await run({
      update: (map) =>
        map.update("a", () => {
          throw Object.assign(new Error("no"), { code: "app.no" });
        }),
      has: (map) => map.has("a"),
    });

    expect(answers).toEqual(["app.no", false]);
  });
});

describe("what a shared map cannot keep", () => {
  it.each<[string, Act, string]>([
    ["a function", (map) => map.set("a", () => 1), "core.unserialisable"],
    ["undefined", (map) => map.set("a", undefined), "core.unserialisable"],
    ["a Date within", (map) => map.set("a", { at: new Date(0) }), "core.unserialisable"],
    ["a Map out of an update", (map) => map.update("a", () => new Map()), "core.unserialisable"],
    ["not a number", (map) => map.set("a", NaN), "core.unserialisable"],
    ["text over 350 KB", (map) => map.set("a", "x".repeat(350 * 1024)), "core.shared_too_large"],
    ["bytes over 350 KB", (map) => map.set("a", Buffer.alloc(350 * 1024 + 1)), "core.shared_too_large"],
    ["a key that is no text", (map) => map.get(5 as unknown as string), "core.shared_bad_key"],
    ["a key over 512 bytes", (map) => map.get("é".repeat(257)), "state.key_too_long"],
    ["half a surrogate pair for a key", (map) => map.has("\ud83d"), "state.malformed_name"],
    ["a name over 128 bytes", (_, io) => io.shared("é".repeat(65)), "state.map_too_long"],
    [
      "a name, with options",
      (_, io) => (io.shared as Loose).call(io, "things", { ttl: 5_000 }),
      "config.unknown_option",
    ],
    ["no time to live", (map) => map.set("a", 1, { ttl: 0 }), "core.shared_bad_ttl"],
    ["a ttl under a second", (map) => map.set("a", 1, { ttl: 999 }), "core.shared_bad_ttl"],
    ["a ttl for ever", (map) => map.set("a", 1, { ttl: Infinity }), "core.shared_bad_ttl"],
    ["a ttl that is null", (map) => map.set("a", 1, { ttl: null as never }), "core.shared_bad_ttl"],
    [
      "a ttl that is no number",
      (map) => map.set("a", 1, { ttl: "5" as unknown as number }),
      "core.shared_bad_ttl",
    ],
    ["a misspelt option", (map) => map.set("a", 1, { tll: 5 } as object), "config.unknown_option"],
    ["an id for an owner", (map) => map.set("a", 1, { owner: "id" as never }), "core.shared_bad_owner"],
    ["nobody for an owner", (map) => map.set("a", 1, { owner: null as never }), "core.shared_bad_owner"],
    ["a ttl in the place of options", (map) => map.set("a", 1, 5_000 as never), "config.bad_option"],
    ["null in the place of options", (map) => map.set("a", 1, null as never), "config.bad_option"],
    ["a list in the place of options", (map) => map.set("a", 1, [] as never), "config.bad_option"],
    [
      "an update with options",
      (map) => (map.update as Loose).call(map, "a", () => 1, { ttl: 5_000 }),
      "config.unknown_option",
    ],
    [
      "an increment with a ttl",
      (map) => (map.increment as Loose).call(map, "a", 1, 5_000),
      "config.bad_option",
    ],
    ["a sum of text", (map) => map.increment("a", "1" as never), "core.shared_not_a_number"],
    ["a number for a range", (map) => collect(map.entries(5 as never)), "config.bad_option"],
    ["a prefix in the place of a range", (map) => collect(map.keys("a" as never)), "config.bad_option"],
    ["a misspelt range", (map) => map.count({ prefx: "a" } as object), "config.unknown_option"],
    ["a prefix that is no text", (map) => map.count({ prefix: 5 as never }), "core.shared_bad_range"],
    ["an end that is null", (map) => collect(map.values({ to: null as never })), "core.shared_bad_range"],
    ["two ranges", (map) => collect(map.keys({ prefix: "a", to: "b" })), "core.shared_bad_range"],
  ])("is %s: a code, no outage, and nothing stored", async (_, act, code) => {
    const rig = createRig({ act, count: (map) => map.count() });
    const client = await rig.connect();

    expect(await ask(client, "act")).toBe(code);
    expect(await ask(client, "count")).toBe(0);
    expect(rig.logs.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("a shared map in a replay", () => {
  it("writes nothing again, and reads what it read", async () => {
    const seen: unknown[] = [];
    const rig = new Rig(
      (io: Server) => {
        const visits = io.shared<number>("visits");
        io.on("connection", async (socket) => {
          const visit = await visits.increment("all");
          const all = await collect(visits);
          socket.on("which", (done: Callback) => {
            seen.push(all);
            done(visit);
          });
        });
      },
      { instances: 3 },
    );
    const [a, b] = [await rig.connect(), await rig.connect()];

    expect([await ask(a, "which"), await ask(b, "which"), await ask(a, "which")]).toEqual([1, 2, 1]);
    expect(seen).toEqual([[["all", 1]], [["all", 2]], [["all", 1]]]);
  });
});
