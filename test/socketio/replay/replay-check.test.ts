import { describe, expect, it } from "vitest";
import { drain } from "../../support/manual-clock.ts";
import { Rig, type Client } from "../../support/rig.ts";

const send = async (client: Client, ...events: string[]): Promise<string[]> => {
  void client.received;
  for (const event of events) {
    await client.send(`42${event}`);
    // A replay whose listener has asked for something lets that come first, which takes a moment of the event loop.
    await drain();
  }
  return client.received;
};

describe("the comparison of replays", () => {
  it("goes as far as a hundred steps, and says nothing of longer listeners", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          for (let n = 0; n < 130; n++) socket.on(`event ${n}`, () => undefined);
        });
      },
      { replayDigest: true, instances: 2 },
    );
    const client = await rig.connect();

    await send(client, '["event 1"]', '["event 129"]');

    expect(rig.logged("core.replay_differs")).toEqual([]);
  });

  it("says once an instance that a deploy has changed the listener, and lets it do its work", async () => {
    let version = 1;
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("x", () => socket.emit("x", version));
          if (version === 2) socket.on("y", () => socket.emit("y"));
        });
      },
      { replayDigest: true, instances: 1 },
    );
    const client = await rig.connect();
    version = 2;

    const frames = await send(client, '["x"]', '["y"]');

    expect(frames).toEqual(['42["x",2]', '42["y"]']);
    expect(rig.logged("core.replay_differs")).toMatchObject([{ difference: 'on "y", which is new' }]);
  });

  it("notices an event that had registered handlers and registers none when it is run again", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("login", () => {
            if (socket.data.isIn) return;
            socket.data.isIn = true;
            socket.on("move", () => socket.emit("moved"));
          });
        });
      },
      { replayDigest: true, instances: 1 },
    );
    const client = await rig.connect();

    const frames = await send(client, '["login"]', '["move"]', '["move"]');

    expect(frames).toEqual([]);
    expect(rig.logged("core.replay_differs")).toMatchObject([{ difference: 'event "login"' }]);
  });
});
