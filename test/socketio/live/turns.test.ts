import { describe, expect, it } from "vitest";
import { Rig } from "../../support/rig.ts";
import { ask, createLiveRig } from "./live-rig.ts";

describe("what a handler changes", () => {
  it("is in the table before anything that the handler does after it goes out", async () => {
    const rig = createLiveRig(
      (io) => ({ count: io.live("count", 0), io }),
      {
        both: ({ count, io }) => {
          io.emit("before", count.value);
          count.value += 1;
          io.emit("after", count.value);
        },
      },
      { instances: 1 },
    );
    const client = await rig.connect();
    const seen: string[] = [];
    const { commitLive } = rig.store;
    rig.store.commitLive = async (commit) => {
      seen.push(`stored behind ${JSON.stringify(client.received)}`);
      return commitLive(commit);
    };

    await client.send('421["both",null]');

    expect(seen).toEqual(['stored behind ["42[\\"before\\",0]"]']);
    expect(client.received).toEqual(['42["after",1]', "431[null]"]);
  });

  it("is one write for all that a batch changes, with what its sockets keep", async () => {
    const rig = new Rig(
      (io) => {
        const users = io.live<Record<string, number>>("users", {});
        io.on("connection", (socket) => {
          socket.on("join", (name: string) => {
            users[name] = 1;
            (socket.data as { name?: string }).name = name;
          });
        });
      },
      { instances: 1 },
    );
    const client = await rig.connect();
    const calls: unknown[] = [];
    const { commitLive, saveSocket } = rig.store;
    rig.store.commitLive = async (commit) => {
      calls.push([commit.writes.map(({ key }) => key), commit.sockets.map(({ changes }) => changes.set)]);
      return commitLive(commit);
    };
    rig.store.saveSocket = async (...args) => {
      calls.push(args);
      return saveSocket(...args);
    };

    await client.send('42["join","ann"]', '42["join","bob"]');

    expect(calls).toEqual([[["ann", "bob"], [{ "data.name": '"bob"' }]]]);
  });

  it("is not changed by replays, also behind an await, and aliases of the listener change it", async () => {
    const rig = new Rig(
      (io) => {
        const state = io.live("state", { connections: 0, late: 0, log: [] as string[] });
        const count = io.live("count", 0);
        io.on("connection", async (socket) => {
          state.connections += 1;
          count.value += 1;
          state.log.push(`connected ${socket.replaying}`);
          const { log } = state;
          socket.on("say", (text: string, ack: (...args: unknown[]) => void) => {
            log.push(text);
            ack(state, count.value);
          });
          await Promise.resolve();
          state.late += 1;
        });
      },
      { instances: 3 },
    );
    const client = await rig.connect();

    await client.send('421["say","a"]');
    await client.send('422["say","b"]');

    expect(client.received.at(-1)).toBe(
      '432[{"connections":1,"late":1,"log":["connected false","a","b"]},1]',
    );
  });

  it("may be changed past a view until the handler ends, and is stored then", async () => {
    const rig = createLiveRig(
      (io) => ({ users: io.live<Record<string, { name: string; late?: number }>>("users", {}) }),
      {
        add: async ({ users }) => {
          const ann = { name: "ann" } as { name: string; late?: number };
          users["ann"] = ann;
          for (let tick = 0; tick < 3; tick += 1) await new Promise((resolve) => process.nextTick(resolve));
          ann.late = 1;
        },
        read: ({ users }) => users,
      },
    );
    const client = await rig.connect();

    await ask(client, "add");

    expect(await ask(client, "read")).toEqual({ ann: { name: "ann", late: 1 } });
  });

  it("is taken back, and told, where it cannot be stored", async () => {
    const rig = createLiveRig((io) => ({ users: io.live<Record<string, unknown>>("users", { zoe: 1 }) }), {
      spoil: ({ users }) => {
        users["ann"] = { nested: { call: () => 1 } };
        users["bob"] = 2;
        users["large"] = "x".repeat(360_000);
      },
      read: ({ users }) => users,
    });
    const client = await rig.connect();

    await ask(client, "spoil");

    expect(await ask(client, "read")).toEqual({ zoe: 1, bob: 2 });
    const errors = rig.logs
      .filter(({ level }) => level === "error")
      .map(({ error }) => error as Error & { code: string });
    expect(errors.map(({ code }) => code)).toEqual(["core.unserialisable", "core.live_too_large"]);
    expect(errors[0]!.message).toContain('users["ann"].nested.call');
    expect(errors[1]!.message).toContain('users["large"]');
  });

  it("is told once for each value, of however many keys that cannot be stored", async () => {
    const text = "x".repeat(1_000);
    const rig = createLiveRig(
      (io) => ({
        users: io.live<Record<string, unknown>>("users", {}),
        others: io.live<Record<string, unknown>>("others", {}),
      }),
      {
        spoil: ({ users, others }) => {
          for (let n = 0; n < 1_100; n++) users[`u${n}`] = text;
          for (let n = 0; n < 3; n++) others[`o${n}`] = () => n;
          others["fit"] = 1;
        },
        count: ({ users, others }) => [Object.keys(users).length, Object.keys(others)],
        replace: ({ users }) => {
          delete users["u0"];
          users["v0"] = text;
          users["v1"] = text;
          return [users["v0"] === text, Object.keys(users).length];
        },
      },
    );
    const client = await rig.connect();
    const told = () =>
      rig.logs
        .splice(0)
        .filter(({ level }) => level === "error")
        .map(({ error }) => (error as Error).message);

    await ask(client, "spoil");

    // Texts of 1,002 bytes as JSON, in a megabyte.
    expect(await ask(client, "count")).toEqual([1_046, ["fit"]]);
    expect(told()).toEqual([
      'expected users with users["u1046"] to be at most 1048576 bytes, got 1049094; the change is not stored: ' +
        'keep large values elsewhere. The same is true of 53 more of "users"',
      expect.stringMatching(
        /^expected others\["o0"\] to be plain data .* The same is true of 2 more of "others"$/,
      ),
    ]);

    await ask(client, "replace");
    expect(await ask(client, "count")).toEqual([1_046, ["fit"]]);
    expect(told()).toEqual([
      expect.stringMatching(/^expected users with users\["v1"\] to be at most .*elsewhere$/),
    ]);
  });

  it("is two from then on where one object is put into two places, which is told, and of no move", async () => {
    interface Player {
      score: number;
    }
    const rig = createLiveRig(
      (io) => ({
        waiting: io.live<Player[]>("waiting", [{ score: 1 }, { score: 2 }]),
        playing: io.live<Player[]>("playing", []),
        table: io.live<Record<string, Player>>("table", {}),
      }),
      {
        move: ({ waiting, playing, table }) => {
          playing.push(waiting.pop()!);
          table["one"] = waiting.pop()!;
          table["two"] = table["one"];
          delete table["one"];
        },
        share: ({ playing, table }) => void (table["same"] = playing[0]!),
        "share in lists": ({ waiting, playing }) => {
          const player = { score: 8 };
          waiting.push(player);
          playing.push(player);
        },
        push: ({ waiting, playing }, score: number) => {
          waiting.push({ score });
          playing.push({ score });
        },
        score: ({ table }) => (table["same"]!.score += 5),
        read: (state) => state,
      },
    );
    const client = await rig.connect();
    const told = () =>
      rig.logs.flatMap(({ code, names }) => (code === "core.live_shared_object" ? [names] : []));

    await ask(client, "move");
    expect(await ask(client, "read")).toEqual({
      waiting: [],
      playing: [{ score: 2 }],
      table: { two: { score: 1 } },
    });
    expect(told()).toEqual([]);

    await ask(client, "share");
    await ask(client, "score");
    expect(await ask(client, "read")).toMatchObject({
      playing: [{ score: 2 }],
      table: { same: { score: 7 } },
    });
    expect(told()).toEqual([["playing", "table"]]);

    // On every instance, those that have shared it too.
    for (const score of [20, 21, 22, 23]) {
      await ask(client, "share in lists");
      await ask(client, "push", score);
    }
    const { waiting, playing } = (await ask(client, "read")) as { waiting: Player[]; playing: Player[] };
    expect(waiting.map((one) => one.score)).toEqual([8, 20, 8, 21, 8, 22, 8, 23]);
    expect(playing.map((one) => one.score)).toEqual([2, 8, 20, 8, 21, 8, 22, 8, 23]);
  });
});

