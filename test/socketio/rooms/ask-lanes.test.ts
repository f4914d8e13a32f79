import { describe, expect, it } from "vitest";
import type { AnySocket } from "../../support/any-socket.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import { answer, asked, idIn } from "../../support/asking.ts";
import { isOver } from "../../support/crashing.ts";
import { PollClient } from "../../support/poll-client.ts";
import { Rig, type RigOptions } from "../../support/rig.ts";

const describeAll = (values: readonly unknown[]): unknown[] =>
  values.map((value) => (Buffer.isBuffer(value) ? `bytes ${value.toString("hex")}` : value));

/** An app that asks whoever says so, in two namespaces, and keeps what it hears in the log. */
function createRig(options: RigOptions = {}) {
  const heard: unknown[] = [];
  const onConnection = (socket: AnySocket) => {
    socket.on("ask", () => {
      socket.timeout(5_000).emit("question", (error: Error | null, ...answers: unknown[]) => {
        heard.push(error ? error.message : describeAll(answers));
      });
    });
    socket.on("other", () => socket.emit("other"));
  };
  const rig = new Rig(
    (io: Server) => {
      io.on("connection", onConnection);
      io.of("/b").on("connection", onConnection);
    },
    { instances: 3, ...options },
  );
  return { rig, heard };
}

