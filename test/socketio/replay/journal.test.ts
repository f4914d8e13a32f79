import { describe, expect, it } from "vitest";
import type { AnySocket } from "../../support/any-socket.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import { createGate, Rig, type Client } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

/** An app whose handler of `login` changes the handlers, on as many instances as there are packets. */
const createRig = (
  onLogin: (socket: AnySocket, ...args: never[]) => unknown,
  more: (io: Server) => void = () => undefined,
) =>
  new Rig(
    (io) => {
      io.on("connection", (socket) => {
        socket.on("known", () => socket.emit("known"));
        socket.on("login", (...args: never[]) => onLogin(socket, ...args));
      });
      more(io);
    },
    { instances: 3 },
  );

const send = async (client: Client, ...events: string[]): Promise<string[]> => {
  void client.received;
  for (const event of events) await client.send(`42${event}`);
  return client.received;
};

describe("a handler that changes the handlers", () => {
  it("by on binds them for every later packet", async () => {
    const rig = createRig((socket, name: string) => {
      socket.on("move", (x: unknown) => socket.emit("moved", name, x));
    });
    const client = await rig.connect();

    const frames = await send(client, '["move",0]', '["login","ann"]', '["move",1]', '["move",2]');

    expect(frames).toEqual(['42["moved","ann",1]', '42["moved","ann",2]']);
  });

  it("is run again, and no other listener of its event, of all events neither", async () => {
    const ran: string[] = [];
    const rig = createRig(
      (socket) => {
        ran.push("login");
        socket.on("move", () => socket.emit("moved"));
      },
      (io) =>
        io.on("connection", (socket) => {
          socket.onAny((event: string) => ran.push(`any ${event}`));
          socket.prependAny((event: string) => ran.push(`first ${event}`));
          socket.on("login", () => ran.push("other"));
        }),
    );
    const client = await rig.connect();
    await send(client, '["login"]');
    ran.length = 0;

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved"]', '42["moved"]']);
    expect(ran).toEqual(["login", "first move", "any move", "login", "first move", "any move"]);
  });

  it("of a listener of all events is run again, and no other of them", async () => {
    const ran: string[] = [];
    const rig = createRig(
      () => ran.push("login"),
      (io) =>
        io.on("connection", (socket) => {
          socket.onAny((event: string) => ran.push(`idle ${event}`));
          socket.onAny((event: string) => {
            if (event !== "login") return;
            ran.push("binds");
            socket.on("move", () => socket.emit("moved"));
          });
        }),
    );
    const client = await rig.connect();
    await send(client, '["login"]');
    ran.length = 0;

    const frames = await send(client, '["move"]');

    expect(frames).toEqual(['42["moved"]']);
    expect(ran).toEqual(["binds", "idle move"]);
  });

  it("by off takes them away", async () => {
    const rig = createRig((socket) => socket.removeAllListeners("known"));
    const client = await rig.connect();

    const frames = await send(client, '["known"]', '["login"]', '["known"]');

    expect(frames).toEqual(['42["known"]']);
  });

  it("by once is heard once more in the life of the socket", async () => {
    const rig = createRig((socket) => socket.once("move", () => socket.emit("moved")));
    const client = await rig.connect();

    const frames = await send(client, '["login"]', '["move"]', '["move"]', '["known"]');

    expect(frames).toEqual(['42["moved"]', '42["known"]']);
  });

  it("out of a once is run again with the event that used it up, and no other", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.once("login", (name: string) => {
            socket.on("move", () => socket.emit("moved", name));
          });
        });
      },
      { instances: 2 },
    );
    const client = await rig.connect();

    const frames = await send(client, '["login","ann"]', '["login","bob"]', '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]', '42["moved","ann"]']);
  });

  it.each<[string, (socket: AnySocket) => void, string[]]>([
    [
      "onAny",
      (socket) => socket.onAny((event: string) => socket.emit("any", event)),
      ['42["any","known"]', '42["known"]'],
    ],
    [
      "prependAny",
      (socket) => socket.prependAny((event: string) => socket.emit("any", event)),
      ['42["any","known"]', '42["known"]'],
    ],
    ["use", (socket) => socket.use((_event, next) => next(new Error("no"))), []],
    [
      "onAnyOutgoing",
      (socket) => socket.onAnyOutgoing((event: string) => void (socket.data.seen = event)),
      ['42["known"]'],
    ],
  ])("by %s is journaled as well", async (_, register, expected) => {
    const rig = createRig(register);
    const client = await rig.connect();

    const frames = await send(client, '["login"]', '["known"]');

    expect(frames).toEqual(expected);
  });

  it("repeats several such events in their order, inertly", async () => {
    const rig = createRig((socket, name: string) => {
      socket.emit("welcome", name);
      socket.data.name = name;
      void socket.join(name);
      socket.on("move", () => socket.emit("moved", name));
    });
    const client = await rig.connect();

    const frames = await send(client, '["login","ann"]', '["login","bob"]', '["move"]');

    expect(frames).toEqual([
      '42["welcome","ann"]',
      '42["welcome","bob"]',
      '42["moved","ann"]',
      '42["moved","bob"]',
    ]);
  });

  it("may do so after an await, and asks the client only once", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("login", async () => {
            const name = (await socket.emitWithAck("who")) as string;
            socket.on("move", () => socket.emit("moved", name));
          });
        });
      },
      { instances: 3 },
    );
    const client = await rig.connect();
    void client.received;
    await client.send('42["login"]');
    const [asked] = client.received;
    await client.send(`43${/^42(\d+)/.exec(asked ?? "")?.[1]}["ann"]`);
    await rig.advance(500);

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]', '42["moved","ann"]']);
  });

  it("keeps bytes and undefined of the event", async () => {
    const rig = createRig((socket, bytes: Buffer) => {
      socket.on("move", () => socket.emit("moved", Buffer.isBuffer(bytes), bytes.toString("hex")));
    });
    const client = await rig.connect();
    void client.received;
    await client.send('451-["login",{"_placeholder":true,"num":0}]', "bAQID");

    const frames = await send(client, '["move"]');

    expect(frames).toEqual(['42["moved",true,"010203"]']);
  });

  it("gives a repeated handler an acknowledgement that does nothing", async () => {
    const rig = createRig((socket, ack: Answer) => {
      ack("welcome");
      socket.on("move", () => socket.emit("moved"));
    });
    const client = await rig.connect();
    void client.received;
    await client.send('427["login"]');

    const frames = [...client.received, ...(await send(client, '["move"]'))];

    expect(frames).toEqual(['437["welcome"]', '42["moved"]']);
  });

  it("seventeen times is an error that names the handler, and costs nothing else", async () => {
    const rig = createRig((socket) => socket.on("move", () => socket.emit("moved")));
    const client = await rig.connect();
    for (let time = 0; time < 17; time++) await client.send('42["login"]');

    const frames = await send(client, '["move"]');

    const [failure] = rig.logged("core.handler_failed");
    expect(failure).toMatchObject({ event: "login", error: { code: "core.journal_full" } });
    expect(String(failure?.["error"])).toContain('"login"');
    expect(frames).toHaveLength(16);
  });

  it("with more than 16 KB is that error, too", async () => {
    const rig = createRig((socket) => socket.on("move", () => undefined));
    const client = await rig.connect();

    await client.send(`42["login",${JSON.stringify("x".repeat(13_000))}]`);

    expect(rig.logged("core.handler_failed")).toMatchObject([{ error: { code: "core.journal_full" } }]);
  });
});

