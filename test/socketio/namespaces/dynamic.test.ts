import { describe, expect, it } from "vitest";
import type { Namespace } from "../../../lib/socketio/server.ts";
import { createGate, Rig } from "../../support/rig.ts";

const join = (name: string, auth = ""): string => `40${name},${auth}`;

describe("a namespace by regular expression", () => {
  it("takes in clients whose name fits, and refuses others", async () => {
    const rig = new Rig((io) => {
      io.of(/^\/dynamic-\d+$/).on("connection", (socket) => socket.emit("in", socket.nsp.name));
    });
    const client = await rig.open();
    void client.received;

    await client.send(join("/dynamic-101"), join("/dynamic-x"));

    expect(client.received).toEqual([
      expect.stringMatching(/^40\/dynamic-101,\{"sid":"[A-Za-z0-9_-]{20}"\}$/),
      '42/dynamic-101,["in","/dynamic-101"]',
      '44/dynamic-x,{"message":"Invalid namespace"}',
    ]);
  });

  it("gives children the middlewares and listeners it has when they are made", async () => {
    const rig = new Rig((io) => {
      const parent = io.of(/^\/room-/);
      parent.use((socket, next) => next(socket.handshake.auth["ok"] ? undefined : new Error("no")));
      parent.on("connection", (socket) => socket.on("echo", (text) => socket.emit("echo", text)));
    });
    const client = await rig.open();
    void client.received;

    await client.send(join("/room-1"), join("/room-2", '{"ok":true}'));
    await client.send('42/room-2,["echo","hello"]');

    const [refused, , echoed] = client.received;
    expect(refused).toBe('44/room-1,{"message":"no"}');
    expect(echoed).toBe('42/room-2,["echo","hello"]');
  });

  it("is met by every instance that runs a packet of its sockets", async () => {
    const rig = new Rig(
      (io) => {
        io.of(/^\/dynamic-\d+$/).on("connection", (socket) => {
          socket.on("ping", () => socket.nsp.emit("pong", socket.nsp.name));
          socket.on("disconnect", (reason) => io.of("/log").emit("left", socket.nsp.name, reason));
        });
        io.of("/log");
      },
      { instances: 3 },
    );
    const log = await rig.connect("/log");
    const client = await rig.connect("/dynamic-7");

    for (let turn = 0; turn < 3; turn += 1) await client.send('42/dynamic-7,["ping"]');
    await client.leave();

    expect(client.received).toEqual(Array.from({ length: 3 }, () => '42/dynamic-7,["pong","/dynamic-7"]'));
    expect(log.received).toEqual(['42/log,["left","/dynamic-7","transport close"]']);
  });

  it.each([/x/g, /x/y, /x/gy])("refuses %s, which remembers where it was", (expression) => {
    const rig = new Rig(() => undefined);

    expect(() => rig.io.of(expression)).toThrow(
      expect.objectContaining({ code: "core.stateful_expression" }),
    );
  });

  it("is not defined in a handler, where no other instance would know it", async () => {
    const thrown: unknown[] = [];
    const rig = new Rig((io) => {
      io.on("connection", () => {
        try {
          io.of(/late/);
        } catch (error) {
          thrown.push(error);
        }
      });
    });

    await rig.connect();

    expect(thrown).toMatchObject([{ code: "core.registration_in_handler" }]);
  });

  it("has a child where the app names one that fits", async () => {
    const rig = new Rig((io) => {
      const parent = io.of(/^\/dynamic-\d+$/);
      parent.on("connection", (socket) => socket.emit("of the parent"));
      io.of("/dynamic-1").on("connection", (socket) => socket.emit("its own"));
      io.of("/tell").on("connection", () => parent.emit("to all"));
    });
    const client = await rig.open();
    void client.received;

    await client.send(join("/dynamic-1"));
    await rig.connect("/tell");

    expect(client.received.slice(1)).toEqual([
      '42/dynamic-1,["of the parent"]',
      '42/dynamic-1,["its own"]',
      '42/dynamic-1,["to all"]',
    ]);
  });

  it("is not the parent of a namespace that was named before it", async () => {
    const rig = new Rig((io) => {
      io.of("/dynamic-1").on("connection", (socket) => socket.emit("its own"));
      io.of(/^\/dynamic-\d+$/).on("connection", (socket) => socket.emit("of the parent"));
    });
    const client = await rig.open();
    void client.received;

    await client.send(join("/dynamic-1"));

    expect(client.received.slice(1)).toEqual(['42/dynamic-1,["its own"]']);
  });
});

