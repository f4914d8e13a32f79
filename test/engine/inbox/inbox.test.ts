import { describe, expect, it } from "vitest";
import { createEngine } from "../../../lib/engine/engine.ts";
import { createGate, Rig, type Client, type Gate } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

/** Handlers that wait at gates, and say when they start and end. */
function slow(instances = 1) {
  const gates = new Map<string, Gate>();
  const happened: string[] = [];
  const rig = new Rig(
    (io) => {
      io.on("connection", (socket) => {
        socket.on("slow", async (name: string, ack?: Answer) => {
          happened.push(`${name} starts`);
          const gate = createGate();
          gates.set(name, gate);
          await gate.passed;
          happened.push(`${name} ends`);
          ack?.();
        });
        socket.on("set", (key: string, value: unknown) => {
          socket.data[key] = value;
        });
        socket.on("get", (ack: Answer) => ack(socket.data));
        socket.on("close", () => socket.conn.close());
        socket.on("disconnect", (reason) => happened.push(reason));
      });
    },
    { instances },
  );
  return { rig, happened, gates };
}

const phaseOf = async (rig: Rig, client: Client) =>
  (await rig.store.loadSession(client.sid, { handshake: false }))?.session.phase;

describe("letters of one lane", () => {
  it("start in order, and do not wait for each other to end", async () => {
    const { rig, happened, gates } = slow();
    const client = await rig.connect();

    await client.send('42["slow","a"]', '42["slow","b"]', '42["slow","c"]');
    gates.get("c")!.open();
    await rig.settle();
    gates.get("a")!.open();
    gates.get("b")!.open();
    await rig.settle();

    expect(happened).toEqual(["a starts", "b starts", "c starts", "c ends", "a ends", "b ends"]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("that arrived the wrong way round are put right by the gateway's time", async () => {
    const { rig, happened } = slow();
    const client = await rig.connect();
    const frame = (text: string, atMs: number) =>
      rig.mailbox.send({ kind: "frame", sid: client.sid, connectionId: client.connectionId, atMs, text });

    await frame('42["slow","b"]', rig.clock.nowMs() + 1);
    await frame('42["slow","a"]', rig.clock.nowMs());
    await frame('42["slow","c"]', rig.clock.nowMs() + 1);
    await rig.settle();

    expect(happened).toEqual(["a starts", "b starts", "c starts"]);
    expect(rig.logs).toContainEqual(expect.objectContaining({ level: "warn", inversions: 1 }));
  });

  it("of different sessions do not wait for each other's listeners", async () => {
    const gate = createGate();
    const rig = new Rig((io) => {
      io.on("connection", async (socket) => {
        if (socket.replaying && socket.data.isSlow === true) await gate.passed;
        socket.on("be slow", () => {
          socket.data.isSlow = true;
        });
        socket.on("x", (ack: Answer) => ack());
      });
    });
    const [one, two] = [await rig.connect(), await rig.connect()];
    await one.send('42["be slow"]');
    one.write('420["x"]');
    two.write('420["x"]');

    await rig.settle();

    expect([one.received, two.received]).toEqual([[], ["430[]"]]);
  });

  it("a pong is not behind a slow handler", async () => {
    const { rig } = slow();
    const client = await rig.connect();
    await client.send('42["slow","a"]');
    await rig.clock.advance(10);

    await client.send("3");

    const beat = await rig.store.getBeat(client.sid, 240_000);
    expect(beat?.lastPongAtMs).toBe(rig.clock.nowMs());
    expect(rig.mailbox.left).toHaveLength(1);
  });

  it("a pong costs one write and no read", async () => {
    const { rig } = slow();
    const client = await rig.connect();
    const { life } = rig.instances[0]!;
    const before = life.calls.length;

    await client.send("3");

    expect(life.calls.slice(before)).toEqual(["store.recordPong"]);
  });

  it("an ack that nobody waits for is ignored", async () => {
    const { rig } = slow();
    const client = await rig.connect();

    await client.send('430["late"]');

    expect(await phaseOf(rig, client)).toBe("open");
    expect(client.received).toEqual([]);
  });
});

describe("an ack that a handler waits for", () => {
  /** `2["ask"]` waits for the ack `30…`. Nothing is ever released early. */
  function asking() {
    const happened: string[] = [];
    const answered = createGate();
    const rig = new Rig({
      ...createEngine({ onMessage: () => undefined }),
      onMessage: (_, data, turn) => {
        happened.push(String(data));
        if (data === '2["ask"]') turn.follow(answered.passed.then(() => void happened.push("answered")));
        if (data === '30["yes"]') answered.open();
        return Promise.resolve();
      },
    });
    rig.mailbox.release = () => Promise.resolve();
    return { rig, happened };
  }

  it.each([
    ["a pong", "3"],
    ["another ack", '439["other"]'],
  ])(
    "does not wait for the batch in which its handler runs with %s, though nothing is released early",
    async (_, other) => {
      const { rig, happened } = asking();
      const client = await rig.open();
      await client.send(other, '42["ask"]');

      await client.send('430["yes"]');

      expect(happened.slice(-2)).toEqual(['30["yes"]', "answered"]);
      expect(rig.mailbox.left).toEqual([]);
    },
  );

  it("is handed over again alone", async () => {
    const rig = new Rig((io) => io.on("connection", () => undefined));
    const client = await rig.connect();
    const { life } = rig.instances[0]!;

    life.failsAt = life.calls.length + 1;
    await client.send('430["a"]', '431["b"]', "3", '42["c"]');

    expect(rig.mailbox.left).toMatchObject([{ text: '430["a"]' }]);
  });
});

describe("early release", () => {
  it("deletes a letter whose handler waits, and the next one runs beside it", async () => {
    const { rig, happened, gates } = slow(2);
    const client = await rig.connect();
    await client.send('42["slow","a"]');
    await client.send('42["slow","b"]');
    const early = [...happened];

    await rig.advance(25);
    gates.get("b")!.open();
    await rig.settle();
    gates.get("a")!.open();
    await rig.settle();

    expect(early).toEqual(["a starts"]);
    expect(happened).toEqual(["a starts", "b starts", "b ends", "a ends"]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("does not delete a letter before its synchronous part, nor any behind it", async () => {
    const gate = createGate();
    const rig = new Rig((io) => {
      io.on("connection", async (socket) => {
        socket.on("bound", () => undefined);
        if (socket.replaying) await gate.passed;
        socket.on("late", () => undefined);
      });
    });
    const client = await rig.connect();
    await client.send('42["bound"]', '42["late"]', '42["bound"]');

    await rig.clock.advance(400);
    const early = [...rig.mailbox.released];
    gate.open();
    await rig.settle();

    expect(early).toHaveLength(1);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("saves what has changed before it lets the next letter run", async () => {
    const { rig, gates } = slow(2);
    const client = await rig.connect();
    await client.send('42["set","a",1]', '42["slow","b"]');

    await rig.clock.advance(25);
    await client.send('420["get"]');

    expect(client.received).toEqual(['430[{"a":1}]']);
    expect(gates.has("b")).toBe(true);
  });

  it("waits for posts that are on their way, or the next letter could overtake them", async () => {
    const post = createGate<"sent">();
    const never = createGate();
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => {
          socket.emit("y");
          return never.passed;
        });
      });
    });
    const client = await rig.connect();
    rig.transport.answer(client.connectionId, post.passed);
    await client.send('42["x"]');

    await rig.clock.advance(1_000);
    const early = rig.mailbox.released.length;
    post.open("sent");
    await rig.clock.advance(25);

    expect([early, rig.mailbox.released.length]).toEqual([0, 1]);
  });

  it("of a letter keeps a failure after it from bringing it back", async () => {
    const gate = createGate();
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", async () => {
          await gate.passed;
          await socket.join("a");
        });
      });
    });
    const client = await rig.connect();
    await client.send('42["x"]');
    await rig.advance(25);
    const { life } = rig.instances[0]!;
    life.failsAt = life.calls.length + 1;

    gate.open();
    await rig.settle();
    await rig.redeliver();

    expect(rig.mailbox.left).toEqual([]);
    expect(client.isClosed).toBe(false);
  });

  it.each([
    ["left the namespace", "41"],
    ["lost its session", "closed"],
  ])("lets a join of the slow handler undo itself when the socket has %s", async (_, how) => {
    const gate = createGate();
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("x", async () => {
            await gate.passed;
            await socket.join("a");
          });
        });
      },
      { instances: 2 },
    );
    const client = await rig.connect();
    await client.send('42["x"]');
    await rig.advance(25);
    if (how === "41") await client.send("41");
    else await client.leave();

    gate.open();
    await rig.settle();

    expect(rig.store.countRows()).toMatchObject({ roomMembers: 0, namespaceMembers: 0 });
  });

  it("lets a disconnect of the slow handler be done by the session itself, once", async () => {
    const gate = createGate();
    const reasons: string[] = [];
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("x", async () => {
            await gate.passed;
            socket.disconnect();
          });
          socket.on("join", () => socket.join("a"));
          socket.on("disconnect", (reason) => reasons.push(reason));
        });
      },
      { instances: 2 },
    );
    const [stays, leaves] = [await rig.connect(), await rig.connect()];
    await stays.send('42["x"]');
    await leaves.send('42["x"]');
    await rig.advance(25);
    // On another instance: one joins a room that the slow handler knows nothing of, the other leaves by itself.
    await stays.send('42["join"]');
    await leaves.send("41");

    gate.open();
    await rig.settle();

    expect(reasons.sort()).toEqual(["client namespace disconnect", "server namespace disconnect"]);
    expect([stays.received, leaves.received]).toEqual([["41"], []]);
    expect(rig.store.countRows()).toMatchObject({
      roomMembers: 0,
      namespaceMembers: 0,
      joined: 0,
      sockets: 0,
    });
  });
});

