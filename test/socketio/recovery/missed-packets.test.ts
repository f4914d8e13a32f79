import { describe, expect, it } from "vitest";
import type { Client } from "../../support/rig.ts";
import { join, toEvents, offsetIn, hall, build, begin, comeBack } from "../../support/recovery-scene.ts";

describe("what a client is sent again", () => {
  it.each([
    ["an event to several of its rooms, once", '42["union","two"]', ['42["said","two",']],
    ["an event of somebody else to the room", '42["others","two"]', ['42["said","two",']],
    ["an event from which others are left out", '42["all but","attic","two"]', ['42["said","two",']],
    ["nothing that left out one of its rooms", '42["all but","hall","two"]', []],
    ["nothing volatile", '42["whisper","two"]', []],
  ])("is %s", async (_, frame, expected) => {
    const scene = await begin();
    await scene.guest.send('42["enter","annexe"]');
    await scene.guest.leave();
    await scene.speaker.send(frame);

    const client = await scene.rig.open();
    void client.received;
    await client.send(`40${JSON.stringify(scene.auth)}`);

    const replayed = client.received.slice(0, -1);
    expect(replayed).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(replayed[index]).toMatch(start);
  });

  it("is nothing that it has sent itself to others, though a handler of before still runs", async () => {
    const scene = await begin();
    scene.guest.write('42["others","mine"]');
    await scene.guest.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told.before).toEqual([]);
  });

  it("is a packet with attachments, under its own offset", async () => {
    const scene = await begin();
    await scene.guest.leave();
    await scene.speaker.send('451-["bytes",{"_placeholder":true,"num":0}]', "bAQID");

    const client = await scene.rig.open();
    void client.received;
    await client.send(`40${JSON.stringify(scene.auth)}`);

    const [header, attachment] = client.received;
    expect(header).toMatch(
      /^451-\["said",\{"_placeholder":true,"num":0\},"[0-9a-z]{9}-[0-9a-z]{4}-[0-9a-f]{8}"\]$/,
    );
    expect(attachment).toBe("bAQID");
  });

  it("is an event that was under way when its last one began, and none that was done", async () => {
    const rig = await build({ instances: 3 });
    const guest = await rig.open();
    const [slow, quick, late] = [await rig.open(), await rig.open(), await rig.open()];
    const first = await join(guest);
    for (const client of [slow, quick, late]) await join(client);
    await quick.send('42["say","done"]');
    await rig.advance(1_000);
    // Its instance crashes behind the last post: nobody knows whether that was made.
    for (const { life } of rig.instances) {
      let posts = 0;
      life.onCall = (call) => {
        if (call === "transport.post" && (posts += 1) === 4) life.endsAfter = life.calls.length;
      };
    }
    await slow.send('42["say","under way"]');
    for (const [index, { life }] of rig.instances.entries()) {
      delete life.onCall;
      if (life.endsAfter !== undefined) rig.replace(index);
    }
    await rig.advance(1_000);
    await late.send('42["say","last"]');
    const heard = guest.received;
    await rig.advance(1_000);
    await guest.leave();

    const again = await rig.open();
    const told = await join(again, { pid: first.pid, offset: offsetIn(heard.at(-1)) });

    expect(toEvents(heard).map(([, text]) => text)).toEqual(["done", "under way", "last"]);
    expect(told.before).toEqual([["said", "under way"]]);
  });

  it("is an event of a dead turn that never reached it, behind what has been said since", async () => {
    const rig = await build({ instances: 2 });
    const opened = [await rig.open(), await rig.open(), await rig.open()];
    // Members are sent to in the order of their sessions: the guest is the last of them.
    const [speaker, other, guest] = opened.sort((one, two) => (one.sid < two.sid ? -1 : 1)) as [
      Client,
      Client,
      Client,
    ];
    for (const client of [speaker, other]) await join(client);
    const first = await join(guest);
    await speaker.send('42["say","before"]');
    await rig.advance(1_000);
    for (const { life } of rig.instances) {
      life.onCall = (call) => {
        if (call === "transport.post") life.endsAfter = life.calls.length;
      };
    }
    await speaker.send('42["say","half"]');
    for (const [index, { life }] of rig.instances.entries()) {
      delete life.onCall;
      if (life.endsAfter !== undefined) rig.replace(index);
    }
    await rig.advance(1_000);
    await other.send('42["say","since"]');
    const heard = guest.received;
    await guest.leave();

    const again = await rig.open();
    const told = await join(again, { pid: first.pid, offset: offsetIn(heard.at(-1)) });

    expect(toEvents(heard).map(([, text]) => text)).toEqual(["before", "since"]);
    expect(told.before).toEqual([["said", "half"]]);
  });

  it("is not kept when it is too large, which is logged", async () => {
    const scene = await begin({}, (io) => {
      hall(io);
      io.on("connection", (socket) => {
        socket.on("parts", () => io.emit("said", ...Array.from({ length: 5 }, () => Buffer.alloc(90_000))));
      });
    });

    await scene.speaker.send('42["parts"]');

    expect(scene.rig.logged("core.unlogged_packet")).toHaveLength(1);
  });

  it("is written down for nobody of protocol 3 alone", async () => {
    const rig = await build({ allowEIO3: true, instances: 1 });
    const client = await rig.open({ EIO: "3" });
    const { life } = rig.instances[0]!;

    await client.send('42["tell","hello"]');

    expect(client.received.at(-1)).toMatch(/^42\["told","hello"/);
    expect(life.calls).not.toContain("store.appendLog");
  });
});