describe("a namespace by function", () => {
  it("sees name and auth, may wait, and decides", async () => {
    const rig = new Rig((io) => {
      io.of(async (name, auth, next) => {
        await Promise.resolve();
        next(null, name.startsWith("/tenant-") && auth["key"] === name.slice(8));
      }).on("connection", (socket) => socket.emit("in", socket.nsp.name));
    });
    const client = await rig.open();
    void client.received;

    await client.send(
      join("/tenant-a", '{"key":"a"}'),
      join("/tenant-b", '{"key":"a"}'),
      join("/other", '{"key":"a"}'),
    );

    expect(client.received.slice(1)).toEqual([
      '42/tenant-a,["in","/tenant-a"]',
      '44/tenant-b,{"message":"Invalid namespace"}',
      '44/other,{"message":"Invalid namespace"}',
    ]);
  });

  it("is asked by nobody but a CONNECT, whichever instances the packets come to", async () => {
    const asked: string[] = [];
    const rig = new Rig(
      (io) => {
        io.of((name, _auth, next) => {
          asked.push(name);
          next(null, true);
        }).on("connection", (socket) => socket.on("echo", () => socket.emit("echo")));
      },
      { instances: 3 },
    );
    const client = await rig.connect("/tenant");

    for (let turn = 0; turn < 3; turn += 1) await client.send('42/tenant,["echo"]');

    expect(asked).toEqual(["/tenant"]);
    expect(client.received).toEqual(Array.from({ length: 3 }, () => '42/tenant,["echo"]'));
  });

  it("is asked by every CONNECT, so that a later client is no better off than the first", async () => {
    const rig = new Rig((io) => {
      io.of((_name, auth, next) => next(null, auth["ok"] === true));
    });
    await (await rig.open()).send(join("/tenant", '{"ok":true}'));
    const second = await rig.open();
    void second.received;

    await second.send(join("/tenant"));

    expect(second.received).toEqual(['44/tenant,{"message":"Invalid namespace"}']);
  });

  it("leaves the answer to the next by an error or a no, in the order of registration", async () => {
    const asked: number[] = [];
    const rig = new Rig((io) => {
      io.of((_name, _auth, next) => next(new Error("not mine"), (asked.push(1), true)));
      io.of((_name, _auth, next) => next(null, (asked.push(2), false)));
      io.of((_name, _auth, next) => next(null, (asked.push(3), true))).on("connection", (socket) =>
        socket.emit("third"),
      );
      io.of(/./).on("connection", (socket) => socket.emit("fourth"));
    });
    const client = await rig.open();
    void client.received;

    await client.send(join("/tenant"));

    expect(asked).toEqual([1, 2, 3]);
    expect(client.received.slice(1)).toEqual(['42/tenant,["third"]']);
  });

  it("that throws keeps the client out, and is reported", async () => {
    const rig = new Rig((io) => {
      io.of(() => {
        throw new Error("no database");
      });
      io.of(/./);
    });
    const client = await rig.open();
    void client.received;

    await client.send(join("/tenant"));

    expect(client.received).toEqual(['44/tenant,{"message":"Invalid namespace"}']);
    expect(rig.logged("core.handler_failed")).toMatchObject([
      { event: "connect", nsp: "/tenant", error: { message: "no database" } },
    ]);
  });

  it("that never calls next keeps the client out after ten seconds, and is reported", async () => {
    const rig = new Rig((io) => {
      io.of(() => undefined);
    });
    const client = await rig.open();
    void client.received;

    await client.send(join("/tenant"));
    const before = client.received;
    await rig.advance(10_000);

    expect(before).toEqual([]);
    expect(client.received).toEqual(['44/tenant,{"message":"Invalid namespace"}']);
    expect(rig.logged("core.handler_failed")).toHaveLength(1);
  });

  it("that says yes to a client which has gone meanwhile makes no socket", async () => {
    const gate = createGate();
    const lives: string[] = [];
    const rig = new Rig((io) => {
      io.of(async (_name, _auth, next) => {
        await gate.passed;
        next(null, true);
      }).on("connection", (socket) => {
        lives.push("connection");
        socket.on("disconnect", (reason) => lives.push(reason));
      });
    });
    const client = await rig.open();

    await client.send(join("/tenant"));
    await client.leave();
    gate.open();
    await rig.settle();

    expect(lives).toEqual([]);
    expect(rig.store.countRows()).toMatchObject({ namespaceMembers: 0, roomMembers: 0 });
  });

  it("finds a namespace that a handler has named before, with the listeners of the parent", async () => {
    const rig = new Rig((io) => {
      io.of((_name, _auth, next) => next(null, true)).on("connection", (socket) => socket.emit("in"));
      io.on("connection", () => io.of("/tenant").emit("nobody yet"));
    });
    await rig.connect();
    const client = await rig.open();
    void client.received;

    await client.send(join("/tenant"));

    expect(client.received.slice(1)).toEqual(['42/tenant,["in"]']);
  });
});

