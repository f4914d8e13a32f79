import { describe, expect, it } from "vitest";
import type { AnySocket } from "../../support/any-socket.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import { PollClient } from "../../support/poll-client.ts";
import { createGate, Rig, type Client } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

/** Each packet on another instance than the one before, so that nothing is there but what a replay binds. */
const rigOf = (bind: (socket: AnySocket, io: Server) => unknown) =>
  new Rig((io) => void io.on("connection", (socket) => bind(socket, io)), { instances: 3 });

async function playTo(bind: (socket: AnySocket, io: Server) => unknown, ...events: string[]) {
  const rig = rigOf(bind);
  const client = await rig.connect();
  for (const event of events) await client.send(`42${event}`);
  return client.received.map((frame) => JSON.parse(frame.slice(2)) as unknown[]);
}

describe("listeners of every event", () => {
  it("come before the middlewares and the handlers, prepended ones first, with the acknowledgement", async () => {
    const frames = await playTo(
      (socket) => {
        socket.onAny((event: string, ...args: unknown[]) => socket.emit("any", event, typeof args.at(-1)));
        socket.prependAny((event: string) => socket.emit("first", event));
        socket.use(([event], next) => {
          socket.emit("used", event);
          next();
        });
        socket.on("go", () => socket.emit("handled"));
      },
      '["go"]',
      '["unknown",1]',
    );

    expect(frames).toEqual([
      ["first", "go"],
      ["any", "go", "undefined"],
      ["used", "go"],
      ["handled"],
      ["first", "unknown"],
      ["any", "unknown", "number"],
      ["used", "unknown"],
    ]);
  });

  it("are listed, and taken off one by one or all at once", async () => {
    const frames = await playTo((socket) => {
      const [one, two] = [() => socket.emit("never"), () => socket.emit("two")];
      socket.onAny(one);
      socket.onAny(two);
      socket.offAny(one);
      socket.on("count", () => {
        const before = socket.listenersAny().length;
        socket.offAny();
        socket.emit("counted", before, socket.listenersAny().length);
      });
    }, '["count"]');

    expect(frames).toEqual([["two"], ["counted", 1, 0]]);
  });

  it("of outgoing events hear what the socket's own code emits, prepended ones first", async () => {
    const frames = await playTo(
      (socket, io) => {
        const heard = (who: string) => (event: string, value: unknown) => {
          socket.data.heard = [...((socket.data.heard as unknown[]) ?? []), [who, event, value]];
        };
        const [gone, last] = [heard("never"), heard("last")];
        socket.onAnyOutgoing(last);
        socket.prependAnyOutgoing(heard("first"));
        socket.onAnyOutgoing(gone);
        socket.offAnyOutgoing(gone);
        socket.on("go", () => {
          socket.emit("out", socket.listenersAnyOutgoing().length);
          io.emit("broadcast");
        });
        socket.on("tell", () => {
          socket.offAnyOutgoing();
          socket.emit("heard", socket.data.heard);
        });
      },
      '["go"]',
      '["tell"]',
    );

    expect(frames).toEqual([
      ["out", 2],
      ["broadcast"],
      [
        "heard",
        [
          ["first", "out", 2],
          ["last", "out", 2],
        ],
      ],
    ]);
  });
});

