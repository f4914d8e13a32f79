import { describe, expect, it } from "vitest";
import { createGate, Rig } from "../support/rig.ts";

type Answer = (...args: unknown[]) => void;

describe("program order", () => {
  it("lets an emit reach whoever joined before it in the same turn, with no await", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => {
          void socket.join("a");
          io.to("a").emit("first");
          void socket.leave("a");
          io.to("a").emit("second");
          void socket.join(["a", "b"]);
          io.to("b").emit("third");
        });
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(client.received).toEqual(['42["first"]', '42["third"]']);
  });

  it("is kept for each recipient, whatever way a frame is emitted", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        void socket.join("a");
        socket.on("x", async (ack: Answer) => {
          socket.emit("1");
          io.emit("2");
          ack("3");
          io.to("a").emit("4");
          socket.emit("5");
          const [self] = await io.in(socket.id).fetchSockets();
          self!.emit("6");
          socket.nsp.to("a").emit("7");
          socket.emit("8");
        });
      });
    });
    const client = await rig.connect();
    const other = await rig.connect();
    rig.transport.answer(client.connectionId, "busy");

    await client.send('420["x"]');
    await rig.advance(100);

    expect(client.received.map((frame) => frame.at(-3))).toEqual([..."12345678"]);
    expect(other.received).toEqual(['42["2"]', '42["4"]', '42["7"]']);
  });

  it("is kept from packet to packet of one batch, however long the first audience takes to find", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        void socket.join("a");
        socket.on("x", (word: string) => void io.to("a").emit(word));
      });
    });
    const client = await rig.connect();
    const gate = createGate();
    const listRoomMembers = rig.store.listRoomMembers.bind(rig.store);
    let calls = 0;
    rig.store.listRoomMembers = async function* (nsp, room) {
      if (calls++ === 0) await gate.passed;
      yield* listRoomMembers(nsp, room);
    };

    await client.send('42["x","first"]', '42["x","second"]');
    gate.open();
    await rig.settle();

    expect(client.received).toEqual(['42["first"]', '42["second"]']);
  });

  it("sends each recipient of a union one frame, and none to whoever is excepted", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("join", (rooms: string[]) => socket.join(rooms));
        socket.on("x", () => {
          io.to(["a", "b"]).except("c").emit("union");
          socket.to("a").emit("others in a");
          socket.broadcast.except("a").emit("others not in a");
        });
      });
    });
    const clients = [await rig.connect(), await rig.connect(), await rig.connect(), await rig.connect()];
    await clients[0]!.send('42["join",["a","b"]]');
    await clients[1]!.send('42["join",["b"]]');
    await clients[2]!.send('42["join",["a","c"]]');

    await clients[0]!.send('42["x"]');

    expect(clients.map((client) => client.received)).toEqual([
      ['42["union"]'],
      ['42["union"]', '42["others not in a"]'],
      ['42["others in a"]'],
      ['42["others not in a"]'],
    ]);
  });
});