describe("io.on(new_namespace)", () => {
  it("tells of every namespace but the main one, once on each instance", async () => {
    const told: string[] = [];
    const rig = new Rig((io) => {
      io.of("/before");
      io.on("new_namespace", (nsp: Namespace) => told.push(nsp.name));
      io.of("/static");
      io.of(/^\/dynamic-/).on("connection", (socket) => socket.on("echo", () => undefined));
    });
    const atLoad = [...told];
    const client = await rig.connect("/dynamic-1");
    await client.send('42/dynamic-1,["echo"]');
    await rig.connect("/dynamic-1");

    expect(atLoad).toEqual(["/static"]);
    expect(told).toEqual(["/static", "/dynamic-1"]);
  });

  it("may add to what the parent gave", async () => {
    const rig = new Rig(
      (io) => {
        io.on("new_namespace", (nsp: Namespace) => {
          nsp.on("connection", (socket) => socket.on("whoami", () => socket.emit("you are in", nsp.name)));
        });
        io.of(/^\/dynamic-/);
      },
      { instances: 2 },
    );
    const client = await rig.connect("/dynamic-1");

    await client.send('42/dynamic-1,["whoami"]');
    await client.send('42/dynamic-1,["whoami"]');

    expect(client.received).toEqual(
      Array.from({ length: 2 }, () => '42/dynamic-1,["you are in","/dynamic-1"]'),
    );
  });

  it.each([
    ["throws", () => Promise.reject(new Error("broken"))],
    [
      "rejects",
      () => {
        throw new Error("broken");
      },
    ],
  ])("whose listener %s harms nobody, and is reported", async (_how, listener) => {
    const rig = new Rig((io) => {
      io.of(/^\/dynamic-/);
      io.on("new_namespace", listener);
    });
    const client = await rig.open();

    await client.join("/dynamic-1");

    expect(rig.logged("core.handler_failed")).toMatchObject([{ event: "new_namespace", nsp: "/dynamic-1" }]);
  });
});

it("an instance forgets children it has long not met, and keeps what the app has named", async () => {
  const told: string[] = [];
  const rig = new Rig((io) => {
    io.of(/^\/dynamic-/);
    io.of("/dynamic-named");
    io.on("new_namespace", (nsp: Namespace) => told.push(nsp.name));
  });
  const named = rig.io.of("/dynamic-named");
  const first = rig.io.of("/dynamic-first");
  const second = rig.io.of("/dynamic-second");
  for (let number = 0; number < 998; number += 1) rig.io.of(`/dynamic-${number}`);
  const isKept = rig.io.of("/dynamic-first") === first;

  rig.io.of("/dynamic-more");

  expect(isKept).toBe(true);
  expect(rig.io.of("/dynamic-first")).toBe(first);
  expect(rig.io.of("/dynamic-named")).toBe(named);
  expect(rig.io.of("/dynamic-second")).not.toBe(second);
  expect(told.filter((name) => name === "/dynamic-second")).toHaveLength(2);
});

it("a socket stays in its namespace when a later deploy numbers the parents anew", async () => {
  let isLater = false;
  const rig = new Rig((io) => {
    if (isLater) io.of(/^\/other-/).on("connection", () => expect.unreachable());
    io.of(/^\/dynamic-/).on("connection", (socket) => socket.on("echo", () => socket.emit("echo")));
  });
  const client = await rig.connect("/dynamic-1");
  isLater = true;
  rig.replace(0);

  await client.send('42/dynamic-1,["echo"]');

  expect(client.received).toEqual(['42/dynamic-1,["echo"]']);
});