describe("a frame that is delivered again after a crash", () => {
  it("does not run, nor do those behind it; the session is severed and closed", async () => {
    const { rig, happened } = slow();
    const client = await rig.connect();
    client.write('42["slow","a"]', '42["slow","b"]');
    rig.instances[0]!.life.endsAfter = rig.instances[0]!.life.calls.length + 1;
    await rig.settle();
    rig.replace(0);

    client.write('42["slow","c"]');
    await rig.redeliver();

    expect(happened).toEqual(["transport error"]);
    expect(client.isClosed).toBe(true);
    expect(rig.logged("core.redelivered_frame")).toHaveLength(1);
    expect(await phaseOf(rig, client)).toBe("closed");
    expect(rig.mailbox.left).toEqual([]);
    expect(rig.store.countRows()).toMatchObject({ roomMembers: 0, namespaceMembers: 0, beats: 0 });
  });

  it("and frames that come in later batches do not run either", async () => {
    const { rig, happened } = slow();
    const client = await rig.connect();
    client.write('42["slow","a"]');
    rig.instances[0]!.life.endsAfter = rig.instances[0]!.life.calls.length;
    await rig.settle();
    rig.replace(0);
    rig.mailbox.batchSize = 1;

    client.write('42["slow","b"]', '42["slow","c"]');
    await rig.redeliver();

    expect(happened).toEqual(["transport error"]);
  });

  it("closes, whichever call of it was the last of the instance", async () => {
    // The frame makes the server close the session, so every step of that is among the calls.
    const frames = ['42["set","a",1]', '42["close"]', '42["slow","never"]'];
    let calls = Infinity;
    for (let last = 0; last <= calls; last += 1) {
      const { rig, happened } = slow();
      const client = await rig.connect();
      const { life } = rig.instances[0]!;
      const before = life.calls.length;
      life.endsAfter = before + last;

      await client.send(...frames);
      if (last === 0) {
        // How many there are without a crash.
        const calm = slow();
        const other = await calm.rig.connect();
        const start = calm.rig.instances[0]!.life.calls.length;
        await other.send(...frames);
        calls = calm.rig.instances[0]!.life.calls.length - start;
      }
      rig.replace(0);
      await rig.redeliver();
      await rig.redeliver();

      const seen = `after call ${last}: ${life.calls.slice(before).join(", ")}`;
      expect([seen, await phaseOf(rig, client)]).toEqual([seen, "closed"]);
      expect([seen, happened.filter((line) => line.includes("starts"))]).toEqual([seen, []]);
      expect([seen, happened.length >= 1]).toEqual([seen, true]);
      expect([seen, client.isClosed]).toEqual([seen, true]);
      expect([seen, rig.store.countRows()]).toMatchObject([
        seen,
        { roomMembers: 0, namespaceMembers: 0, beats: 0 },
      ]);
    }
    expect(calls).toBeGreaterThan(8);
  });
});

