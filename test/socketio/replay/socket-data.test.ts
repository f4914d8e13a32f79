import { describe, expect, it } from "vitest";
import { createGate, Rig, type Client } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

/** Two events set and get values under names that the client chooses. */
const keyValue = (instances = 1) =>
  new Rig(
    (io) => {
      io.on("connection", (socket) => {
        socket.on("set", (key: string, value: unknown) => {
          socket.data[key] = value;
        });
        socket.on("delete", (key: string) => {
          delete socket.data[key];
        });
        socket.on("get", (ack: Answer) => ack(socket.data));
      });
    },
    { instances },
  );

const dataOf = async (rig: Rig, client: Client) =>
  (await rig.store.loadSession(client.sid, { handshake: false }))?.sockets[0]?.data;

describe("socket.data", () => {
  it("is saved key by key and is there for the next packet, wherever it runs", async () => {
    const rig = keyValue(2);
    const client = await rig.connect();

    await client.send('42["set","a",1]');
    await client.send('42["set","b",{"c":[null]}]');
    await client.send('42["delete","a"]');
    await client.send('420["get"]');

    expect(client.received).toEqual(['430[{"b":{"c":[null]}}]']);
    expect(await dataOf(rig, client)).toEqual({ "data.b": '{"c":[null]}' });
  });

  it("is shared by the packets of one batch, with no read between", async () => {
    const rig = keyValue();
    const client = await rig.connect();
    const before = rig.instances[0]!.life.calls.length;

    await client.send('42["set","a",1]', '420["get"]');

    const calls = rig.instances[0]!.life.calls.slice(before);
    expect(client.received).toEqual(['430[{"a":1}]']);
    expect(calls.filter((call) => call === "store.loadSession")).toHaveLength(1);
    expect(calls.filter((call) => call === "store.saveSocket")).toHaveLength(1);
  });

  it("costs no write when nothing has changed", async () => {
    const rig = keyValue();
    const client = await rig.connect();
    await client.send('42["set","a",1]');
    const before = rig.instances[0]!.life.calls.length;

    await client.send('42["set","a",1]');

    expect(rig.instances[0]!.life.calls.slice(before)).toEqual(["store.loadSession"]);
  });

  it("keeps the keys that handlers on two instances write at the same time", async () => {
    const gates = [createGate(), createGate()];
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("slow", async (index: number) => {
            await gates[index]!.passed;
            socket.data[`key${index}`] = index;
          });
        });
      },
      { instances: 2 },
    );
    const client = await rig.connect();
    await client.send('42["slow",0]');
    // The first letter is released while its handler waits, so the second runs beside it.
    await rig.advance(100);
    await client.send('42["slow",1]');

    gates[1]!.open();
    await rig.settle();
    gates[0]!.open();
    await rig.settle();

    expect(await dataOf(rig, client)).toEqual({ "data.key0": "0", "data.key1": "1" });
  });

  it("that was set in a middleware or the listener is stored with the socket", async () => {
    const rig = new Rig((io) => {
      io.use((socket, next) => {
        socket.data.user = "Ann";
        next();
      });
      io.on("connection", (socket) => {
        socket.data.seat = 4;
      });
    });

    const client = await rig.connect();

    expect(await dataOf(rig, client)).toEqual({ "data.user": '"Ann"', "data.seat": "4" });
  });

  it.each<[string, unknown, string]>([
    ["a function", () => undefined, "socket.data.bad"],
    ["a Date", new Date(0), "socket.data.bad"],
    ["a Map in an object", { inner: new Map() }, "socket.data.bad.inner"],
    ["a BigInt in a list", [1, 1n], "socket.data.bad[1]"],
    ["NaN", Number.NaN, "socket.data.bad"],
    ["an undefined item", [undefined], "socket.data.bad[0]"],
  ])("with %s is an error that names the property, and the rest is stored", async (_, value, property) => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => {
          socket.data.good = 1;
          socket.data.bad = value;
        });
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    const [failure] = rig.logged("core.handler_failed");
    expect(failure).toMatchObject({
      event: "x",
      error: { code: "core.unserialisable", evidence: { property } },
    });
    expect(await dataOf(rig, client)).toEqual({ "data.good": "1" });
    expect(client.isClosed).toBe(false);
  });

  it("is told of with the events whose handlers may have put it there, and of a middleware as such", async () => {
    const rig = new Rig((io) => {
      io.use((socket, next) => {
        socket.data.early = () => 1;
        next();
      });
      io.on("connection", (socket) => {
        socket.on("x", () => (socket.data.x = () => 1));
        socket.on("y", () => undefined);
      });
    });
    const client = await rig.connect();
    const eventsOf = () => rig.logs.splice(0).flatMap(({ code, event }) => (code ? [event] : []));

    expect(eventsOf()).toContain("connect");
    await client.send('42["x"]', '42["y"]');
    expect(eventsOf()).toEqual(["x or y"]);
  });

  it("that contains itself is an error, not a hang", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => {
          const knot: Record<string, unknown> = {};
          knot["self"] = knot;
          socket.data.knot = knot;
        });
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(rig.logged("core.handler_failed")).toMatchObject([{ error: { code: "core.unserialisable" } }]);
  });

  it("over 256 KB is an error, and what was stored stays", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", (size: number) => {
          socket.data.text = "x".repeat(size);
        });
      });
    });
    const client = await rig.connect();
    await client.send('42["x",1]');

    await client.send('42["x",262144]');

    expect(rig.logged("core.handler_failed")).toMatchObject([{ error: { code: "core.data_too_large" } }]);
    expect(await dataOf(rig, client)).toEqual({ "data.text": '"x"' });
  });

  it.each([
    ["text", '"text"'],
    [null, "null"],
    [undefined, "undefined"],
    [[1], "an array"],
    [new Map([["name", "Ann"]]), "a Map"],
    [new Set(["Ann"]), "a Set"],
    [new Date(0), "a Date"],
    [Buffer.from("Ann"), "a Buffer"],
    [() => 1, "a function"],
  ])("must be an object with keys, and not %s", async (data, got) => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("x", () => {
          socket.data = data;
        });
      });
    });
    const client = await rig.connect();

    await client.send('42["x"]');

    expect(rig.logged("core.handler_failed")).toMatchObject([
      {
        event: "x",
        error: { code: "core.unserialisable", message: `expected socket.data to be an object, got ${got}` },
      },
    ]);
  });
});