describe("a handler that fails", () => {
  it.each<[string, () => unknown]>([
    [
      "by throwing",
      () => {
        throw new Error("no");
      },
    ],
    ["by rejecting", () => Promise.reject(new Error("no"))],
  ])("%s is logged with event and socket, told to onError, and harms nobody", async (_, fail) => {
    const failures: unknown[] = [];
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("bad", fail);
          socket.on("bad", () => socket.emit("still here"));
          socket.on("good", (ack: Answer) => ack());
        });
      },
      { onError: ({ event, nsp, socketId }) => failures.push({ event, nsp, socketId }) },
    );
    const client = await rig.open();
    const socketId = await client.join();

    await client.send('42["bad"]', '420["good"]');

    expect(client.received).toEqual(['42["still here"]', "430[]"]);
    expect(rig.logged("core.handler_failed")).toMatchObject([
      { level: "error", event: "bad", nsp: "/", socketId },
    ]);
    expect(failures).toEqual([{ event: "bad", nsp: "/", socketId }]);
    expect(client.isClosed).toBe(false);
    expect(rig.mailbox.left).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("no reporter");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no reporter"))],
  ])("harms nobody when onError %s as well, which is logged", async (_, onError) => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("bad", () => {
            throw new Error("no");
          });
          socket.on("bad", () => Promise.reject(new Error("no")));
          socket.on("good", (ack: Answer) => ack());
        });
      },
      { onError },
    );
    const client = await rig.connect();

    await client.send('42["bad"]', '420["good"]');

    expect(client.received).toEqual(["430[]"]);
    expect(rig.logged("core.handler_failed")).toHaveLength(2);
    expect(rig.logs.filter(({ message }) => message === "onError failed")).toMatchObject(
      Array.from({ length: 2 }, () => ({ level: "error", event: "bad", error: { message: "no reporter" } })),
    );
    expect(client.isClosed).toBe(false);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("by an emit over 128 KB sends nothing of it, and the connection lives", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("large", (size: number) => socket.emit("x", "y".repeat(size)));
        socket.on("binary", () => socket.emit("x", Buffer.alloc(10), Buffer.alloc(100_000)));
        socket.on("everyone", () => io.emit("x", "y".repeat(131_072)));
        socket.on("ack", (ack: Answer) => ack("y".repeat(131_072)));
      });
    });
    const client = await rig.connect();

    await client.send(`42["large",${131_072 - '42["x",""]'.length}]`);
    const largest = client.received;
    await client.send(`42["large",${131_072 - '42["x",""]'.length + 1}]`);
    await client.send('42["binary"]', '42["everyone"]', '420["ack"]');

    expect(largest[0]).toHaveLength(131_072);
    expect(client.received).toEqual([]);
    expect(rig.logged("core.handler_failed")).toMatchObject(
      ["large", "binary", "everyone", "ack"].map((event) => ({
        event,
        error: { code: "protocol.payload_too_large" },
      })),
    );
    expect(client.isClosed).toBe(false);
  });

  it.each<[string, unknown[], string]>([
    ["a reserved event", ["disconnect"], "protocol.reserved_event"],
    ["a value JSON has no form for", ["x", 1n], "protocol.unencodable"],
  ])("by emitting %s has sent nothing", async (_, args, code) => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => socket.emit(...(args as [string])));
        socket.on("y", () => io.emit(...(args as [string])));
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]', '42["y"]');

    expect(client.received).toEqual([]);
    expect(rig.logged("core.handler_failed")).toMatchObject([{ error: { code } }, { error: { code } }]);
  });

  it("by joining a room whose name no row can have lives on", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("join", (room: string) => socket.join(room));
        socket.on("tell", (room: string) => io.to(room).emit("hello"));
        socket.on("x", (ack: Answer) => ack());
      });
    });
    const client = await rig.connect();
    const long = "r".repeat(1_025);

    await client.send(`42["join","${long}"]`, `42["tell","${long}"]`, '420["x"]');

    expect(client.received).toEqual(["430[]"]);
    expect(rig.logged("core.handler_failed")).toMatchObject([
      { event: "join", error: { code: "state.room_too_long" } },
      { event: "tell", error: { code: "state.room_too_long" } },
    ]);
    expect(rig.mailbox.left).toEqual([]);
    expect(client.isClosed).toBe(false);
  });
});

