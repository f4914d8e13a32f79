import { describe, expect, it } from "vitest";
import { Rig } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

const build = () =>
  new Rig(
    (io) => {
      for (const name of ["/", "/chat"]) {
        io.of(name).on("connection", (socket) => {
          socket.on("auth", (ack: Answer) => ack(socket.handshake.auth, socket.handshake.query["token"]));
        });
      }
    },
    { instances: 2 },
  );

const reads = (rig: Rig) =>
  rig.instances.map(({ life }) => life.calls.filter((call) => call === "store.loadSession"));

describe("what a client showed when it arrived", () => {
  it("is there on an instance that sees it for the first time, and is read once by each", async () => {
    const rig = build();
    const client = await rig.open({ token: "t" });
    await client.send('40{"name":"Ann"}');
    void client.received;

    for (const id of [0, 1, 2, 3]) await client.send(`42${id}["auth"]`);

    expect(client.received).toEqual([0, 1, 2, 3].map((id) => `43${id}[{"name":"Ann"},"t"]`));
  });

  it("includes the auth of a namespace that was connected on another instance meanwhile", async () => {
    const rig = build();
    const client = await rig.open({ token: "t" });
    await client.send('40{"name":"Ann"}');
    await client.send('420["auth"]');
    await client.send('40/chat,{"name":"Bea"}');
    void client.received;

    await client.send('42/chat,1["auth"]');
    await client.send('42/chat,2["auth"]', '423["auth"]');

    expect(client.received).toEqual([
      '43/chat,1[{"name":"Bea"},"t"]',
      '43/chat,2[{"name":"Bea"},"t"]',
      '433[{"name":"Ann"},"t"]',
    ]);
  });

  it("is that of the present socket after the namespace was left and joined again", async () => {
    const rig = build();
    const client = await rig.open();
    for (const frame of ['40{"name":"Ann"}', '420["auth"]', "41", '40{"name":"Bea"}'])
      await client.send(frame);
    void client.received;

    await client.send('421["auth"]');
    await client.send('422["auth"]');

    expect(client.received).toEqual(['431[{"name":"Bea"},null]', '432[{"name":"Bea"},null]']);
  });

  it("costs one read a batch once it is known", async () => {
    const rig = build();
    const client = await rig.connect();
    for (const id of [0, 1]) await client.send(`42${id}["auth"]`);
    const before = reads(rig).map((each) => each.length);

    await client.send('422["auth"]', '423["auth"]');
    await client.send('424["auth"]');

    expect(reads(rig).map((each, index) => each.length - before[index]!)).toEqual([1, 1]);
  });
});