describe("an outage", () => {
  it("fails the letter and those behind it in its lane, and no other lane", async () => {
    const { rig, happened } = slow();
    const [one, two] = [await rig.connect(), await rig.connect()];
    const { life } = rig.instances[0]!;
    life.failsAt = life.calls.length + 1;
    one.write('42["slow","a"]', '42["slow","b"]');
    two.write('42["slow","c"]');

    await rig.settle();

    expect(happened).toEqual(["c starts"]);
    expect(rig.mailbox.left.map(({ sid }) => sid)).toEqual([one.sid, one.sid, two.sid]);
    expect(rig.logs).toContainEqual(
      expect.objectContaining({ level: "error", message: "a turn failed; its letter comes again" }),
    );
  });

  it("of an effect fails its own letter", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("join", (room: string) => {
          void socket.join(room);
        });
        socket.on("x", (ack: Answer) => ack());
      });
    });
    const client = await rig.connect();
    const { life } = rig.instances[0]!;
    life.failsAt = life.calls.length + 2;

    await client.send('42["join","a"]', '420["x"]');
    const left = rig.mailbox.left.map((letter) => letter.kind === "frame" && letter.text);
    await rig.redeliver();

    expect(left).toEqual(['42["join","a"]']);
    expect(client.isClosed).toBe(true);
  });
});

