import { describe, expect, it } from "vitest";
import { Rig } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

const app = () =>
  new Rig((io) => {
    io.on("connection", (socket) => {
      socket.on("echo", (text: string) => socket.emit("echo", text));
      socket.on("volatile", (text: string) => socket.volatile.emit("echo", text));
      socket.on("everyone", (text: string) => io.emit("echo", text));
      socket.on("everyone, volatile", (text: string) => io.volatile.emit("echo", text));
      socket.on("room", (room: string) => socket.join(room));
      socket.on("to", (room: string) => io.to(room).emit("echo", room));
      socket.on("x", (ack: Answer) => ack());
      socket.on("disconnect", (reason) => io.emit("left", reason));
    });
  });

describe("a client that is busy", () => {
  it("gets its frames later, in order", async () => {
    const rig = app();
    const client = await rig.connect();
    rig.transport.answer(client.connectionId, "busy", "busy", "busy");

    await client.send('42["echo","a"]', '42["echo","b"]');
    const early = client.received;
    await rig.advance(40 + 80 + 160);

    expect(early).toEqual([]);
    expect(client.received).toEqual(['42["echo","a"]', '42["echo","b"]']);
  });

  it("for more than about two seconds is closed, and gets nothing more after the hole", async () => {
    const rig = app();
    const client = await rig.connect();
    const watcher = await rig.connect();
    rig.transport.answer(client.connectionId, ...Array.from({ length: 20 }, () => "busy" as const));

    await client.send('42["echo","a"]', '42["echo","b"]');
    await rig.advance(2_500);
    await rig.settle();

    expect(client.received).toEqual([]);
    expect(client.isClosed).toBe(true);
    expect(watcher.received).toEqual(['42["left","transport error"]']);
    expect(rig.logged("core.recipient_dropped")).toHaveLength(1);
    expect(rig.store.countRows()).toMatchObject({ namespaceMembers: 1, beats: 1 });
  });

  it("misses volatile frames and nothing else", async () => {
    const rig = app();
    const client = await rig.connect();
    rig.transport.answer(client.connectionId, "busy");
    await client.send('42["volatile","a"]');
    await client.send('42["echo","b"]');
    rig.transport.answer(client.connectionId, "busy");

    await client.send('42["everyone, volatile","c"]');
    await client.send('42["everyone","d"]');

    expect(client.received).toEqual(['42["echo","b"]', '42["echo","d"]']);
    expect(client.isClosed).toBe(false);
  });
});

describe("a post of unknown outcome", () => {
  it.each(["unknown", "too-large"] as const)(
    "(%s) ends the session, because the stream has a hole",
    async (outcome) => {
      const rig = app();
      const client = await rig.connect();
      rig.transport.answer(client.connectionId, outcome);

      await client.send('42["echo","a"]', '42["echo","b"]');

      expect(client.received).toEqual([]);
      expect(client.isClosed).toBe(true);
      expect((await rig.store.loadSession(client.sid, { handshake: false }))?.session).toMatchObject({
        phase: "closed",
        closeReason: "transport error",
      });
    },
  );

  it("between the frames of a binary packet sends no more of it", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => socket.emit("bytes", Buffer.from([1]), Buffer.from([2])));
      });
    });
    const client = await rig.connect();
    rig.transport.answer(client.connectionId, "sent", "unknown");

    await client.send('42["x"]');

    expect(client.received).toEqual([
      '452-["bytes",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    ]);
    expect(client.isClosed).toBe(true);
  });
});

describe("a connection that is gone", () => {
  it("is closed by whoever finds out, once, with transport close", async () => {
    const rig = app();
    const gone = await rig.connect();
    const sender = await rig.connect();
    rig.transport.drop(gone.connectionId);

    await sender.send('42["everyone","a"]');
    await sender.send('42["everyone","b"]');

    expect(rig.mailbox.sent.filter(({ kind }) => kind === "closed")).toMatchObject([
      { sid: gone.sid, reason: "transport close" },
    ]);
    expect(sender.received).toEqual(['42["echo","a"]', '42["left","transport close"]', '42["echo","b"]']);
    expect(rig.store.countRows()).toMatchObject({ namespaceMembers: 1, roomMembers: 1, beats: 1 });
  });

  it("loses only the row that named it, and only if that row still has its route", async () => {
    const rig = app();
    const gone = await rig.connect();
    const sender = await rig.connect();
    await gone.send('42["room","a"]', '42["room","b"]');
    rig.transport.drop(gone.connectionId);
    const letters = rig.mailbox.sent.length;
    // The close is held back, so that what is gone is what the sender removed.
    rig.mailbox.batchSize = 1;
    sender.write('42["to","a"]');
    const held = rig.mailbox.take()!;
    const failed = await rig.instances[0]!.inbox.receive(held);
    rig.mailbox.finish(held, failed);

    const rooms = ["a", "b"].map(async (room) => {
      const sids = [];
      for await (const page of rig.store.listRoomMembers("/", room)) sids.push(...page.map(({ sid }) => sid));
      return sids;
    });

    expect(await Promise.all(rooms)).toEqual([[], [gone.sid]]);
    expect(rig.mailbox.sent.slice(letters + 1)).toMatchObject([{ kind: "closed", sid: gone.sid }]);
  });
});