describe("what a connection listener awaits of the library", () => {
  it("is the result of the live run in every replay", async () => {
    let asked = 0;
    const rig = new Rig(
      (io) => {
        io.on("connection", async (socket) => {
          const name = (await socket.emitWithAck("who")) as string;
          asked += socket.replaying ? 0 : 1;
          socket.on("move", () => socket.emit("moved", name));
        });
      },
      { instances: 3 },
    );
    const client = await rig.open();
    void client.received;
    await client.send("40");
    const question = client.received.find((frame) => frame.startsWith("42"));
    await client.send(`43${/^42(\d+)/.exec(question ?? "")?.[1]}["ann"]`);
    await rig.advance(500);

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]', '42["moved","ann"]']);
    expect(asked).toBe(1);
  });

  it("is waited for by an event that comes while the live run still waits, on another instance", async () => {
    const gate = createGate();
    const rig = new Rig(
      (io) => {
        io.on("connection", async (socket) => {
          const sockets = await io.fetchSockets();
          if (!socket.replaying) await gate.passed;
          const name = (await socket.emitWithAck("who", sockets.length)) as string;
          socket.on("move", () => socket.emit("moved", name));
        });
      },
      { instances: 2 },
    );
    const client = await rig.open();
    void client.received;
    await client.send("40");
    await rig.advance(200);
    await client.send('42["move"]');
    gate.open();
    await rig.settle();
    const question = client.received.find((frame) => frame.includes('"who"'));
    await client.send(`43${/^42(\d+)/.exec(question ?? "")?.[1]}["ann"]`);

    await rig.advance(2_000);

    expect(client.received).toEqual(['42["moved","ann"]']);
  });

  it("is its error as well", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", async (socket) => {
          const name = await socket
            .timeout(100)
            .emitWithAck("who")
            .catch((error: Error) => error.message);
          socket.on("move", () => socket.emit("moved", name));
        });
      },
      { instances: 3 },
    );
    const client = await rig.connect();
    await rig.advance(500);

    const frames = await send(client, '["move"]');

    expect(frames).toEqual(['42["moved","operation has timed out"]']);
  });

  it("is the sockets that there were, also when more have come", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", async (socket) => {
          const sockets = await io.fetchSockets();
          socket.on("count", () => socket.emit("counted", sockets.length, sockets[0]?.id === socket.id));
        });
      },
      { instances: 2 },
    );
    const client = await rig.connect();
    await rig.connect();

    const frames = await send(client, '["count"]', '["count"]');

    expect(frames).toEqual(['42["counted",1,true]', '42["counted",1,true]']);
  });
});

