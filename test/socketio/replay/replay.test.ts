import { describe, expect, it } from "vitest";
import type { AnySocket } from "../../support/any-socket.ts";
import { createGate, Rig } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

describe("the connection listener", () => {
  it("runs again for each packet and binds the handlers to it", async () => {
    const runs: [boolean, boolean][] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        runs.push([socket.recovered, socket.replaying]);
        const run = runs.length;
        socket.on("which run", (ack: Answer) => ack(run, socket.recovered, socket.replaying));
      });
    });
    const client = await rig.connect();

    await client.send('420["which run"]', '421["which run"]');
    await client.send('422["which run"]');

    expect(client.received).toEqual(["430[2,true,false]", "431[3,true,false]", "432[4,true,false]"]);
    expect(runs).toEqual([
      [false, false],
      [true, true],
      [true, true],
      [true, true],
    ]);
  });

  it("loses what handlers wrote into its closures, also on a warm instance and within one batch", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        let count = 0;
        socket.on("count", (ack: Answer) => ack((count += 1)));
      });
    });
    const client = await rig.connect();

    await client.send('420["count"]', '421["count"]');
    await client.send('422["count"]');

    expect(client.received).toEqual(["430[1]", "431[1]", "432[1]"]);
  });

  const effects = (socket: AnySocket): void => {
    socket.emit("hello");
    socket.send("hello");
    socket.volatile.emit("hello");
    socket.to("here").emit("hello");
    socket.broadcast.emit("hello");
    socket.nsp.emit("hello");
    socket.server.emit("hello");
    socket.server.to("here").emit("hello");
    socket.server.socketsJoin("forced");
    socket.server.socketsLeave("here");
    socket.server.disconnectSockets();
    void socket.join("here");
    void socket.leave("there");
    socket.disconnect();
    socket.conn.close();
  };

  it.each([
    ["in its synchronous part", (socket: AnySocket) => effects(socket)],
    [
      "after an await",
      async (socket: AnySocket) => {
        await Promise.resolve();
        await Promise.resolve();
        effects(socket);
      },
    ],
    [
      "in a promise that nobody waits for",
      (socket: AnySocket) => {
        void Promise.resolve().then(() => effects(socket));
      },
    ],
  ])("has no effect when it is replayed, %s", async (_, run) => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", (ack: Answer) => ack(socket.connected, [...socket.rooms].slice(1)));
        if (socket.replaying) return run(socket);
        void socket.join("there");
        return undefined;
      });
    });
    const other = await rig.connect();
    const client = await rig.connect();
    void other.received;

    await client.send('420["x"]');

    expect(client.received).toEqual(['430[true,["there"]]']);
    expect(other.received).toEqual([]);
    expect(rig.store.countRows()).toMatchObject({ roomMembers: 4, namespaceMembers: 2 });
    expect(rig.mailbox.sent.filter(({ kind }) => kind === "kick" || kind === "closed")).toEqual([]);
  });

  it("writes nothing into socket.data when it is replayed, not through aliases either", async () => {
    const rig = new Rig((io) => {
      io.on("connection", async (socket) => {
        const { data } = socket;
        socket.on("get", (ack: Answer) => ack(data));
        if (!socket.replaying) {
          socket.data = { list: [1], nested: { deep: { n: 1 } }, kept: true };
          return;
        }
        const { list, nested } = socket.data;
        const write = () => {
          list.push(2);
          list.length = 0;
          nested.deep.n = 2;
          Object.assign(nested, { more: true });
          delete data.kept;
          data.other = 1;
          socket.data = { gone: true };
        };
        write();
        await Promise.resolve();
        write();
      });
    });
    const client = await rig.connect();

    await client.send('420["get"]');
    await client.send('421["get"]');

    const kept = '{"list":[1],"nested":{"deep":{"n":1}},"kept":true}';
    expect(client.received).toEqual([`430[${kept}]`, `431[${kept}]`]);
  });

  it("lets handlers write through the aliases that a replay has taken", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        if (!socket.recovered) socket.data.list = [];
        const { list } = socket.data;
        socket.on("push", (item: string, ack: Answer) => {
          list.push(item);
          ack(socket.data.list);
        });
      });
    });
    const client = await rig.connect();

    await client.send('420["push","a"]');
    await client.send('421["push","b"]');

    expect(client.received).toEqual(['430[["a"]]', '431[["a","b"]]']);
  });

  it("that throws in a replay is reported, and binds what it had bound by then", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", (ack: Answer) => ack());
        if (socket.replaying) throw new Error("only the second time");
      });
    });
    const client = await rig.connect();

    await client.send('420["x"]');

    expect(client.received).toEqual(["430[]"]);
    expect(rig.logged("core.handler_failed")).toMatchObject([{ event: "connection" }]);
  });
});