describe("live values", () => {
  it("are read once a batch, beside its sessions, and not for a pong", async () => {
    const rig = createLiveRig((io) => ({ users: io.live("users", {}) }), { nothing: () => undefined });
    const client = await rig.connect();
    let reads = 0;
    const { listLive } = rig.store;
    rig.store.listLive = () => {
      reads += 1;
      return listLive();
    };

    await client.send('42["nothing"]', '42["nothing"]');
    expect(reads).toBe(1);
    await client.send("3");
    expect(reads).toBe(1);
  });

  it("are not read where none is declared", async () => {
    const rig = createLiveRig(() => ({}), { nothing: () => undefined });
    rig.store.listLive = () => Promise.reject(new Error("expected nothing to be read"));
    const client = await rig.connect();

    await client.send('421["nothing",null]');

    expect(client.received).toContain("431[null]");
  });

  it("have names of their own, are declared where the module is loaded, and stay of their kind", async () => {
    const rig = createLiveRig(
      (io) => {
        io.live("users", {});
        expect(() => io.live("users", [])).toThrow(
          expect.objectContaining({ code: "core.live_name_taken" }) as Error,
        );
        expect(() => io.live("x".repeat(257), [])).toThrow(
          expect.objectContaining({ code: "state.live_name_too_long" }) as Error,
        );
        return { io };
      },
      { declare: ({ io }) => io.live("late", {}) },
    );

    expect(await ask(await rig.connect(), "declare")).toBe("core.registration_in_handler");
  });
});
