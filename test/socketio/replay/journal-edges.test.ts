import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { drain } from "../../support/manual-clock.ts";
import { createGate, Rig, type Client } from "../../support/rig.ts";

const rigOf = (app: (io: Server) => void) => new Rig(app, { instances: 3 });

const send = async (client: Client, ...events: string[]): Promise<string[]> => {
  void client.received;
  for (const event of events) {
    await client.send(`42${event}`);
    // A replay whose listener has asked for something lets that come first, which takes a moment of the event loop.
    await drain();
  }
  return client.received;
};

/** Answers the question whose event is `name`, and gives the turn that waits for it time to look. */
async function answer(rig: Rig, client: Client, frames: string[], name: string, value: string) {
  const question = frames.find((frame) => frame.includes(`["${name}"`));
  await client.send(`43${/^42(\d+)/.exec(question ?? "")?.[1]}[${JSON.stringify(value)}]`);
  await rig.advance(500);
}

describe("an event that changes the handlers, behind event middlewares", () => {
  it("is repeated with the arguments that its handlers got", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.use((event, next) => {
          event[1] = String(event[1]).toUpperCase();
          next();
        });
        socket.on("login", (name: string, ack: () => void) => {
          ack();
          socket.on("move", () => socket.emit("moved", name));
        });
      });
    });
    const client = await rig.connect();
    await client.send('421["login","ann"]');

    const frames = await send(client, '["move"]');

    expect(frames).toEqual(['42["moved","ANN"]']);
  });

  it("is repeated under the name that they gave it", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.use((event, next) => {
          if (event[0] === "old login") event[0] = "login";
          next();
        });
        socket.on("login", (name: string) => {
          socket.on("move", () => socket.emit("moved", name));
        });
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["old login","ann"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]']);
  });

  it("and was refused by one, is repeated to the catch-all listeners alone", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.onAny((event: string) => {
          if (event === "login") socket.on("seen", () => socket.emit("seen"));
        });
        socket.use(([event], next) => next(event === "login" ? new Error("no") : undefined));
        socket.on("login", () => {
          socket.on("move", () => socket.emit("moved"));
        });
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["login"]', '["move"]', '["seen"]');

    expect(frames).toEqual(['42["seen"]']);
  });
});

describe("two handlers of one event that ask the client several things each", () => {
  it("get their own answers again, in whatever order these came", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        for (const who of ["a", "b"]) {
          socket.on("login", async () => {
            const first = (await socket.emitWithAck(`${who} first`)) as string;
            const second = (await socket.emitWithAck(`${who} second`)) as string;
            socket.on("move", () => socket.emit("moved", who, first, second));
          });
        }
      });
    });
    const client = await rig.connect();
    const firsts = await send(client, '["login"]');
    await answer(rig, client, firsts, "b first", "b1");
    const frames = client.received;
    await answer(rig, client, firsts, "a first", "a1");
    await answer(rig, client, [...frames, ...client.received], "b second", "b2");
    frames.push(...rig.transport.framesTo(client.connectionId));
    await answer(rig, client, frames, "a second", "a2");

    const moved = await send(client, '["move"]');

    expect(moved.toSorted()).toEqual(['42["moved","a","a1","a2"]', '42["moved","b","b1","b2"]']);
  });

  it("as do two connection listeners", async () => {
    const rig = rigOf((io) => {
      for (const who of ["a", "b"]) {
        io.on("connection", async (socket) => {
          const first = (await socket.emitWithAck(`${who} first`)) as string;
          const second = (await socket.emitWithAck(`${who} second`)) as string;
          socket.on("move", () => socket.emit("moved", who, first, second));
        });
      }
    });
    const client = await rig.open();
    await client.send("40");
    for (const name of ["b first", "a first", "a second", "b second"]) {
      const frames = rig.transport.framesTo(client.connectionId);
      await answer(rig, client, [...frames], name, name);
    }

    const moved = await send(client, '["move"]', '["move"]');

    expect(moved.toSorted()).toEqual(
      ["a", "a", "b", "b"].map((who) => `42["moved","${who}","${who} first","${who} second"]`),
    );
  });
});

