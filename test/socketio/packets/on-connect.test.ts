import { describe, expect, it } from "vitest";
import { createGate, Rig } from "../../support/rig.ts";

describe("CONNECT", () => {
  it("is answered with the socket's id, after what the middlewares sent and before what the listener sends", async () => {
    const rig = new Rig((io) => {
      io.use((socket, next) => {
        socket.emit("from middleware");
        next();
      });
      io.on("connection", (socket) => {
        socket.emit("from listener", socket.id);
      });
    });
    const client = await rig.open();
    void client.received;

    await client.send("40");

    const [first, second, third] = client.received;
    expect(first).toBe('42["from middleware"]');
    expect(second).toMatch(/^40\{"sid":"[A-Za-z0-9_-]{20}"\}$/);
    expect(third).toBe(`42["from listener","${second!.slice(10, 30)}"]`);
  });

  it("runs middlewares one after the other, until one refuses", async () => {
    const ran: string[] = [];
    const rig = new Rig((io) => {
      io.use(async (_socket, next) => {
        await Promise.resolve();
        ran.push("first");
        next();
      });
      io.use((_socket, next) => {
        ran.push("second");
        next(Object.assign(new Error("not allowed"), { data: { code: 7 } }));
      });
      io.use((_socket, next) => {
        ran.push("third");
        next();
      });
      io.on("connection", () => ran.push("connection"));
    });
    const client = await rig.open();
    void client.received;

    await client.send("40");

    expect(ran).toEqual(["first", "second"]);
    expect(client.received).toEqual(['44{"message":"not allowed","data":{"code":7}}']);
  });

  it("puts a socket into the rooms of its middlewares only when it is accepted", async () => {
    const gate = createGate();
    const rig = new Rig((io) => {
      io.use(async (socket, next) => {
        await socket.join("early");
        await gate.passed;
        next();
      });
    });
    const client = await rig.open();
    await client.send("40");
    const before = rig.store.countRows();

    gate.open();
    await rig.settle();

    expect(before).toMatchObject({ roomMembers: 0, namespaceMembers: 0, sockets: 0 });
    expect(rig.store.countRows()).toMatchObject({
      roomMembers: 2,
      namespaceMembers: 1,
      sockets: 1,
      joined: 1,
    });
  });

  it("leaves a refused socket in no room, and its session open", async () => {
    const rig = new Rig((io) => {
      io.use(async (socket, next) => {
        await socket.join("early");
        socket.data.name = "Ann";
        next(new Error("no"));
      });
    });
    const client = await rig.open();
    void client.received;

    await client.send("40");

    expect(client.received).toEqual(['44{"message":"no"}']);
    expect(client.isClosed).toBe(false);
    expect(rig.store.countRows()).toMatchObject({
      roomMembers: 0,
      namespaceMembers: 0,
      sockets: 0,
      auths: 0,
      joined: 0,
      sessions: 1,
    });
  });

  it("is refused, logged and told nothing of the cause when a middleware throws", async () => {
    const failures: unknown[] = [];
    const rig = new Rig(
      (io) => {
        io.use(() => {
          throw new Error("password of the database");
        });
        io.of("/async").use(async () => {
          await Promise.resolve();
          throw new Error("password of the database");
        });
      },
      { onError: ({ event, nsp }) => failures.push([event, nsp]) },
    );
    const client = await rig.open();
    void client.received;

    await client.send("40", "40/async,");

    const frames = client.received;
    expect(frames).toEqual([
      '44{"message":"connection refused"}',
      '44/async,{"message":"connection refused"}',
    ]);
    expect(failures).toEqual([
      ["connect", "/"],
      ["connect", "/async"],
    ]);
  });

  it("is refused when a middleware never calls next", async () => {
    const rig = new Rig((io) => {
      io.use(() => undefined);
    });
    const client = await rig.open();
    void client.received;
    await client.send("40");
    const early = client.received;

    await rig.advance(10_000);

    expect(early).toEqual([]);
    expect(client.received).toEqual(['44{"message":"connection refused"}']);
    expect(rig.logged("core.handler_failed")).toHaveLength(1);
  });

  it("runs no middleware again for later packets", async () => {
    let runs = 0;
    const rig = new Rig(
      (io) => {
        io.use((_socket, next) => {
          runs += 1;
          next();
        });
        io.on("connection", (socket) => socket.on("x", () => undefined));
      },
      { instances: 2 },
    );
    const client = await rig.connect();

    await client.send('42["x"]');
    await client.send('42["x"]');

    expect(runs).toBe(1);
  });

  it.each([
    ["an unknown namespace", "40/unknown,", '44/unknown,{"message":"Invalid namespace"}'],
    ["a namespace with a query", "40/known?token=1,", '44/known?token=1,{"message":"Invalid namespace"}'],
    [
      "a namespace over 128 bytes",
      `40/${"n".repeat(128)},`,
      `44/${"n".repeat(128)},{"message":"Invalid namespace"}`,
    ],
  ])("to %s is refused, and the session stays", async (_, frame, answer) => {
    const rig = new Rig((io) => {
      io.of("/known");
      io.of(`/${"n".repeat(128)}`);
    });
    const client = await rig.open();
    void client.received;

    await client.send(frame);
    const refusal = client.received;
    const id = await client.join("/known");

    expect(refusal).toEqual([answer]);
    expect(id).toHaveLength(20);
  });

  it("to a namespace that is connected already ends the session", async () => {
    const rig = new Rig(() => undefined);
    const client = await rig.connect();

    await client.send("40");

    expect(client.isClosed).toBe(true);
    expect(client.received).toEqual([]);
    expect(rig.store.countRows()).toMatchObject({ roomMembers: 0, namespaceMembers: 0, beats: 0 });
  });

  it("to a namespace whose CONNECT has yet to be answered is answered like that, by the same socket", async () => {
    const gate = createGate();
    const lives: string[] = [];
    const rig = new Rig(
      (io) => {
        io.use((_socket, next) => void gate.passed.then(() => next()));
        io.on("connection", (socket) => {
          lives.push("connection");
          socket.on("echo", () => socket.emit("echo"));
          socket.on("disconnect", () => lives.push("disconnect"));
        });
      },
      { instances: 2 },
    );
    const client = await rig.open();
    void client.received;
    await client.send("40");
    await client.send("40", '42["echo"]');
    await rig.clock.advance(20);

    gate.open();
    await rig.settle();

    const [first, second, ...others] = client.received;
    expect(first).toMatch(/^40\{"sid":"[^"]{20}"\}$/);
    expect(second).toBe(first);
    expect(others).toEqual(['42["echo"]']);
    expect(client.isClosed).toBe(false);
    // As the listener is replayed by three instances.
    expect(lives.filter((life) => life === "disconnect")).toEqual([]);
  });

  it("of a client that has left meanwhile makes no socket, and nobody hears of one", async () => {
    const gate = createGate();
    const lives: string[] = [];
    const rig = new Rig((io) => {
      io.use((socket, next) => {
        void socket.join("members");
        void gate.passed.then(() => next());
      });
      io.on("connection", (socket) => {
        lives.push("connection");
        socket.on("disconnecting", () => lives.push("disconnecting"));
        socket.on("disconnect", () => lives.push("disconnect"));
      });
    });
    const client = await rig.open();
    await client.send("40");

    await client.leave();
    gate.open();
    await rig.settle();

    expect(lives).toEqual([]);
    expect(rig.store.countRows()).toMatchObject({ roomMembers: 0, namespaceMembers: 0, beats: 0 });
  });

  it("to more than 50 namespaces is refused", async () => {
    const rig = new Rig((io) => {
      for (let i = 0; i < 51; i += 1) io.of(`/n${i}`);
    });
    const client = await rig.open();
    for (let i = 0; i < 50; i += 1) await client.join(`/n${i}`);

    await client.send("40/n50,");

    expect(client.received).toEqual(['44/n50,{"message":"Too many namespaces"}']);
  });

  it("with more than 8 KB of auth is refused", async () => {
    const rig = new Rig(() => undefined);
    const client = await rig.open();
    void client.received;

    await client.send(`40{"token":"${"x".repeat(8 * 1024)}"}`);

    expect(client.received).toEqual(['44{"message":"auth must be at most 8192 bytes"}']);
  });

  it("after leaving a namespace makes a new socket in it", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("set", () => {
          socket.data.name = "Ann";
          void socket.join("a");
        });
        socket.on("get", (ack: (...args: unknown[]) => void) => ack(socket.data, [...socket.rooms].length));
      });
    });
    const client = await rig.open();
    const first = await client.join();
    await client.send('42["set"]');
    await client.send("41");

    const second = await client.join();
    await client.send('420["get"]');

    expect(second).not.toBe(first);
    expect(client.received).toContain("430[{},1]");
  });
});

describe("a listener registered in a middleware", () => {
  it("is an error, because it would be forgotten with this packet", async () => {
    const codes: unknown[] = [];
    const rig = new Rig((io) => {
      io.use((socket, next) => {
        try {
          socket.on("x", () => undefined);
        } catch (error) {
          codes.push((error as { code?: string }).code);
        }
        next();
      });
    });

    await rig.connect();

    expect(codes).toEqual(["core.registration_in_handler"]);
  });
});