describe("a frame of no session", () => {
  it("closes its connection", async () => {
    const { rig } = slow();
    const client = await rig.open();
    const stranger = { ...client, sid: "AAAAAAAAAAAAAAAAAAAA" as typeof client.sid };

    await rig.mailbox.send({
      kind: "frame",
      sid: stranger.sid,
      connectionId: client.connectionId,
      atMs: rig.clock.nowMs(),
      text: "40",
    });
    await rig.settle();

    expect(client.isClosed).toBe(true);
    expect(rig.logged("core.frame_without_session")).toMatchObject([{ connectionId: client.connectionId }]);
  });

  it("closes its connection when that is not the session's", async () => {
    const { rig } = slow();
    const [one, two] = [await rig.connect(), await rig.open()];

    await rig.mailbox.send({
      kind: "frame",
      sid: one.sid,
      connectionId: two.connectionId,
      atMs: rig.clock.nowMs(),
      text: '420["get"]',
    });
    await rig.settle();

    expect([one.isClosed, two.isClosed]).toEqual([false, true]);
    expect(one.received).toEqual([]);
  });
});

describe("two closes of one session side by side, in direct ordering", () => {
  it("are ordinary: disconnect runs once, nothing is logged and nothing comes again", async () => {
    const disconnects: string[] = [];
    const gate = createGate();
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("disconnect", async (reason) => {
            disconnects.push(reason);
            await gate.passed;
          });
        });
      },
      { isOrdered: false, instances: 2 },
    );
    const client = await rig.connect();
    const close = { kind: "closed", sid: client.sid, connectionId: client.connectionId, atMs: 1 } as const;
    const deliveries = (["forced close", "transport close"] as const).map((reason, index) => ({
      letter: { ...close, reason },
      id: `direct ${index}`,
      redelivered: false,
    }));
    const [first, second] = deliveries.map((delivery, index) =>
      rig.instances[index]!.inbox.receive([delivery]),
    );
    expect(await second).toEqual([]);
    gate.open();

    expect(await first).toEqual([]);
    expect(disconnects).toHaveLength(1);
    expect(rig.logs).toEqual([]);
    expect((await rig.store.loadSession(client.sid, { handshake: false }))?.session.phase).toBe("closed");
  });
});
