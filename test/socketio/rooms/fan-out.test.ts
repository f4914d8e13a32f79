import { describe, expect, it } from "vitest";
import type { BroadcastPart } from "../../../lib/engine/fan-out.ts";
import { firstOffset } from "../../../lib/ids.ts";
import { countPart } from "../../../lib/socketio/rooms/broadcast-part.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import { answer, type Callback } from "../../support/asking.ts";
import { createGate, Rig, type Client, type RigOptions } from "../../support/rig.ts";

const MEMBERS = 20;

/** Everybody is in `lobby`, whose members are four to a page; parts of broadcasts are sent by instances of their own. */
async function crowd(app: (io: Server) => void, options: RigOptions = {}) {
  const rig = new Rig(
    (io: Server) => {
      io.on("connection", (socket) => {
        void socket.join("lobby");
        socket.on("enter", (room: string) => void socket.join(room));
      });
      app(io);
    },
    { pageSize: 4, fansOut: true, ...options },
  );
  const parts: BroadcastPart[] = [];
  const send = rig.onPart;
  rig.onPart = (part) => {
    parts.push(part);
    return send(part);
  };
  const clients: Client[] = [];
  for (let index = 0; index < MEMBERS; index++) clients.push(await rig.connect());
  for (const client of clients) void client.received;
  const speaker = clients[7]!;
  return { rig, parts, clients, speaker, others: clients.filter((client) => client !== speaker) };
}

const on = (event: string, handler: (io: Server, ...args: never[]) => void) => (io: Server) =>
  io.on("connection", (socket) => {
    socket.on(event, (...args: unknown[]) => handler(io, ...(args as never[])));
  });