describe("a socket's middleware", () => {
  it.each([
    ["an error given to next", (next: (error?: Error) => void) => next(new Error("no")), [["error", "no"]]],
    ["nothing at all", (next: (error?: Error) => void) => next(), [["handled"]]],
  ])("with %s decides about the event", async (_, decide, expected) => {
    const frames = await playTo((socket) => {
      socket.use((_event, next) => decide(next));
      socket.on("error", (error) => socket.emit("error", error.message));
      socket.on("go", () => socket.emit("handled"));
    }, '["go"]');

    expect(frames).toEqual(expected);
  });

  it("that refuses without a listener of error is silent, and the acknowledgement is not called", async () => {
    const rig = rigOf((socket) => {
      socket.use((_event, next) => next(new Error("no")));
      socket.on("go", (ack: unknown) => (ack as Answer)("never"));
    });
    const client = await rig.connect();

    await client.send('421["go"]');

    expect(client.received).toEqual([]);
    expect(rig.logged("core.handler_failed")).toEqual([]);
  });

  it("that ends without calling next drops the event, and holds up none behind it", async () => {
    const rig = rigOf((socket) => {
      socket.use(([event], next) => {
        if (event !== "dropped") next();
      });
      socket.on("dropped", () => socket.emit("never"));
      socket.on("go", () => socket.emit("handled"));
    });
    const client = await rig.connect();

    await client.send('42["dropped"]', '42["go"]');
    const early = client.received;
    await rig.advance(1_000);

    expect([early, client.received]).toEqual([['42["handled"]'], []]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("may call next from a callback that no promise tells of", async () => {
    const gate = createGate();
    const rig = rigOf((socket) => {
      socket.use((_event, next) => void gate.passed.then(() => next()));
      socket.on("go", (ack: unknown) => (ack as Answer)("late"));
    });
    const client = await rig.connect();
    await client.send('421["go"]');
    await rig.advance(100);

    gate.open();
    await rig.settle();

    expect(client.received).toEqual(['431["late"]']);
  });
});

describe("the error event", () => {
  it("is a violation that every socket of the session hears of, before its end", async () => {
    const heard: unknown[] = [];
    const note = (socket: AnySocket) => {
      socket.on("error", (error: Error) => {
        heard.push([socket.nsp.name, error instanceof Error, socket.connected]);
        socket.emit("last words");
      });
      socket.on("disconnect", (reason: string) => heard.push([socket.nsp.name, reason]));
    };
    const rig = new Rig(
      (io) => {
        io.on("connection", note);
        io.of("/b").on("connection", note);
      },
      { instances: 3 },
    );
    const client = await rig.connect();
    await client.join("/b");
    void client.received;

    await client.send("4abc");

    expect(heard).toEqual([
      ["/", true, true],
      ["/b", true, true],
      ["/", "forced close"],
      ["/b", "forced close"],
    ]);
    expect(client.received).toEqual(['42["last words"]', '42/b,["last words"]']);
  });

  it.each([
    ["a packet for a namespace it is not in", '42/b,["x"]'],
    ["a second CONNECT", "40"],
    ["a wrong sign of life", "2probe"],
  ])("is not emitted for %s, as in socket.io", async (_, frame) => {
    const heard: string[] = [];
    const rig = rigOf((socket) => {
      socket.on("error", () => heard.push("error"));
      socket.on("disconnect", () => heard.push("disconnect"));
    });
    const client = await rig.connect();

    await client.send(frame);

    expect(heard).toEqual(["disconnect"]);
  });

  it("is an event like any other when a client emits it", async () => {
    const frames = await playTo((socket) => {
      socket.on("error", (...args: unknown[]) => socket.emit("heard", ...args));
    }, '["error","x",1]');

    expect(frames).toEqual([["heard", "x", 1]]);
  });
});

describe("once, off and the lists of listeners", () => {
  it("show the listeners as they were given, and those of once until they have fired", async () => {
    const frames = await playTo(
      (socket) => {
        const listener = () => undefined;
        socket.once("x", listener);
        socket.prependOnceListener("x", () => socket.emit("fired"));
        socket.on("count", () => {
          const isGiven = socket.listeners("x").includes(listener);
          socket.emit("counted", socket.listenerCount("x"), isGiven, socket.rawListeners("x").length);
        });
      },
      '["count"]',
      '["x"]',
      '["count"]',
      '["x"]',
    );

    expect(frames).toEqual([["counted", 2, true, 2], ["fired"], ["counted", 0, false, 0]]);
  });

  it.each([
    ["off", (socket: AnySocket, listener: () => void) => socket.off("x", listener)],
    ["removeListener", (socket: AnySocket, listener: () => void) => socket.removeListener("x", listener)],
    ["removeAllListeners of an event", (socket: AnySocket) => socket.removeAllListeners("x")],
  ])("%s in a handler holds for every later packet", async (_, remove) => {
    const frames = await playTo(
      (socket) => {
        const listener = () => socket.emit("x heard");
        socket.on("x", listener);
        socket.on("stop", () => void remove(socket, listener));
      },
      '["x"]',
      '["stop"]',
      '["x"]',
      '["x"]',
    );

    expect(frames).toEqual([["x heard"]]);
  });
});

describe("what there is of the connection", () => {
  const describeConn = (socket: AnySocket, ack: Answer) => {
    const { conn, request, client } = socket;
    ack(
      [conn.id.length, conn.protocol, conn.readyState, conn.transport.name, conn.remoteAddress],
      [request.method, request.headers["user-agent"], request.url.includes("EIO=4"), request._query?.["a"]],
      [client.conn === socket.conn, conn.request === request, conn.on("close", () => undefined) === conn],
    );
  };

  it("is the same in every turn", async () => {
    const rig = rigOf((socket) => socket.on("tell", (ack: unknown) => describeConn(socket, ack as Answer)));
    const client = await rig.open({ a: "1" }, { "user-agent": "test" });
    await client.join();
    void client.received;

    await client.send('421["tell"]');
    await client.send('422["tell"]');

    const told = '[[20,4,"open","websocket","192.0.2.7"],["GET","test",true,"1"],[true,true,true]]';
    expect(client.received).toEqual([`431${told}`, `432${told}`]);
    // Once a process.
    expect(rig.logged("core.no_connection_events")).toHaveLength(1);
  });

  it("has the session's id, its server, and of a request that began with a WebSocket no response", async () => {
    const frames = await playTo((socket, io) => {
      socket.on("tell", () => {
        const { client, conn, request } = socket;
        socket.emit("told", client.id === conn.id, client.server === io, request.res === undefined);
      });
    }, '["tell"]');

    expect(frames).toEqual([["told", true, true, true]]);
  });

  it.each<[string, string, (socket: AnySocket) => unknown]>([
    ["adapter.rooms", "core.no_adapter", (socket) => socket.adapter.rooms],
    ["socket.client.sockets", "core.no_local_sockets", (socket) => socket.client.sockets],
    ["socket.client.nsps", "core.no_local_sockets", (socket) => socket.client.nsps],
  ])("says of %s what to do instead", async (member, code, use) => {
    const rig = rigOf((socket) => socket.on("use", () => use(socket)));
    const client = await rig.connect();

    await client.send('42["use"]');

    const [line] = rig.logged("core.handler_failed");
    expect(line).toMatchObject({
      error: expect.objectContaining({ code, message: expect.stringContaining(member) as string }) as Error,
    });
  });

  it("closes it, and the client is told nothing that keeps it away", async () => {
    const rig = rigOf((socket) => {
      socket.on("end", () => void socket.conn.close());
    });
    const client = await rig.connect();

    await client.send('42["end"]');

    expect([client.isClosed, client.received]).toEqual([true, []]);
  });

  it("keeps what a middleware has added to the request", async () => {
    const rig = new Rig(
      (io) => {
        io.use((socket, next) => {
          Object.assign(socket.request, { user: { name: "ann" } });
          next();
        });
        io.on("connection", (socket) => {
          const request = socket.request as typeof socket.request & { user: { name: string } };
          socket.on("who", (ack: Answer) => ack(request.user.name, socket.conn.request === request));
          socket.on("rename", (name: string) => {
            request.user = { name };
          });
        });
      },
      { instances: 3 },
    );
    const client = await rig.connect();

    await sendAll(client, '421["who"]', '42["rename","bob"]', '422["who"]');

    expect(client.received).toEqual(['431["ann",true]', '432["bob",true]']);
  });
});

describe("connected", () => {
  const rigWith = (handle: (socket: AnySocket, io: Server) => unknown, tell: (...args: unknown[]) => void) =>
    rigOf((socket, io) => {
      void socket.join("room");
      socket.on("go", () => handle(socket, io));
      socket.on("disconnecting", () => tell("disconnecting", socket.connected));
      socket.on("disconnect", () => tell("disconnect", socket.connected));
    });

  it.each<[string, (socket: AnySocket, io: Server) => unknown]>([
    ["an emit", (socket) => socket.emit("x")],
    ["a volatile emit", (socket) => socket.volatile.emit("x")],
    ["a broadcast", (_, io) => io.to("room").emit("x")],
  ])("is false in a handler once %s has found the client gone", async (_, send) => {
    const told: unknown[][] = [];
    const rig = rigWith(
      async (socket, io) => {
        told.push([socket.connected, socket.disconnected, socket.conn.readyState]);
        send(socket, io);
        await io.flush();
        told.push([socket.connected, socket.disconnected, socket.conn.readyState]);
      },
      (...args) => told.push(args),
    );
    const client = await rig.connect();
    rig.transport.drop(client.connectionId);

    await client.send('42["go"]');

    expect(told).toEqual([
      [true, false, "open"],
      [false, true, "closed"],
      // Whichever instance runs them.
      ["disconnecting", true],
      ["disconnect", false],
    ]);
  });

  it("is false once the handler has closed the connection", async () => {
    const told: unknown[][] = [];
    const rig = rigWith(
      (socket) => {
        socket.conn.close();
        told.push([socket.connected, socket.conn.readyState]);
      },
      (...args) => told.push(args),
    );
    const client = await rig.connect();

    await client.send('42["go"]');

    expect(told).toEqual([
      [false, "closed"],
      ["disconnecting", true],
      ["disconnect", false],
    ]);
  });

  it("is true while a busy client drops what is volatile", async () => {
    const told: unknown[] = [];
    const rig = rigWith(
      async (socket, io) => {
        socket.volatile.emit("x");
        await io.flush();
        told.push(socket.connected);
      },
      () => undefined,
    );
    const client = await rig.connect();
    rig.transport.answer(client.connectionId, "busy");

    await client.send('42["go"]');

    expect(told).toEqual([true]);
  });

  it("is false in the handlers of a polling client that has said goodbye", async () => {
    const told: unknown[] = [];
    const gate = createGate();
    const rig = rigWith(
      async (socket, io) => {
        await gate.passed;
        socket.emit("x");
        await io.flush();
        told.push(socket.connected);
      },
      () => undefined,
    );
    const client = await PollClient.connect(rig);
    await client.send('42["go"]');

    await client.post("1");
    gate.open();
    await rig.settle();

    expect(told).toEqual([false]);
  });
});

describe("recovered and replaying", () => {
  it("tell the first turn from the later ones, and binding from handling", async () => {
    const runs: unknown[] = [];
    const rig = rigOf((socket) => {
      runs.push(["listener", socket.recovered, socket.replaying]);
      socket.on("x", () => runs.push(["handler", socket.recovered, socket.replaying]));
    });
    const client = await rig.connect();

    await sendAll(client, '42["x"]');

    expect(runs).toEqual([
      ["listener", false, false],
      ["listener", true, true],
      ["handler", true, false],
    ]);
  });

  it("is replaying while an event of the journal is run again", async () => {
    const frames = await playTo(
      (socket) => {
        socket.on("login", () => {
          const { replaying } = socket;
          socket.on("x", () => socket.emit("bound", replaying, socket.replaying));
        });
      },
      '["login"]',
      '["x"]',
    );

    expect(frames).toEqual([["bound", true, false]]);
  });
});

describe("timers", () => {
  it("of an event of the journal are cleared when it is run again", async () => {
    const timers: NodeJS.Timeout[] = [];
    const rig = rigOf((socket) => {
      socket.on("login", () => {
        if (socket.replaying) timers.push(setInterval(() => socket.emit("tick"), 60_000));
        socket.on("x", () => undefined);
      });
    });
    const client = await rig.connect();

    await sendAll(client, '42["login"]', '42["x"]');

    expect(timers.map((timer) => "_destroyed" in timer && timer._destroyed)).toEqual([true]);
    expect(rig.logged("core.timer_outlived_turn")).toEqual([]);
  });
});

async function sendAll(client: Client, ...frames: string[]): Promise<void> {
  for (const frame of frames) await client.send(frame);
}
