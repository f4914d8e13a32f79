import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { type Client } from "../../support/rig.ts";
import { toTold, hall, type Scene, begin, comeBack } from "../../support/recovery-scene.ts";

describe("a client that comes back before its old session has ended", () => {
  it("takes its state over, after the old one's disconnect handlers", async () => {
    const order: string[] = [];
    const scene = await begin({}, (io) => {
      hall(io);
      io.on("connection", (socket) => {
        order.push(`connection ${socket.recovered}`);
        socket.on("disconnect", (reason) => order.push(`disconnect ${reason}`));
      });
    });
    order.length = 0;

    const client = await scene.rig.open();
    await client.send(`40${JSON.stringify(scene.auth)}`);
    await scene.rig.advance(25);
    await scene.rig.advance(1);

    expect(toTold(client.received)?.sid).toBe(scene.first.sid);
    expect(order.filter((line) => line !== "connection true")).toEqual(["disconnect transport close"]);
    expect(order.at(-1)).toBe("connection true");
    expect(scene.guest.isClosed).toBe(true);
  });

  it("begins anew when that takes more than twenty seconds", async () => {
    const scene = await begin({}, (io) => {
      hall(io);
      io.on("connection", (socket) => {
        socket.on("disconnect", () => new Promise((resolve) => setTimeout(resolve, 1 << 30).unref()));
      });
    });

    const client = await scene.rig.open();
    await client.send(`40${JSON.stringify(scene.auth)}`);
    await scene.rig.advance(21_000);

    expect(toTold(client.received)?.sid).not.toBe(scene.first.sid);
    expect(scene.rig.logged("core.recovery_too_early")).toMatchObject([{ waitedMs: 20_000 }]);
  });

  it("is alone with its state when it comes twice at once", async () => {
    const scene = await begin();
    await scene.guest.leave();
    const both = [await scene.rig.open(), await scene.rig.open()];
    for (const client of both) {
      void client.received;
      client.write(`40${JSON.stringify(scene.auth)}`);
    }
    await scene.rig.settle();
    await scene.rig.advance(21_000);

    const ids = both.map((client) => toTold(client.received)?.sid);

    expect(ids.filter((sid) => sid === scene.first.sid)).toHaveLength(1);
  });
});

describe("a crash while a client's state is restored", () => {
  it("at any call leaves it to be restored again, with everything", async () => {
    let crashes = 0;
    for (let step = 1; ; step += 1) {
      const scene = await begin({ instances: 1 });
      const { rig, guest, speaker } = scene;
      await guest.leave();
      await speaker.send('42["say","two"]', '42["say","three"]');
      const failed = await rig.open();
      const { life } = rig.instances[0]!;
      life.endsAfter = life.calls.length + step;
      await failed.send(`40${JSON.stringify(scene.auth)}`);
      const isOver = life.calls.length >= life.endsAfter;
      life.endsAfter = isOver ? life.endsAfter : undefined;
      // It comes back at the moment when its letter does, whose second delivery closes that session.
      if (isOver) rig.replace(0);
      const early = await rig.open();
      early.write(`40${JSON.stringify(scene.auth)}`);
      await rig.redeliver();
      for (let tick = 0; tick < 40; tick += 1) await rig.advance(25);
      await speaker.send('42["say","four"]');

      const told = toTold(early.received.filter((frame) => !frame.includes("four")));
      expect(told, `after call ${step}, ${life.calls.at(-1)}`).toEqual({
        sid: scene.first.sid,
        pid: scene.first.pid,
        before: [
          ["said", "two"],
          ["said", "three"],
        ],
      });
      if (!isOver) break;
      crashes += 1;
    }
    expect(crashes).toBeGreaterThan(8);
  });

  it("twice in a row still leaves it to be restored", async () => {
    const scene = await begin({ instances: 1 });
    const { rig } = scene;
    await scene.guest.leave();
    await scene.speaker.send('42["say","two"]');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const client = await rig.open();
      const { life } = rig.instances[0]!;
      let moves = 0;
      life.onCall = (call) => {
        if (call === "store.movePid" && moves++ === attempt) life.endsAfter = life.calls.length;
      };
      await client.send(`40${JSON.stringify(scene.auth)}`);
      expect(life.calls.at(-1)).toBe("store.movePid");
      rig.replace(0);
      await rig.redeliver();
      await rig.advance(1_000);
    }

    const { told } = await comeBack(scene, scene.auth);

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "two"]] });
  });
});

describe("a client that a middleware refused while it came back, on its next connection", () => {
  const refusing = { connectionStateRecovery: { skipMiddlewares: false } };
  const guarded = (io: Server): void => {
    hall(io);
    io.use((socket, next) => {
      next(socket.handshake.auth["banned"] === true ? new Error("banned") : undefined);
    });
  };

  async function refuse(): Promise<{ scene: Scene; refused: Client }> {
    const scene = await begin(refusing, guarded);
    await scene.guest.leave();
    await scene.speaker.send('42["say","two"]');
    const refused = await scene.rig.open();
    await refused.send(`40${JSON.stringify({ ...scene.auth, banned: true })}`);
    expect(refused.received.at(-1)).toBe('44{"message":"banned"}');
    return { scene, refused };
  }

  it.each([
    ["the end of the one before is known", true],
    ["nobody has heard of the end of the one before", false],
  ])("has its state back when %s", async (_, isKnown) => {
    const { scene, refused } = await refuse();
    if (isKnown) await refused.leave();
    const client = await scene.rig.open();

    client.write(`40${JSON.stringify(scene.auth)}`);
    await scene.rig.settle();
    for (let tick = 0; tick < 10; tick += 1) await scene.rig.advance(100);

    expect(toTold(client.received)).toMatchObject({ sid: scene.first.sid, before: [["said", "two"]] });
  });

  it("begins anew where no instance ends the one before for twenty seconds, and the log says so", async () => {
    const { scene, refused } = await refuse();
    const { rig } = scene;
    const client = await rig.open();
    // An instance has a packet of the refused session for longer than that, so its close waits in the queue: until it is
    // over nobody knows whether that session is about to be given the state.
    refused.write('42["who"]');
    expect(rig.mailbox.take()).toHaveLength(1);

    client.write(`40${JSON.stringify(scene.auth)}`);
    await rig.settle();
    await rig.advance(21_000);

    expect(toTold(client.received)?.sid).not.toBe(scene.first.sid);
    expect(rig.logged("core.recovery_too_early")).toMatchObject([{ waitedMs: 20_000 }]);
  });
});