describe("the comparison of replays with the live run", () => {
  const withDigest = { replayDigest: true, instances: 2 } as const;

  it("says nothing while they are the same", async () => {
    const rig = new Rig((io) => {
      io.on("connection", async (socket) => {
        void socket.join("lobby");
        socket.on("x", () => undefined);
        await Promise.resolve();
        socket.once("y", () => undefined);
      });
    }, withDigest);
    const client = await rig.connect();

    await send(client, '["x"]', '["y"]', '["y"]', '["x"]');

    expect(rig.logged("core.replay_differs")).toEqual([]);
  });

  it.each(["recovered", "replaying"] as const)(
    "lets a listener that asks whether it is %s join at first only",
    async (asked) => {
      const rig = new Rig((io) => {
        io.on("connection", async (socket) => {
          if (!socket[asked]) void socket.join("lobby");
          socket.on("x", () => undefined);
          if (socket.recovered) return;
          await Promise.resolve();
          await socket.join("later");
        });
      }, withDigest);
      const client = await rig.connect();

      await send(client, '["x"]', '["x"]');

      expect(rig.logged("core.replay_differs")).toEqual([]);
    },
  );

  it("names the first step that is another, with its line, once", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => undefined);
        void socket.join(`room ${Math.random()}`);
      });
    }, withDigest);
    const client = await rig.connect();

    await send(client, '["x"]', '["x"]', '["x"]');

    const [line, ...more] = rig.logged("core.replay_differs");
    expect(more).toHaveLength(rig.instances.length - 1);
    expect(line?.["difference"]).toMatch(/^join "room 0\.\d+" instead of another step$/);
    expect(line?.["line"]).toContain("journal.test.ts");
  });

  it("notices a handler that only the live run has", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => undefined);
        if (!socket.recovered) socket.on("y", () => undefined);
      });
    }, withDigest);
    const client = await rig.connect();

    await send(client, '["x"]', '["x"]');

    expect(rig.logged("core.replay_differs")[0]).toMatchObject({
      difference: "it did not go on as it did then",
    });
  });

  it("notices a handler that only replays have", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        if (socket.replaying) socket.on("y", () => undefined);
      });
    }, withDigest);
    const client = await rig.connect();

    await send(client, '["y"]');

    expect(rig.logged("core.replay_differs")).toMatchObject([{ difference: 'on "y", which is new' }]);
  });
});