describe("an answer that nobody awaits", () => {
  it("binds handlers by its callback, in the connection listener", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.emit("who", (name: string) => {
          socket.on("move", () => socket.emit("moved", name));
        });
      });
    });
    const client = await rig.open();
    await client.send("40");
    await answer(rig, client, client.received, "who", "ann");

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]', '42["moved","ann"]']);
  });

  it("binds them by its promise, too", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        void io.fetchSockets().then((sockets) => {
          socket.on("count", () => socket.emit("counted", sockets.length));
        });
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["count"]', '["count"]');

    expect(frames).toEqual(['42["counted",1]', '42["counted",1]']);
  });

  it("binds them in an event handler, which is journaled", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.on("login", () => {
          socket.emit("who", (name: string) => {
            socket.on("move", () => socket.emit("moved", name));
          });
        });
      });
    });
    const client = await rig.connect();
    await answer(rig, client, await send(client, '["login"]'), "who", "ann");

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]', '42["moved","ann"]']);
  });
});

describe("the listeners of a socket that goes", () => {
  const log: string[] = [];
  const app = (io: Server): void => {
    io.on("connection", (socket) => {
      socket.on("login", (name: string) => {
        socket.on("disconnecting", () => log.push(`${name} is going`));
        socket.on("disconnect", (reason) => log.push(`${name} is gone: ${reason}`));
      });
      socket.on("bye", () => socket.disconnect());
    });
  };

  it.each([
    ["a close", (client: Client) => client.leave(), "transport close"],
    ["a disconnect packet", (client: Client) => client.send("41"), "client namespace disconnect"],
    ["its own disconnect()", (client: Client) => client.send('42["bye"]'), "server namespace disconnect"],
    ["a violation", (client: Client) => client.send("4abc"), "forced close"],
  ])("hear of %s, though an event registered them", async (_, go, reason) => {
    log.length = 0;
    const rig = rigOf(app);
    const client = await rig.connect();
    await client.send('42["login","ann"]');

    await go(client);

    expect(log).toEqual(["ann is going", `ann is gone: ${reason}`]);
  });

  it("hear of being kicked, too", async () => {
    log.length = 0;
    const rig = rigOf(app);
    const client = await rig.connect();
    await client.send('42["login","ann"]');

    rig.io.disconnectSockets();
    await rig.settle();

    expect(log).toEqual(["ann is going", "ann is gone: server namespace disconnect"]);
  });

  it.each([
    ["a close", (client: Client) => client.leave()],
    ["its own disconnect()", (client: Client) => client.send('42["bye"]')],
  ])("may take listeners off at %s, and register more in vain", async (_, go) => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.on("bye", () => socket.disconnect());
        socket.on("disconnecting", () => socket.removeAllListeners());
        socket.once("disconnect", () => socket.on("more", () => undefined));
      });
    });
    const client = await rig.connect();

    await go(client);

    expect(rig.logged("core.handler_failed")).toEqual([]);
  });

  it("hear of it as well when the connection listener binds them after an await", async () => {
    const rig = rigOf((io) => {
      io.on("connection", async (socket) => {
        socket.on("bye", () => socket.disconnect());
        await Promise.resolve();
        socket.on("disconnect", (reason) => io.emit("gone", reason));
      });
    });
    const [client, other] = [await rig.connect(), await rig.connect()];

    await client.send('42["bye"]');

    expect(other.received).toEqual(['42["gone","server namespace disconnect"]']);
  });
});

