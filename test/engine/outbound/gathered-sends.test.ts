import { describe, expect, it } from "vitest";
import { drain } from "../../support/manual-clock.ts";
import { PollClient } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

const build = () =>
  new Rig((io) => {
    io.on("connection", (socket) => {
      socket.on("thrice", (text: string) => {
        for (const n of [1, 2, 3]) socket.emit(`${n}`, text);
      });
      socket.on("echo", (text: string) => socket.emit("echo", text));
    });
  });

const appends = (rig: Rig): number =>
  rig.instances[0]!.life.calls.filter((call) => call === "store.appendOutbox").length;

describe("what is sent to a polling client in one go", () => {
  it("by one handler is one write", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);
    const before = appends(rig);

    await client.send('42["thrice","x"]');

    expect(appends(rig) - before).toBe(1);
    expect(await client.fetch()).toBe('42["1","x"]\x1e42["2","x"]\x1e42["3","x"]');
  });

  it("by the handlers of one POST is one write", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);
    const before = appends(rig);

    await client.send('42["echo","a"]', '42["echo","b"]', '42["echo","c"]');

    expect(appends(rig) - before).toBe(1);
    expect(await client.fetch()).toBe('42["echo","a"]\x1e42["echo","b"]\x1e42["echo","c"]');
  });

  it("is several writes beyond 64 KB, in order", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);
    const before = appends(rig);

    await client.send(`42["thrice","${"x".repeat(30_000)}"]`);

    expect(appends(rig) - before).toBe(2);
    expect((await client.fetch()).split("\x1e").map((frame) => frame.slice(0, 5))).toEqual([
      '42["1',
      '42["2',
      '42["3',
    ]);
  });

  it("is written at once when somebody waits for it, whatever the rest of its payload is about to say", async () => {
    const rig = build();
    const client = await PollClient.connect(rig);
    const { outbound } = rig.instances[0]!.runtime;
    const before = appends(rig);
    const endGathering = outbound.gatherWhile(client.sid);

    const sent = outbound.send({ sid: client.sid, route: { kind: "out" } }, ["4x"]);
    await drain();
    const early = appends(rig) - before;
    await outbound.settled(client.sid);

    expect(early).toBe(0);
    expect(appends(rig) - before).toBe(1);
    await expect(sent).resolves.toMatchObject({ outcome: "delivered" });
    endGathering();
  });
});
