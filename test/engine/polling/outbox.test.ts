import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { liveRows, noRows, PollClient } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

type Ack = (...args: unknown[]) => void;

function build(options = {}) {
  const left: string[] = [];
  const install = (io: Server) => {
    io.on("connection", (socket) => {
      void socket.join("room");
      socket.on("ack", (ack: Ack) => ack("done"));
      socket.on("many", () => {
        socket.emit("1");
        io.to("room").emit("2");
        socket.emit("3");
        io.emit("4");
      });
      socket.on("goodbye", (close: boolean) => {
        socket.emit("last words");
        socket.disconnect(close);
      });
      socket.on("disconnect", (reason) => left.push(reason));
    });
  };
  return { rig: new Rig(install, { instances: 3, ...options }), left };
}

describe("what is sent to a polling client", () => {
  it("arrives in the order it was emitted, whatever the target, in one body", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);

    await client.send('42["many"]');

    expect(await client.fetch()).toBe('42["1"]\x1e42["2"]\x1e42["3"]\x1e42["4"]');
  });

  it("arrives sixteen packets an answer, attachments counted, and the close in one of its own", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    for (let n = 0; n < 8; n++) rig.io.emit("n", n);
    for (let n = 8; n < 15; n++) rig.io.emit("n", n, Buffer.of(n));
    rig.io.disconnectSockets(true);
    await rig.io.flush();
    await rig.settle();

    const answers: string[] = [];
    do answers.push(await client.fetch());
    while (!answers.at(-1)!.endsWith("\x1e1"));

    const packets = answers.map((answer) => answer.split("\x1e"));
    expect(packets.map(({ length }) => length)).toEqual([16, 7, 2]);
    expect(packets[0]!.at(-1)).toBe(`b${Buffer.of(11).toString("base64")}`);
    expect(packets[1]![0]).toBe('451-["n",12,{"_placeholder":true,"num":0}]');
    expect(packets[1]!.at(-1)).toBe("41");
    expect(packets[2]).toEqual(["6", "1"]);
    expect(await client.get()).toMatchObject({ status: 400 });
  });

  it("arrives once, over any number of GETs", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const bodies = [];

    for (let n = 1; n <= 5; n++) {
      rig.io.emit("n", n);
      await rig.io.flush();
      bodies.push(await client.fetch());
    }

    expect(bodies).toEqual([1, 2, 3, 4, 5].map((n) => `42["n",${n}]`));
    expect((await client.park()).isAnswered).toBe(false);
  });

  it("is an ack of its own event", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);

    await client.send('427["ack"]');

    expect(await client.fetch()).toBe('437["done"]');
  });

  it("is a ping, which the client answers in a POST, again and again", async () => {
    const { rig, left } = build({ pingInterval: 60_000, pingTimeout: 90_000 });
    const client = await PollClient.connect(rig);
    await rig.sweep();

    for (let n = 0; n < 4; n++) {
      for (let polls = 0; polls < 3; polls++) {
        const parked = await client.park();
        await rig.advance(20_000);
        await parked.answer;
      }
      const parked = await client.park();
      await rig.sweep();
      await rig.advance(500);
      expect((await parked.answer).body).toBe("2");
      await client.send("3");
    }

    await rig.sweep();
    expect(left).toEqual([]);
  });

  it("is not sent when it is volatile and nobody waits for it", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);

    rig.io.volatile.emit("missed");
    await rig.io.flush();
    const parked = await client.park();
    rig.io.volatile.emit("seen");
    await rig.io.flush();
    await rig.advance(50);

    expect((await parked.answer).body).toBe('42["seen"]');
  });

  it("ends the session once more than 256 KB wait for it", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);
    const emit = async (bytes: number) => {
      rig.io.emit("x", "y".repeat(bytes));
      await rig.io.flush();
      await rig.settle();
    };

    for (const bytes of [100_000, 100_000, 100_000]) await emit(bytes);
    const before = [...left];
    await emit(1);

    expect([before, left]).toEqual([[], ["transport error"]]);
    expect(rig.logged("core.recipient_dropped")).toMatchObject([{ why: "its outbox is full" }]);
    expect(await client.get()).toMatchObject({ status: 400 });
    expect(liveRows(rig)).toEqual(noRows);
  });

  it("to one that is too slow harms no other", async () => {
    const { rig } = build();
    await PollClient.connect(rig);
    const other = await PollClient.connect(rig);
    for (let n = 0; n < 4; n++) {
      rig.io.emit("x", "y".repeat(100_000));
      await rig.io.flush();
      await rig.settle();
      await other.fetch();
    }

    rig.io.emit("last");
    await rig.io.flush();

    expect(await other.fetch()).toBe('42["last"]');
  });
});

describe("a polling client that the server disconnects", () => {
  it("fetches what was sent to it, the disconnect, and a close", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);

    await client.send('42["goodbye",true]');
    const body = await client.fetch();
    const close = await client.fetch();
    const after = await client.get();

    expect(body).toBe('42["last words"]\x1e41');
    expect(close).toBe("6\x1e1");
    expect(left).toEqual(["server namespace disconnect"]);
    expect(after).toMatchObject({ status: 400, body: '{"code":1,"message":"Session ID unknown"}' });
  });

  it("hears of it at once when a GET waits", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const parked = await client.park();

    await client.send('42["goodbye",true]');
    await rig.advance(50);

    expect((await parked.answer).body).toBe('42["last words"]\x1e41');
  });

  it("only from a namespace polls on", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);

    await client.send('42["goodbye",false]');
    const body = await client.fetch();
    await client.send("40");

    expect(body).toBe('42["last words"]\x1e41');
    expect(left).toEqual(["server namespace disconnect"]);
    expect(await client.fetch()).toMatch(/^40\{"sid"/);
  });

  it("is found from any instance, by disconnectSockets", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);

    rig.instances[2]!.io.disconnectSockets(true);
    await rig.instances[2]!.io.flush();
    await rig.settle();

    expect(await client.fetch()).toBe("41");
    expect(await client.fetch()).toBe("6\x1e1");
    expect(left).toEqual(["server namespace disconnect"]);
  });

  it("posts to it no more", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    await client.send('42["goodbye",true]');

    expect(await client.post('42["ack"]')).toMatchObject({ status: 400 });
    rig.io.emit("late");
    await rig.io.flush();

    expect(await client.fetch()).not.toContain("late");
  });

  it("because it joined no namespace in time fetches a close", async () => {
    const { rig } = build({ connectTimeout: 45_000, pingInterval: 60_000, pingTimeout: 90_000 });
    await rig.sweep();
    const client = await PollClient.open(rig);

    await rig.advance(44_999);
    await rig.sweep();
    const { phase } = (await rig.store.loadSession(client.sid, { handshake: false }))!.session;
    await rig.advance(2);
    await rig.sweep();

    expect(phase).toBe("open");
    expect(await client.fetch()).toBe("6\x1e1");
  });
});