describe("a handler that changes the handlers", () => {
  it("of a child namespace is journaled there", async () => {
    const rig = rigOf((io) => {
      io.of(/^\/room-\d+$/).on("connection", (socket) => {
        socket.on("login", (name: string) => {
          socket.on("move", () => socket.emit("moved", name, socket.nsp.name));
        });
      });
    });
    const client = await rig.open();
    await client.join("/room-1");
    await client.join("/room-2");
    void client.received;

    for (const packet of ['/room-1,["login","ann"]', '/room-2,["move"]', '/room-1,["move"]']) {
      await client.send(`42${packet}`);
    }

    expect(client.received).toEqual(['42/room-1,["moved","ann","/room-1"]']);
  });

  it("of another socket is told that it would be forgotten", async () => {
    const rig = new Rig((io) => {
      let captured: { on(event: string, listener: () => void): unknown } | undefined;
      io.on("connection", (socket) => {
        captured = socket;
        socket.on("known", () => undefined);
      });
      io.of("/b").on("connection", (socket) => {
        socket.on("reach over", () => captured?.on("move", () => undefined));
      });
    });
    const client = await rig.connect();
    await client.join("/b");
    await client.send('42["known"]', '42/b,["reach over"]');

    expect(rig.logged("core.handler_failed")).toMatchObject([
      { nsp: "/b", error: { code: "core.registration_in_handler" } },
    ]);
  });

  it("stays journaled when it does so after its message was released", async () => {
    const gate = createGate();
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.on("login", async () => {
          if (!socket.replaying) await gate.passed;
          socket.on("move", () => socket.emit("moved"));
        });
      });
    });
    const client = await rig.connect();
    await client.send('42["login"]');
    await rig.advance(100);
    gate.open();
    await rig.settle();

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved"]', '42["moved"]']);
  });

  it("stays journaled when it does so after its turn, which is logged", async () => {
    const gate = createGate();
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.on("login", () => {
          if (socket.replaying) socket.on("move", () => socket.emit("moved"));
          else void gate.passed.then(() => socket.on("move", () => undefined));
        });
      });
    });
    const client = await rig.connect();
    await client.send('42["login"]');
    gate.open();
    await rig.settle();

    const frames = await send(client, '["move"]');

    expect(frames).toEqual(['42["moved"]']);
    expect(rig.logged("core.stray_effect")).toHaveLength(1);
  });

  it("does not bring back what later handlers took off the socket", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket: Parameters<Parameters<Server["on"]>[1]>[0] & { token?: string }) => {
        socket.on("login", (token: string) => {
          socket.token = token;
          socket.on("logout", () => delete socket.token);
        });
        socket.on("token", () => socket.emit("token", socket.token ?? "none"));
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["login","t"]', '["token"]', '["logout"]', '["known"]', '["token"]');

    expect(frames).toEqual(['42["token","t"]', '42["token","none"]']);
  });

  it("finds listeners in the order in which they were registered, spent ones included", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        const binds = (who: string) => () => socket.on("move", () => socket.emit("moved", who));
        socket.on("login", binds("first"));
        socket.once("login", binds("second"));
        socket.on("login", binds("third"));
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["login"]', '["move"]');

    expect(frames).toEqual(['42["moved","first"]', '42["moved","second"]', '42["moved","third"]']);
  });
});

describe("the comparison of replays", () => {
  it("goes as far as a hundred steps, and says nothing of longer listeners", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          for (let n = 0; n < 130; n++) socket.on(`event ${n}`, () => undefined);
        });
      },
      { replayDigest: true, instances: 2 },
    );
    const client = await rig.connect();

    await send(client, '["event 1"]', '["event 129"]');

    expect(rig.logged("core.replay_differs")).toEqual([]);
  });

  it("says once an instance that a deploy has changed the listener, and lets it do its work", async () => {
    let version = 1;
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("x", () => socket.emit("x", version));
          if (version === 2) socket.on("y", () => socket.emit("y"));
        });
      },
      { replayDigest: true, instances: 1 },
    );
    const client = await rig.connect();
    version = 2;

    const frames = await send(client, '["x"]', '["y"]');

    expect(frames).toEqual(['42["x",2]', '42["y"]']);
    expect(rig.logged("core.replay_differs")).toMatchObject([{ difference: 'on "y", which is new' }]);
  });

  it("notices an event that had registered handlers and registers none when it is run again", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("login", () => {
            if (socket.data.isIn) return;
            socket.data.isIn = true;
            socket.on("move", () => socket.emit("moved"));
          });
        });
      },
      { replayDigest: true, instances: 1 },
    );
    const client = await rig.connect();

    const frames = await send(client, '["login"]', '["move"]', '["move"]');

    expect(frames).toEqual([]);
    expect(rig.logged("core.replay_differs")).toMatchObject([{ difference: 'event "login"' }]);
  });
});
