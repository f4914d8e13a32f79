import { describe, expect, it } from "vitest";
import type { LiveCommit } from "../../../lib/state/live/live-store.ts";
import type { Rig } from "../../support/rig.ts";
import { ask, createLiveRig } from "./live-rig.ts";

/** Before the next write of live values, somebody else writes that row. */
function meet(rig: Rig, name: string, key: string | undefined, value: unknown): void {
  const { commitLive } = rig.store;
  rig.store.commitLive = async (commit: LiveCommit) => {
    rig.store.commitLive = commitLive;
    const row = (await rig.store.listLive()).find((one) => one.name === name && one.key === key);
    const entry = { text: JSON.stringify(value), rank: 1 };
    await commitLive({
      version: "theirs",
      writes: [{ kind: "put", name, key, previous: row?.version, entry }],
      strokes: [],
      sockets: [],
    });
    return commitLive(commit);
  };
}

const createRig = () =>
  createLiveRig(
    (io) => ({
      topic: io.live("topic", "none"),
      list: io.live<string[]>("list", []),
      users: io.live<Record<string, { room: string; seen: number }>>("users", {}),
    }),
    {
      rename: ({ topic, list }) => {
        topic.value = `${topic.value}, mine`;
        list.push("mine");
      },
      set: ({ topic }) => (topic.value = "mine"),
      move: ({ users }) => {
        users["ann"]!.room += "!";
        users["ann"]!.seen += 1;
      },
      read: (state) => ({ topic: state.topic.value, list: state.list, users: state.users }),
    },
  );

const told = (rig: Rig) =>
  rig.logs
    .filter(({ level }) => level === "error")
    .map(
      ({ error }) => error as { readonly code: string; readonly evidence: object; readonly message: string },
    );

describe("a change that meets another one", () => {
  it("is merged, and counted", async () => {
    const rig = createRig();
    const client = await rig.connect();
    meet(rig, "list", undefined, ["theirs"]);

    await ask(client, "rename");

    expect(await ask(client, "read")).toMatchObject({ topic: "none, mine", list: ["theirs", "mine"] });
    expect(rig.metrics.total("LiveConflicts", "merged")).toBe(1);
    expect(told(rig)).toEqual([]);
  });

  it("is told with both values where that has no answer, and all else of it is stored", async () => {
    const rig = createRig();
    const client = await rig.connect();
    meet(rig, "topic", undefined, "theirs");

    await ask(client, "rename");

    expect(await ask(client, "read")).toMatchObject({ topic: "theirs", list: ["mine"] });
    const [conflict, ...others] = told(rig);
    expect(others).toEqual([]);
    expect(conflict).toMatchObject({
      code: "core.live_conflict",
      evidence: { name: "topic", at: "topic", stored: '"theirs"', lost: '"none, mine"' },
    });
    expect(rig.metrics.total("LiveConflicts", "lost")).toBe(1);
  });

  it("counts beside one that is the same: both pushes are there, and of a text the second is told", async () => {
    const rig = createRig();
    const client = await rig.connect();
    await ask(client, "rename");
    meet(rig, "list", undefined, ["mine", "mine"]);
    await ask(client, "rename");
    meet(rig, "topic", undefined, "none, mine, mine, mine");
    await ask(client, "rename");

    expect(await ask(client, "read")).toMatchObject({
      topic: "none, mine, mine, mine",
      list: ["mine", "mine", "mine", "mine"],
    });
    expect(told(rig)).toMatchObject([
      { code: "core.live_conflict", evidence: { at: "topic", lost: '"none, mine, mine, mine"' } },
    ]);
  });

  it("names the place inside of a key", async () => {
    const rig = createRig();
    const client = await rig.connect();
    await rig.store.commitLive({
      version: "first",
      writes: [
        {
          kind: "put",
          name: "users",
          key: "ann",
          previous: undefined,
          entry: { text: '{"room":"a","seen":1}', rank: 1 },
        },
      ],
      strokes: [],
      sockets: [],
    });
    meet(rig, "users", "ann", { room: "b", seen: 5 });

    await ask(client, "move");

    expect(await ask(client, "read")).toMatchObject({ users: { ann: { room: "b", seen: 6 } } });
    expect(told(rig)[0]?.evidence).toMatchObject({ at: 'users["ann"]/room', stored: '"b"', lost: '"a!"' });
  });

  it("wins where it was written without reading", async () => {
    const rig = createRig();
    const client = await rig.connect();
    meet(rig, "topic", undefined, "theirs");

    await ask(client, "set");

    expect(await ask(client, "read")).toMatchObject({ topic: "mine" });
    expect(told(rig)).toEqual([]);
  });

  it("is not there, and not acknowledged, when the table is out of reach", async () => {
    const rig = createRig();
    const client = await rig.connect();
    const { commitLive } = rig.store;
    rig.store.commitLive = () => Promise.reject(new Error("out of reach"));

    await expect(ask(client, "rename")).rejects.toThrow("got none");

    rig.store.commitLive = commitLive;
    const other = await rig.connect();
    expect(await ask(other, "read")).toMatchObject({ topic: "none", list: [] });
    await ask(other, "rename");
    expect(await ask(other, "read")).toMatchObject({ topic: "none, mine", list: ["mine"] });
  });
});
