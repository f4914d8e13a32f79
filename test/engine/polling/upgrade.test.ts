import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { PollClient, type Parked } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

type Ack = (...args: unknown[]) => void;

function build(options = {}) {
  const left: string[] = [];
  const ran: unknown[] = [];
  const install = (io: Server) => {
    io.on("connection", (socket) => {
      void socket.join(["a", "b"]);
      socket.onAny((...args: unknown[]) => ran.push(args[0]));
      socket.on("transport", (ack: Ack) => ack(socket.conn.transport.name));
      socket.on("echo", (value: unknown) => socket.emit("echoed", value));
      socket.on("disconnect", (reason) => left.push(reason));
    });
  };
  return { rig: new Rig(install, { instances: 3, ...options }), left, ran };
}

describe("a WebSocket that opens for a polling session", () => {
  it("is told nothing until it speaks", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);

    const socket = await client.probe();

    expect([socket.received, socket.isClosed]).toEqual([[], false]);
  });

  it("is answered 3probe to 2probe, and the waiting GET ends with a noop", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const parked = await client.park();

    const socket = await client.probe();
    await socket.send("2probe");
    const early = parked.isAnswered;
    await rig.advance(250);

    expect(socket.received).toEqual(["3probe"]);
    expect([early, (await parked.answer).body]).toEqual([false, "6"]);
  });

  it("lets GETs wait a tenth of a second only, as long as it tries", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    await socket.send("2probe");

    const answers: Parked[] = [];
    for (let n = 0; n < 3; n++) {
      const parked = await client.park();
      await rig.advance(113);
      answers.push(parked);
    }

    expect(answers.map(({ isAnswered }) => isAnswered)).toEqual([true, true, true]);
  });

  it("takes over with 5: events run, frames arrive over it, and polling is over", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    await socket.send("2probe");
    void socket.received;

    await socket.send("5");
    await socket.send('421["transport"]', '42["echo",1]');

    expect(socket.received).toEqual(['431["websocket"]', '42["echoed",1]']);
    expect(await client.get()).toMatchObject({ status: 400, body: '{"code":3,"message":"Bad request"}' });
    expect((await rig.store.loadSession(client.sid, { handshake: false }))!.session).toMatchObject({
      transport: "websocket",
      connectionId: socket.connectionId,
      phase: "open",
    });
  });

  it("may send 2probe, 5 and events without waiting for anything", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();

    await socket.send("2probe", "5", '42["echo",1]', '42["echo",2]');

    expect(socket.received).toEqual(["3probe", '42["echoed",1]', '42["echoed",2]']);
  });

  it("may be heard by another instance with every frame", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();

    for (const frame of ["2probe", "5", '42["echo",1]', '42["echo",2]']) await socket.send(frame);

    expect(socket.received).toEqual(["3probe", '42["echoed",1]', '42["echoed",2]']);
  });

  it("gets what was waiting, before what is sent later, each once", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    await socket.send("2probe");
    void socket.received;
    for (const n of [1, 2, 3]) rig.io.emit("n", n);
    rig.io.emit("bytes", Buffer.of(1));
    await rig.io.flush();

    await socket.send("5");
    rig.io.emit("n", 4);
    await rig.io.flush();

    expect(socket.received).toEqual([
      '42["n",1]',
      '42["n",2]',
      '42["n",3]',
      '451-["bytes",{"_placeholder":true,"num":0}]',
      "bAQ==",
      '42["n",4]',
    ]);
  });

  it("comes after what was POSTed before it, which still runs, first", async () => {
    const { rig, ran } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    await socket.send("2probe");

    await client.post('42["echo","posted"]');
    socket.write("5", '42["echo","over it"]');
    await rig.settle();

    expect(ran).toEqual(["echo", "echo"]);
    expect(socket.received).toEqual(["3probe", '42["echoed","posted"]', '42["echoed","over it"]']);
  });

  it("is a route that rooms learn of one by one, each when somebody emits to it", async () => {
    const { rig } = build();
    const client = await PollClient.connect(rig);
    const socket = await client.upgrade();
    const { io, life } = rig.instances[0]!;
    const cost = async (room: string): Promise<string[]> => {
      const { length } = life.calls;
      io.to(room).emit(room);
      await io.flush();
      return life.calls.slice(length).filter((call) => !call.includes("list"));
    };

    const costs = [await cost("a"), await cost("a"), await cost("b"), await cost("b")];

    const repaired = ["store.appendOutbox", "transport.post", "store.repairRoute"];
    expect(costs).toEqual([repaired, ["transport.post"], repaired, ["transport.post"]]);
    expect(socket.received).toEqual(['42["a"]', '42["a"]', '42["b"]', '42["b"]']);
  });

  it("keeps its session alive with pings over it", async () => {
    const { rig, left } = build({ pingInterval: 60_000, pingTimeout: 90_000 });
    const client = await PollClient.connect(rig);
    const socket = await client.upgrade();
    await rig.sweep();

    for (let n = 0; n < 4; n++) {
      await rig.advance(60_000);
      await rig.sweep();
      expect(socket.received).toEqual(["2"]);
      await socket.send("3");
    }

    expect(left).toEqual([]);
  });
});
