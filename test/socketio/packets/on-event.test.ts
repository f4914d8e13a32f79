import { describe, expect, it } from "vitest";
import { createEngine } from "../../../lib/engine/engine.ts";
import { Rig } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

describe("an event", () => {
  it("passes catch-all listeners, then the socket's middlewares, then its own listeners", async () => {
    const ran: unknown[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", (...args) => ran.push(["listener", ...args]));
        socket.use(async (event, next) => {
          await Promise.resolve();
          ran.push(["middleware", ...event]);
          event[1] = "changed";
          next();
        });
        socket.onAny((...args) => ran.push(["any", ...args]));
        socket.prependAny(() => ran.push(["any, first"]));
      });
    });
    const client = await rig.connect();

    await client.send('42["x",1]');

    expect(ran).toEqual([["any, first"], ["any", "x", 1], ["middleware", "x", 1], ["listener", "changed"]]);
  });

  it("that a middleware refuses reaches no listener but those of error", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.use(([event], next) => next(event === "bad" ? new Error("refused") : undefined));
        socket.on("error", ({ message }) => socket.emit("error was", message));
        socket.on("bad", () => socket.emit("ran"));
        socket.on("good", () => socket.emit("ran"));
      });
    });
    const client = await rig.connect();

    await client.send('42["bad"]', '42["good"]');

    expect(client.received).toEqual(['42["error was","refused"]', '42["ran"]']);
    expect(rig.logged("core.handler_failed")).toEqual([]);
  });

  it("whose middleware throws is dropped, and the error is logged with the event", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.use(() => {
          throw new Error("a bug");
        });
        socket.on("x", () => socket.emit("ran"));
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(client.received).toEqual([]);
    expect(rig.logged("core.handler_failed")).toMatchObject([{ event: "x", error: { message: "a bug" } }]);
    expect(client.isClosed).toBe(false);
  });

  it("that nobody handles is no error, and its ack is not answered", async () => {
    const rig = new Rig(() => undefined);
    const client = await rig.connect();

    await client.send('420["x"]');

    expect(client.received).toEqual([]);
    expect(rig.mailbox.left).toEqual([]);
    expect(rig.logs).toEqual([]);
  });

  it("is handled by the listeners that off has left", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        const listener = () => socket.emit("removed");
        socket.on("x", listener).off("x", listener);
        socket.onAny(listener).offAny(listener);
        socket.on("x", () => socket.emit("left"));
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(client.received).toEqual(['42["left"]']);
  });

  it("with a number as its name is handled by the listeners of its digits", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("7", (ack: Answer) => ack("seven"));
      });
    });
    const client = await rig.connect();

    await client.send("420[7]");

    expect(client.received).toEqual(['430["seven"]']);
  });
});

describe("sockets at a distance", () => {
  const build = () =>
    new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.data.name = socket.handshake.auth["name"];
          socket.on("rooms", (ack: Answer) => ack([...socket.rooms].slice(1)));
          socket.on("put all into a", async (ack: Answer) => {
            io.socketsJoin("a");
            const sockets = await io.in("a").fetchSockets();
            ack(sockets.length, [...socket.rooms].slice(1));
          });
        });
      },
      { instances: 2 },
    );

  it("join and leave rooms, and later packets see it, also of the same turn", async () => {
    const rig = build();
    const [one, two] = [await rig.connect(), await rig.connect()];

    await one.send('420["put all into a"]');
    await two.send('420["rooms"]');
    rig.io.in("a").socketsLeave("a");
    await rig.io.flush();
    await two.send('421["rooms"]');

    expect(one.received).toEqual(['430[2,["a"]]']);
    expect(two.received).toEqual(['430[["a"]]', "431[[]]"]);
  });

  it("are snapshots with data, rooms and handshake, in the order of connecting, over many pages", async () => {
    const rig = build();
    const names = ["e", "a", "d", "b", "c", "g", "f"];
    for (const name of names) {
      await (await rig.open({ token: name })).send(`40{"name":"${name}"}`);
      await rig.advance(1);
    }

    const sockets = await rig.io.fetchSockets();

    expect(sockets.map(({ data }) => (data as { name: string }).name)).toEqual(names);
    expect(sockets.map(({ rooms }) => [...rooms])).toEqual(sockets.map(({ id }) => [id]));
    expect(sockets.map(({ handshake }) => [handshake.query["token"], handshake.auth["name"]])).toEqual(
      names.map((name) => [name, name]),
    );
  });

  it("that have gone in the meantime are joined to nothing", async () => {
    const rig = build();
    const client = await rig.connect();
    const [remote] = await rig.io.fetchSockets();
    await client.leave();

    remote!.join("a");
    await rig.io.flush();

    expect(rig.store.countRows()).toMatchObject({ roomMembers: 0, namespaceMembers: 0 });
  });
});

describe("a bare engine app", () => {
  const build = (instances = 2) => {
    const closed: unknown[] = [];
    const engine = createEngine({
      onMessage: async (session, data) => {
        if (data === "close") return session.close();
        await Promise.resolve();
        session.send(data);
        return undefined;
      },
      onClose: ({ id }, reason) => closed.push([id, reason]),
    });
    return { rig: new Rig(engine, { instances }), closed };
  };

  it("gets text and bytes, and sends both", async () => {
    const { rig } = build();
    const client = await rig.open();
    void client.received;

    await client.send("4hello", "bAQIDBA==");

    expect(client.received).toEqual(["4hello", "bAQIDBA=="]);
  });

  it("closes a session, and is told of its end once", async () => {
    const { rig, closed } = build();
    const client = await rig.open();
    void client.received;

    await client.send("4close", "4never");

    expect(client.isClosed).toBe(true);
    expect(client.received).toEqual([]);
    expect(closed).toEqual([[client.sid, "forced close"]]);
    expect(rig.store.countRows().beats).toBe(0);
  });

  it("whose handler throws closes nothing of other sessions", async () => {
    const engine = createEngine({
      onMessage: (session, data) => {
        if (data === "bad") throw new Error("a bug");
        session.send(data);
      },
    });
    const rig = new Rig(engine);
    const [one, two] = [await rig.open(), await rig.open()];
    one.write("4bad");
    two.write("4good");
    void two.received;

    await rig.settle();

    expect(two.received).toEqual(["4good"]);
  });
});