describe("an asynchronous connection listener", () => {
  it("binds its handlers late, and the packet waits for them", async () => {
    const gates = [createGate(), createGate()];
    const rig = new Rig((io) => {
      let runs = 0;
      io.on("connection", async (socket) => {
        await gates[runs++]?.passed;
        socket.on("x", (ack: Answer) => ack("bound"));
      });
    });
    const client = await rig.connect();
    gates[0]!.open();
    await rig.settle();
    await client.send('420["x"]');
    const early = client.received;

    gates[1]!.open();
    await rig.settle();

    expect(early).toEqual([]);
    expect(client.received).toEqual(['430["bound"]']);
  });

  it("does not hold up an event whose handler is bound already", async () => {
    const never = createGate();
    const rig = new Rig((io) => {
      io.on("connection", async (socket) => {
        socket.on("x", (ack: Answer) => ack());
        if (socket.replaying) await never.passed;
      });
    });
    const client = await rig.connect();

    await client.send('420["x"]');

    expect(client.received).toEqual(["430[]"]);
  });

  it("is waited for within a bound, which is logged with the event", async () => {
    const never = createGate();
    const rig = new Rig((io) => {
      io.on("connection", async (socket) => {
        socket.onAny((event) => socket.emit("seen", event));
        if (socket.replaying) await never.passed;
      });
    });
    const client = await rig.connect();
    await client.send('42["x"]');
    const early = client.received;

    await rig.advance(5_000);

    expect(early).toEqual([]);
    expect(client.received).toEqual(['42["seen","x"]']);
    expect(rig.logged("core.binding_timeout")).toMatchObject([{ turn: 'event "x"', waitedMs: 5_000 }]);
  });

  it("keeps the order of the packets that wait for it", async () => {
    const gates = [createGate(), createGate(), createGate(), createGate()];
    const ran: number[] = [];
    const rig = new Rig((io) => {
      let runs = 0;
      io.on("connection", async (socket) => {
        await gates[runs++]?.passed;
        socket.on("x", (n: number) => ran.push(n));
      });
    });
    const client = await rig.connect();
    gates[0]!.open();
    await client.send('42["x",1]', '42["x",2]', '42["x",3]');

    for (const gate of [gates[3]!, gates[2]!, gates[1]!]) {
      gate.open();
      await rig.settle();
    }

    expect(ran).toEqual([1, 2, 3]);
  });

  it("that rejects in a replay is reported and harms nobody", async () => {
    const rig = new Rig((io) => {
      io.on("connection", async (socket) => {
        await Promise.resolve();
        socket.on("x", (ack: Answer) => ack());
        if (socket.replaying) throw new Error("late");
      });
    });
    const client = await rig.connect();

    await client.send('420["x"]');

    expect(client.received).toEqual(["430[]"]);
    expect(rig.logged("core.handler_failed")).toMatchObject([{ event: "connection" }]);
  });
});

describe("timers", () => {
  it("of a replayed listener are cleared, without a word", async () => {
    const timers: NodeJS.Timeout[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        if (socket.replaying) timers.push(setInterval(() => socket.emit("tick"), 60_000));
        socket.on("x", () => undefined);
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(timers.map((timer) => "_destroyed" in timer && timer._destroyed)).toEqual([true]);
    expect(rig.logged("core.timer_outlived_turn")).toEqual([]);
  });

  it("of a handler are cleared at the end of its turn, and logged with its event", async () => {
    const timers: NodeJS.Timeout[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => {
          timers.push(setTimeout(() => socket.emit("tock"), 60_000));
          timers.push(setInterval(() => socket.emit("tick"), 60_000));
          clearTimeout(setTimeout(() => undefined, 60_000));
        });
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(timers.map((timer) => "_destroyed" in timer && timer._destroyed)).toEqual([true, true]);
    expect(rig.logged("core.timer_outlived_turn")).toMatchObject([{ turn: 'event "x"', timers: 2 }]);
  });
});

describe("registration", () => {
  it("in a middleware is an error that names it, since middlewares are not run again", async () => {
    const rig = new Rig((io) => {
      io.use((socket, next) => {
        socket.on("move", () => undefined);
        next();
      });
    });
    const client = await rig.open();

    await client.send("40");

    const [failure] = rig.logged("core.handler_failed");
    expect(failure).toMatchObject({ event: "connect", error: { code: "core.registration_in_handler" } });
    expect(String(failure?.["error"])).toContain('on "move" inside connect to /');
  });

  it("of something that is no function is an error", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", "y" as never);
      });
    });

    await rig.connect();

    expect(rig.logged("core.handler_failed")).toMatchObject([{ error: { code: "core.not_a_listener" } }]);
  });
});

describe("socket.once", () => {
  it("runs once in the life of the socket, whichever instance takes the packets", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.once("x", () => socket.emit("first"));
          socket.once("x", () => socket.emit("second"));
          socket.on("x", () => socket.emit("always"));
        });
      },
      { instances: 2 },
    );
    const client = await rig.connect();

    await client.send('42["x"]', '42["x"]');
    await client.send('42["x"]');

    expect(client.received).toEqual([
      '42["first"]',
      '42["second"]',
      '42["always"]',
      '42["always"]',
      '42["always"]',
    ]);
  });

  it("runs again for the next socket of the same client", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.once("x", () => socket.emit("first"));
      });
    });
    const client = await rig.connect();
    await client.send('42["x"]');
    await client.send("41");
    await client.join();

    await client.send('42["x"]');

    expect(client.received).toEqual(['42["first"]']);
  });

  it("is taken back by off", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        const listener = () => socket.emit("once");
        socket.once("x", listener);
        socket.off("x", listener);
        socket.on("x", () => socket.emit("on"));
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(client.received).toEqual(['42["on"]']);
  });
});