describe("an acknowledgement", () => {
  it("is sent by the first call alone, with what it was called with", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", (ack: Answer) => {
          ack(1, "two", Buffer.from([3]));
          ack("again");
        });
      });
    });
    const client = await rig.connect();

    await client.send('4217["x"]');

    expect(client.received).toEqual(['461-17[1,"two",{"_placeholder":true,"num":0}]', "bAw=="]);
  });

  it("may come late from an asynchronous handler", async () => {
    const gate = createGate<string>();
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", async (ack: Answer) => ack(await gate.passed));
      });
    });
    const client = await rig.connect();
    await client.send('420["x"]');
    await rig.advance(20_000);

    gate.open("late");
    await rig.settle();

    expect(client.received).toEqual(['430["late"]']);
    expect(rig.logged("core.stray_effect")).toEqual([]);
  });

  it("from a callback that no promise tells of is waited for, for a second", async () => {
    const gate = createGate();
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", (ack: Answer) => {
          void gate.passed.then(() => ack("in time"));
        });
      });
    });
    const client = await rig.connect();
    await client.send('420["x"]');
    await rig.advance(999);

    gate.open();
    await rig.settle();

    expect(client.received).toEqual(['430["in time"]']);
    expect(rig.logged("core.stray_effect")).toEqual([]);
  });

  it("is waited for no longer than ackWait, and is sent all the same if somebody is there to send it", async () => {
    const gate = createGate();
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("x", (ack: Answer) => {
            void gate.passed.then(() => ack("too late"));
          });
        });
      },
      { ackWait: 50 },
    );
    const client = await rig.connect();
    await client.send('420["x"]');
    await rig.advance(50);
    const left = rig.mailbox.left;

    gate.open();
    await rig.settle();

    expect(left).toEqual([]);
    expect(client.received).toEqual(['430["too late"]']);
    expect(rig.logged("core.stray_effect")[0]).toMatchObject({ turn: 'event "x"' });
  });

  it("is not waited for by a handler that was given none", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("x", () => undefined));
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(rig.mailbox.left).toEqual([]);
  });
});

describe("an effect after the end of its turn", () => {
  it("is carried out, and logged with its turn", async () => {
    const gate = createGate();
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => {
          void gate.passed.then(() => {
            socket.emit("stray");
            io.emit("stray broadcast");
            void socket.join("stray room");
          });
        });
      });
    });
    const client = await rig.connect();
    await client.send('42["x"]');

    gate.open();
    await rig.settle();

    expect(client.received).toEqual(['42["stray"]', '42["stray broadcast"]']);
    expect(rig.store.countRows().joined).toBe(1);
    const strays = rig.logged("core.stray_effect");
    expect(strays.length).toBeGreaterThan(0);
    expect(new Set(strays.map(({ turn }) => turn))).toEqual(new Set(['event "x"']));
  });

  it("is waited for by the invocation in which it happens", async () => {
    const gate = createGate();
    const post = createGate<"sent">();
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => {
          void gate.passed.then(() => socket.emit("stray"));
        });
        socket.on("y", () => gate.open());
      });
    });
    const client = await rig.connect();
    await client.send('42["x"]');
    rig.transport.answer(client.connectionId, post.passed);

    await client.send('42["y"]');
    const left = rig.mailbox.left.length;
    post.open("sent");
    await rig.settle();

    expect(left).toBe(1);
    expect(rig.mailbox.left).toEqual([]);
    expect(client.received).toEqual(['42["stray"]']);
  });
});

describe("io.flush", () => {
  it("counts what was delivered, found gone and given up on", async () => {
    const tallies: unknown[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", async () => {
          io.emit("hello");
          tallies.push(await io.flush());
        });
      });
    });
    const [first, second, third, fourth] = [
      await rig.connect(),
      await rig.connect(),
      await rig.connect(),
      await rig.connect(),
    ];
    rig.transport.drop(second.connectionId);
    rig.transport.answer(third.connectionId, "unknown");

    await first.send('42["x"]');

    expect(tallies).toEqual([{ delivered: 2, gone: 1, dropped: 1, unknown: 0 }]);
    expect(fourth.received).toEqual(['42["hello"]']);
  });

  it("outside of any turn waits for what a script has emitted", async () => {
    const rig = new Rig(() => undefined, { instances: 2 });
    const client = await rig.connect();
    const script = rig.instances[1]!.io;

    script.emit("hello");
    script.in("nobody").emit("hello");
    const tally = await script.flush();

    expect(tally).toEqual({ delivered: 1, gone: 0, dropped: 0, unknown: 0 });
    expect(client.received).toEqual(['42["hello"]']);
  });

  it("outside of any turn rejects when the table was out of reach, and then starts anew", async () => {
    const rig = new Rig(() => undefined, { instances: 2 });
    await rig.connect();
    const { io: script, life } = rig.instances[1]!;
    life.failsAt = life.calls.length + 1;

    script.emit("hello");

    await expect(script.flush()).rejects.toThrow("an outage refused store.listNamespaceMembers");
    await expect(script.flush()).resolves.toEqual({ delivered: 0, gone: 0, dropped: 0, unknown: 0 });
  });
});