describe("an answer", () => {
  it("is one conditional write and no read", async () => {
    const { rig } = createRig();
    const client = await rig.connect();
    await client.send('42["ask"]');
    const id = asked(client);
    for (const { life } of rig.instances) life.calls.length = 0;

    await client.send(`43${id}[]`);

    expect(rig.instances.flatMap(({ life }) => life.calls)).toEqual(["store.saveAnswer"]);
  });

  it("with bytes comes in the main lane, attachments and all", async () => {
    const { rig, heard } = createRig();
    const client = await rig.connect();
    await client.send('42["ask"]');
    const id = asked(client);
    await rig.advance(25);

    await client.send(`461-${id}["a",{"_placeholder":true,"num":0}]`, "bAQID");
    await rig.advance(200);

    expect(heard).toEqual([["a", "bytes 010203"]]);
  });

  it("counts once, the first time", async () => {
    const { rig, heard } = createRig();
    const client = await rig.connect();
    await client.send('42["ask"]');
    const id = asked(client);

    await client.send(`43${id}["first"]`);
    await client.send(`43${id}["second"]`);
    await rig.advance(5_000);

    expect(heard).toEqual([["first"]]);
    expect(client.isClosed).toBe(false);
  });

  it.each<[string, string]>([
    ["to a question nobody asked", '437["x"]'],
    ["with an id beyond all numbers", '4399999999999999999999["x"]'],
    ["without an id", '43["x"]'],
  ])("%s is ignored", async (_, frame) => {
    const { rig, heard } = createRig();
    const client = await rig.connect();
    await client.send('42["ask"]');
    void client.received;

    await client.send(frame);
    await rig.advance(5_000);

    expect(heard).toEqual(["operation has timed out"]);
    expect(client.isClosed).toBe(false);
  });

  it("of somebody who was not asked does not count, whatever id it names", async () => {
    const { rig, heard } = createRig();
    const [client, forger] = [await rig.connect(), await rig.connect()];
    await client.send('42["ask"]');
    const id = asked(client);

    await forger.send(`43${id}["forged"]`);
    await rig.advance(1_000);
    await client.send(`43${id}["true"]`);
    await rig.advance(1_000);

    expect(heard).toEqual([["true"]]);
    expect(forger.isClosed).toBe(false);
  });

  it("out of another namespace of the same client does not count", async () => {
    const { rig, heard } = createRig();
    const client = await rig.connect();
    await client.join("/b");
    await client.send('42["ask"]');
    const id = asked(client);

    await client.send(`43/b,${id}["wrong"]`);
    await client.send(`43${id}["right"]`);
    await rig.advance(1_000);

    expect(heard).toEqual([["right"]]);
  });

  it("that a socket sent before it left counts, however the lanes run", async () => {
    const { rig, heard } = createRig();
    const client = await rig.connect();
    await client.join("/b");
    await client.send('42["ask"]');
    const id = asked(client);

    await client.send("41");
    await client.send(`43${id}["goodbye"]`);
    await rig.advance(1_000);

    expect(heard).toEqual([["goodbye"]]);
    expect(client.isClosed).toBe(false);
  });

  it("that comes too late is ignored", async () => {
    const { rig, heard } = createRig();
    const client = await rig.connect();
    await client.send('42["ask"]');
    const id = asked(client);
    await rig.advance(5_000);

    await client.send(`43${id}["late"]`);
    await rig.advance(5_000);

    expect(heard).toEqual(["operation has timed out"]);
    expect(client.isClosed).toBe(false);
  });

  it("that nobody asked for, to a namespace that was left, ends the session", async () => {
    const { rig } = createRig();
    const client = await rig.connect();
    await client.join("/b");

    await client.send("41");
    await client.send('437["x"]');

    expect(client.isClosed).toBe(true);
  });

  it("before any CONNECT ends the session", async () => {
    const { rig } = createRig();
    const client = await rig.open();

    await client.send('431["x"]');

    expect(client.isClosed).toBe(true);
  });

  it("too large to be kept is ignored, which is logged", async () => {
    const { rig, heard } = createRig();
    const client = await rig.connect();
    await client.send('42["ask"]');
    const id = asked(client);

    await client.send(`43${id}["${"x".repeat(400_000)}"]`);
    await rig.advance(5_000);

    expect(rig.logged("core.ack_too_large")).toMatchObject([{ nsp: "/" }]);
    expect(heard).toEqual(["operation has timed out"]);
    expect(client.isClosed).toBe(false);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("that an instance crashed with comes again, and counts once", async () => {
    const { rig, heard } = createRig({ instances: 2 });
    const client = await rig.connect();
    await client.send('42["ask"]');
    const id = asked(client);
    const { life } = rig.instances[1]!;
    life.endsAfter = life.calls.length + 1;

    await client.send(`43${id}["once"]`);
    await client.send(`43${id}["once"]`);
    expect(isOver(life)).toBe(true);
    rig.replace(1);
    await rig.redeliver();
    await rig.advance(1_000);

    expect(heard).toEqual([["once"]]);
  });

  it("comes from polling clients, among the packets of a POST", async () => {
    const { rig, heard } = createRig();
    const client = await PollClient.connect(rig);
    await client.send('42["ask"]');
    const id = idIn(await client.fetch());

    await client.send('42["other"]', `43${id}["polled"]`, '42["other"]');
    await rig.advance(1_000);

    expect(heard).toEqual([["polled"]]);
  });

  it("sent straight after the last frame of an upgrade counts", async () => {
    const { rig, heard } = createRig();
    const client = await PollClient.connect(rig);
    await client.send('42["ask"]');
    const id = idIn(await client.fetch());
    const socket = await client.probe();
    await socket.send("2probe");

    await socket.send("5", `43${id}["upgraded"]`, '42["other"]');
    await rig.advance(1_000);

    expect(heard).toEqual([["upgraded"]]);
    expect(socket.received).toContain('42["other"]');
  });

  it("comes from clients of Socket.IO 2", async () => {
    const { rig, heard } = createRig({ allowEIO3: true });
    const client = await rig.open({ EIO: "3" });
    await client.send('42["ask"]');

    await answer(client, "old");
    await rig.advance(1_000);

    expect(heard).toEqual([["old"]]);
  });

  it("finds its way without an order of frames, too", async () => {
    const { rig, heard } = createRig({ isOrdered: false });
    const client = await rig.connect();
    await client.send('42["ask"]');

    await answer(client, "direct");
    await rig.advance(1_000);

    expect(heard).toEqual([["direct"]]);
  });
});

describe("the id of a question", () => {
  it("fits into an int, as the official Java client needs it", async () => {
    const { rig } = createRig({ instances: 1 });
    const client = await rig.connect();

    await client.send(...Array.from({ length: 10 }, () => '42["ask"]'));

    const ids = client.received.map((frame) => Number(idIn(frame)));
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(10);
    expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 2 ** 31)).toBe(true);
  });
});
