import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { liveRows, noRows, PollClient } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

const unknown = { status: 400, body: '{"code":1,"message":"Session ID unknown"}' };

function build(options = {}) {
  const left: string[] = [];
  const install = (io: Server) => {
    io.on("connection", (socket) => {
      void socket.join(["a", "b"]);
      socket.on("echo", (value: unknown) => socket.emit("echoed", value));
      socket.on("disconnect", (reason) => left.push(reason));
    });
  };
  return { rig: new Rig(install, { instances: 3, ...options }), left };
}

/** Whether the session still gets what is sent to it, by polling. */
async function pollsOn(rig: Rig, client: PollClient): Promise<string> {
  rig.io.emit("still here");
  await rig.io.flush();
  return client.fetch();
}

describe("a WebSocket that fails to take over", () => {
  it.each(["4hello", "40", "0", "6", "2", "2other", "1", "", "abc"])(
    "because it begins with %j is closed, and the session polls on",
    async (frame) => {
      const { rig, left } = build();
      const client = await PollClient.connect(rig);
      const socket = await client.probe();

      await socket.send(frame);

      expect([socket.isClosed, socket.received, left]).toEqual([true, [], []]);
      expect(await pollsOn(rig, client)).toBe('42["still here"]');
    },
  );

  it("because it begins with a pong is closed when its time is up: a pong is written down without a look", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    const { length } = rig.instances.flatMap(({ life }) => life.calls);

    await socket.send("3");
    const calls = rig.instances.flatMap(({ life }) => life.calls).length - length;
    const early = socket.isClosed;
    await rig.advance(10_000);
    await client.park();

    expect([calls, early, socket.isClosed]).toEqual([1, false, true]);
  });

  it("because it closes harms nobody, and another one may try", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);
    const first = await client.probe();
    await first.send("2probe");

    await first.leave();
    const between = await pollsOn(rig, client);
    const second = await client.upgrade();
    await second.send('42["echo",1]');

    expect(between).toBe('42["still here"]');
    expect(second.received).toEqual(['42["echoed",1]']);
    expect(left).toEqual([]);
  });

  it.each([
    ["with the GET that waits", true],
    ["without one", false],
  ])("because its time is up is closed, %s, and another one may try", async (_, polls) => {
    const { rig, left } = build({ upgradeTimeout: 3_000 });
    const client = await PollClient.connect(rig);
    const first = await client.probe();

    await rig.advance(3_000);
    const parked = polls ? await client.park() : undefined;
    await rig.advance(500);
    const second = await client.upgrade();
    await second.send('42["echo",1]');

    expect(parked?.isAnswered ?? false).toBe(false);
    if (polls) expect(first.isClosed).toBe(true);
    expect(second.received).toEqual(['42["echoed",1]']);
    expect(left).toEqual([]);
  });

  it("in time may not say 5 when another one has taken its place", async () => {
    const { rig, left } = build({ upgradeTimeout: 3_000 });
    const client = await PollClient.connect(rig);
    const first = await client.probe();
    await rig.advance(3_000);
    const second = await client.upgrade();

    await first.send("5");
    await second.send('42["echo",1]');

    expect(first.isClosed).toBe(true);
    expect(second.received).toEqual(['42["echoed",1]']);
    expect(left).toEqual([]);
  });

  it("because another one is trying is let in and closed, and the session is unharmed", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);
    const first = await client.probe();
    await first.send("2probe");

    const second = await client.probe();
    await first.send("5", '42["echo",1]');

    expect([second.isClosed, second.received]).toEqual([true, []]);
    expect(first.received).toEqual(["3probe", '42["echoed",1]']);
    expect(left).toEqual([]);
  });

  it("because one has succeeded is let in and closed, and the session is unharmed", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);
    const first = await client.upgrade();

    const second = await client.probe();
    await first.send('42["echo",1]');

    expect([second.isClosed, second.received]).toEqual([true, []]);
    expect(first.received).toEqual(['42["echoed",1]']);
    expect(left).toEqual([]);
  });

  it("because its client has left altogether holds up nothing behind it", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);
    const socket = await rig.admit({ sid: client.sid });
    rig.transport.drop(socket.connectionId);

    // Both letters are there; not a millisecond goes by.
    await client.send("1");

    expect(left).toEqual(["transport close"]);
    expect(liveRows(rig)).toEqual(noRows);
  });

  it("beside another one, and gone already, holds up no packet of its session", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const first = await client.probe();
    await first.send("2probe");
    const second = await rig.admit({ sid: client.sid });
    rig.transport.drop(second.connectionId);

    await client.send('42["echo",1]');

    expect(await client.fetch()).toContain('42["echoed",1]');
  });

  it("because its session is over is refused at the door", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    await client.send("1");

    await expect(client.probe()).rejects.toThrow("Session ID unknown");
  });

  it("because its session ends meanwhile is closed", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    await socket.send("2probe");

    await client.send("1");
    await socket.send("5");

    expect(socket.isClosed).toBe(true);
    expect(left).toEqual(["transport close"]);
    expect(await client.get()).toMatchObject(unknown);
    expect(liveRows(rig)).toEqual(noRows);
  });

  it("because its session ends meanwhile hears all that was left for GETs, before it is closed", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    await socket.send("2probe");
    for (let n = 0; n < 40; n++) rig.io.emit("n", n);
    rig.io.disconnectSockets(true);
    await rig.io.flush();
    await rig.settle();

    await socket.send("5");

    const events = Array.from({ length: 40 }, (_, n) => `42["n",${n}]`);
    expect(socket.received).toEqual(["3probe", ...events, "41", "1"]);
    expect(socket.isClosed).toBe(true);
    expect(liveRows(rig)).toEqual(noRows);
  });

  it("because it dies under what was taken for it ends the session: there would be a hole", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    await socket.send("2probe");
    rig.io.emit("lost");
    await rig.io.flush();
    rig.transport.drop(socket.connectionId);

    await socket.send("5");

    expect(left).toEqual(["transport error"]);
    expect(liveRows(rig)).toEqual(noRows);
  });
});
