import { describe, expect, it } from "vitest";
import { Rig, type RigOptions } from "../../support/rig.ts";

const MINUTE = 60_000;

async function build(options: RigOptions = {}): Promise<Rig> {
  const rig = new Rig((io) => {
    const parent = io.of(/^\/child-\d+$/);
    io.of("/act").on("connection", (socket) => {
      socket.on("all", () => parent.emit("hi"));
      socket.on("some", () => parent.to("nowhere").emit("hi"));
    });
  }, options);
  return rig;
}

/** Children that clients have invented, fifty a session, and have left again. */
async function invent(rig: Rig, count: number, stay = false): Promise<void> {
  for (let from = 0; from < count; from += 50) {
    const client = await rig.open();
    const names = Array.from({ length: Math.min(50, count - from) }, (_, index) => `/child-${from + index}`);
    await client.send(...names.map((name) => `40${name},`));
    if (!stay) await client.leave();
  }
}

const listed = (rig: Rig): Promise<readonly string[]> => rig.store.listChildNamespaces("/_0");

describe("children of a dynamic namespace that are empty", () => {
  it("are forgotten by an emit to everyone, and those with sockets are not", async () => {
    const rig = await build();
    await invent(rig, 100);
    const member = await rig.connect("/child-7");
    await rig.advance(2 * MINUTE);
    const actor = await rig.connect("/act");

    await actor.send('42/act,["all"]');
    const first = rig.instances[0]!.life.calls.length;
    await actor.send('42/act,["all"]');
    const calls = rig.instances[0]!.life.calls.slice(first);

    expect(await listed(rig)).toEqual(["/child-7"]);
    expect(member.received.filter((frame) => frame === '42/child-7,["hi"]')).toHaveLength(2);
    // The session, the children, the four shards of the one that is left, and no more.
    expect(calls.filter((call) => call === "store.listNamespaceMembers")).toHaveLength(1);
  });

  it("are forgotten for as long as nobody connects to them", async () => {
    const rig = await build();
    await invent(rig, 1);
    await rig.advance(2 * MINUTE);
    const actor = await rig.connect("/act");
    await actor.send('42/act,["all"]');

    const member = await rig.connect("/child-0");
    await actor.send('42/act,["all"]');

    expect(member.received).toContain('42/child-0,["hi"]');
  });

  it.each([
    ["a socket that connects while the emit is under way", {}, "all", 0],
    ["an emit to a room", {}, "some", 2 * MINUTE],
    ["clients that may come back", { connectionStateRecovery: {} }, "all", 2 * MINUTE],
  ])("are kept for %s", async (_, options, event, afterMs) => {
    const rig = await build(options);
    await invent(rig, 3);
    await rig.advance(afterMs);
    const actor = await rig.connect("/act");

    await actor.send(`42/act,["${event}"]`);

    expect(await listed(rig)).toHaveLength(3);
  });
});

describe("a dynamic namespace with a thousand children", () => {
  it("lets clients into those there are, and into no other", async () => {
    const rig = await build({ instances: 2 });
    await invent(rig, 1_000);
    const client = await rig.open();
    void client.received;

    await client.send("40/child-999,", "40/child-1000,");

    expect(client.received).toEqual([
      expect.stringMatching(/^40\/child-999,\{"sid"/),
      '44/child-1000,{"message":"Too many namespaces"}',
    ]);
    expect(rig.logged("core.too_many_children")).toMatchObject([
      { level: "warn", parent: "/_0", children: 1_000 },
    ]);
  });
});