describe("a broadcast beyond a page of members", () => {
  it.each([
    ["a room", (io: Server) => io.to("lobby").emit("hello")],
    ["two rooms that share members", (io: Server) => io.to(["lobby", "some"]).emit("hello")],
    ["everyone", (io: Server) => io.emit("hello")],
  ])("to %s reaches each member once, by parts that are each sent by another", async (_, emit) => {
    const { rig, parts, clients, speaker } = await crowd(on("x", emit));
    for (const client of clients.slice(0, 6)) await client.send('42["enter","some"]');

    await speaker.send('42["x"]');

    expect(parts.length).toBeGreaterThan(0);
    expect(clients.map((client) => client.received)).toEqual(clients.map(() => ['42["hello"]']));
    expect(rig.logs).toEqual([]);
  });

  it("reaches the client of its sender before any other", async () => {
    const { rig, speaker } = await crowd(on("x", (io) => io.to("lobby").emit("hello")));
    const before = rig.transport.posts.length;

    await speaker.send('42["x"]');

    expect(rig.transport.posts[before]).toMatchObject({ connectionId: speaker.connectionId });
  });

  it("leaves out who is excepted, its own socket where it says so, and who has just been disconnected", async () => {
    const { rig, clients, speaker } = await crowd((io) => {
      io.on("connection", (socket) => {
        socket.on("except", () => io.to("lobby").except("some").emit("hello"));
        socket.on("others", () => socket.to("lobby").emit("hello"));
        socket.on("kick", () => {
          io.in("some").disconnectSockets();
          io.to("lobby").emit("hello");
        });
      });
    });
    const some = clients.slice(0, 9);
    for (const client of some) await client.send('42["enter","some"]');
    const heard = () => clients.filter(({ received }) => received.includes('42["hello"]'));

    await clients[12]!.send('42["except"]');
    expect(heard()).toEqual(clients.filter((client) => !some.includes(client)));
    await speaker.send('42["others"]');
    expect(heard()).toEqual(clients.filter((client) => client !== speaker));
    await clients[12]!.send('42["kick"]');
    expect(heard()).toEqual(clients.filter((client) => !some.includes(client)));
    expect(rig.logs).toEqual([]);
  });

  it("is over before the next emit of its turn begins, and begins behind the one before", async () => {
    const { rig, clients, speaker } = await crowd(
      on("x", (io) => {
        io.to("lobby").emit("one");
        io.to("lobby").emit("two");
        io.to("lobby").emit("three");
      }),
    );
    const slow = clients.filter((_, index) => index % 3 === 0);
    const gates = slow.map(({ connectionId }) => {
      const gate = createGate<"sent">();
      rig.transport.answer(connectionId, gate.passed);
      return gate;
    });
    const send = rig.onPart;
    const held = createGate();
    rig.onPart = async (part) => {
      if (part.frames[0] === '42["two"]') await held.passed;
      return send(part);
    };

    await speaker.send('42["x"]');
    expect(clients.filter(({ received }) => received.includes('42["two"]'))).toEqual([]);
    for (const gate of gates) gate.open("sent");
    await rig.settle();
    expect(clients.filter(({ received }) => received.includes('42["three"]'))).toEqual([]);
    held.open();
    await rig.settle();

    for (const { connectionId } of clients) {
      const frames = rig.transport.framesTo(connectionId).filter((frame) => /one|two|three/.test(frame));
      expect(frames).toEqual(['42["one"]', '42["two"]', '42["three"]']);
    }
  });

  it("is sent by whoever makes it as far as nobody takes a part", async () => {
    const { rig, clients, speaker } = await crowd(on("x", (io) => io.to("lobby").emit("hello")));
    const send = rig.onPart;
    let refused = 0;
    rig.onPart = (part) => (refused++ % 2 === 0 ? Promise.resolve(undefined) : send(part));

    await speaker.send('42["x"]');

    expect(refused).toBeGreaterThan(0);
    expect(clients.map((client) => client.received)).toEqual(clients.map(() => ['42["hello"]']));
  });

  it("loses by the crash of one part what it says it has lost", async () => {
    const tallies: unknown[] = [];
    const { rig, clients, speaker } = await crowd(
      on("x", (io, done: Callback) => {
        io.to("lobby").emit("hello");
        void io.flush().then((tally) => {
          tallies.push(tally);
          done();
        });
      }),
    );
    const send = rig.onPart;
    let lost = 0;
    rig.onPart = async (part) => {
      const isForSomebody = (await countPart(rig, part)) > 0;
      if (isForSomebody && lost++ === 0) throw new Error("Runtime.ExitError");
      return send(part);
    };
    const gone = clients.find((client) => client !== speaker)!;

    await speaker.send('421["x"]');

    const heard = clients.filter(({ received }) => received.includes('42["hello"]')).length;
    expect(heard).toBeLessThan(MEMBERS);
    expect(tallies).toEqual([{ delivered: heard, gone: 0, dropped: 0, unknown: MEMBERS - heard }]);
    expect(rig.logged("core.broadcast_part_lost")).toMatchObject([
      { level: "error", turn: 'event "x"', unknown: MEMBERS - heard },
    ]);
    expect(gone.isClosed).toBe(false);
  });

  it("tells of clients that are gone and of those that were given up on, whoever has met them", async () => {
    const tallies: unknown[] = [];
    const { rig, others, speaker } = await crowd(
      on("x", (io) => {
        io.to("lobby").emit("hello");
        void io.flush().then((tally) => tallies.push(tally));
      }),
    );
    for (const { connectionId } of others.slice(0, 5)) rig.transport.drop(connectionId);
    for (const { connectionId } of others.slice(5, 8)) rig.transport.answer(connectionId, "unknown");

    await speaker.send('42["x"]');

    expect(tallies).toEqual([{ delivered: MEMBERS - 8, gone: 5, dropped: 3, unknown: 0 }]);
    expect(await rig.store.countMembers("/", "lobby")).toBe(MEMBERS - 8);
    expect(others.slice(5, 8).map(({ isClosed }) => isClosed)).toEqual([true, true, true]);
  });

  it("stops when its invocation is about to end, and tells how many it has not come to", async () => {
    const tallies: { delivered: number; unknown: number }[] = [];
    const { rig, speaker, parts } = await crowd(
      on("x", (io) => {
        io.to("lobby").emit("hello");
        void io.flush().then((tally) => tallies.push(tally));
      }),
    );
    const send = rig.onPart;
    rig.onPart = (part) => send({ ...part, untilMs: rig.clock.nowMs() });

    await speaker.send('42["x"]');

    expect(parts.length).toBeGreaterThan(0);
    const [tally] = tallies;
    expect(tally!.unknown).toBeGreaterThan(0);
    expect(tally!.delivered + tally!.unknown).toBe(MEMBERS);
    const lines = rig.logged("core.broadcast_cut_short");
    expect(lines.reduce((sum, line) => sum + Number(line["unsent"]), 0)).toBe(tally!.unknown);
  });

  it.each([
    ["noted as over with", false],
    ["not, if a part broke off", true],
  ])("of those that are kept for who comes back is %s", async (_, breaksOff) => {
    const { rig, speaker } = await crowd(
      on("x", (io) => io.to("lobby").emit("hello")),
      {
        connectionStateRecovery: {},
      },
    );
    if (breaksOff) rig.onPart = () => Promise.reject(new Error("Runtime.ExitError"));

    await speaker.send('42["x"]');

    const log = await rig.store.listLog("/", "lobby", firstOffset(0));
    expect(log).toHaveLength(1);
    expect(log[0]!.doneAtMs !== undefined).toBe(!breaksOff);
  });

  it("asks all of them, and hears all of their answers", async () => {
    const { rig, clients, speaker } = await crowd((io) => {
      io.on("connection", (socket) => {
        socket.on("ask", (done: Callback) => {
          io.to("lobby")
            .timeout(2_000)
            .emit("question", (error: unknown, answers: unknown[]) => {
              done(error, answers.length);
            });
        });
      });
    });

    await speaker.send('427["ask"]');
    for (const client of clients) await answer(client, "yes");
    await rig.advance(1_000);

    expect(speaker.received.at(-1)).toBe(`437[null,${MEMBERS}]`);
  });

  it("takes the same requests as ever up to a page", async () => {
    const { rig, parts, clients, speaker } = await crowd(on("x", (io) => io.to("few").emit("hello")));
    for (const client of clients.slice(0, 3)) await client.send('42["enter","few"]');
    const { life } = rig.instances[0]!;
    const before = life.calls.length;

    await speaker.send('42["x"]');

    expect(parts).toEqual([]);
    expect(life.calls.slice(before).toSorted()).toEqual([
      "store.listRoomMembers",
      "store.loadSession",
      ...Array(3).fill("transport.post"),
    ]);
  });
});