describe("a property that the app puts on a socket", () => {
  const counting = (instances = 1) =>
    new Rig(
      (io) => {
        io.use((socket, next) => {
          Object.assign(socket, { user: { name: "Ann" } });
          next();
        });
        io.on("connection", (socket) => {
          const own = socket as typeof socket & { user?: { name: string }; count: number };
          own.count = 0;
          own.on("inc", (ack: Answer) => ack((own.count += 1), own.user?.name));
          own.on("rename", (name: string) => {
            own.user!.name = name;
          });
          own.on("logout", () => {
            delete own.user;
          });
        });
      },
      { instances },
    );

  it("is there in every later packet, and what a handler made of it too", async () => {
    const rig = counting(2);
    const client = await rig.connect();

    await client.send('420["inc"]');
    await client.send('421["inc"]');
    await client.send('42["rename","Bea"]');
    await client.send('422["inc"]');

    expect(client.received).toEqual(['430[1,"Ann"]', '431[2,"Ann"]', '432[3,"Bea"]']);
  });

  it("is shared by the packets of one batch", async () => {
    const rig = counting();
    const client = await rig.connect();

    await client.send('420["inc"]', '421["inc"]', '42["rename","Bea"]', '422["inc"]');
    await client.send('423["inc"]');

    expect(client.received).toEqual(['430[1,"Ann"]', '431[2,"Ann"]', '432[3,"Bea"]', '433[4,"Bea"]']);
  });

  it("is gone once it was deleted", async () => {
    const rig = counting();
    const client = await rig.connect();

    await client.send('42["logout"]');
    await client.send('420["inc"]');

    expect(client.received).toEqual(["430[1,null]"]);
  });

  it("and cannot be stored is an error that names it, once, and can be set again by each replay", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        const own = Object.assign(socket, { lookup: new Map([["a", 1]]) });
        own.on("x", (ack: Answer) => ack(own.lookup.get("a")));
      });
    });
    const client = await rig.connect();

    await client.send('420["x"]');
    await client.send('421["x"]');

    expect(client.received).toEqual(["430[1]", "431[1]"]);
    expect(rig.logged("core.handler_failed")).toMatchObject([
      { error: { code: "core.unserialisable", evidence: { property: "socket.lookup" } } },
    ]);
  });
});
