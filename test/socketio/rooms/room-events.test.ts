import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { Rig, type Client } from "../../support/rig.ts";

const events = ["create-room", "join-room", "leave-room", "delete-room"] as const;

/** Every change of a room in these namespaces, in order; own rooms by the name `own`. */
function listening(app: (io: Server) => unknown = () => undefined, options: { instances?: number } = {}) {
  const told: string[] = [];
  const own = new Map<string, string>();
  const rig = new Rig((io) => {
    for (const event of events)
      io.of("/").adapter.on(event, (...args: string[]) => void told.push([event, ...args].join(" ")));
    io.on("connection", (socket) => {
      socket.on("join", (rooms: string[]) => socket.join(rooms));
      socket.on("leave", (room: string) => socket.leave(room));
      socket.on("leave all", () => socket.leaveAll());
      socket.on("end", (close: boolean) => socket.disconnect(close));
    });
    app(io);
  }, options);
  const name = (line: string) => [...own].reduce((text, [id, short]) => text.replaceAll(id, short), line);
  return {
    rig,
    take: () => told.splice(0).map(name),
    async connect(short: string): Promise<Client> {
      const client = await rig.open();
      own.set(await client.join(), short);
      return client;
    },
  };
}

const nothing = { roomMembers: 0, namespaceMembers: 0, roomCounts: 0 };

describe("nsp.adapter", () => {
  it("tells of a socket's own room and of the rooms it joins, the room first", async () => {
    const { rig, take, connect } = listening(undefined, { instances: 3 });

    const a = await connect("a");
    expect(take()).toEqual(["create-room a", "join-room a a"]);
    await a.send('42["join",["x","y","x"]]');
    expect(take()).toEqual(["create-room x", "join-room x a", "create-room y", "join-room y a"]);
    const b = await connect("b");
    await b.send('42["join",["x"]]', '42["join",["x"]]');
    expect(take()).toEqual(["create-room b", "join-room b b", "join-room x b"]);
    await a.send('42["leave","x"]', '42["leave","x"]');
    expect(take()).toEqual(["leave-room x a"]);
    await b.leave();
    expect(take()).toEqual(["leave-room b b", "delete-room b", "leave-room x b", "delete-room x"]);
    await a.send('42["leave all"]');
    expect(take()).toEqual(["leave-room a a", "delete-room a", "leave-room y a", "delete-room y"]);
    await a.leave();
    expect(take()).toEqual([]);
    expect(rig.store.countRows()).toMatchObject(nothing);
  });

  it.each([
    ["the client leaves the namespace", "41"],
    ["the server disconnects the socket", '42["end",false]'],
    ["the server closes the connection", '42["end",true]'],
  ])("tells between `disconnecting` and `disconnect` where %s", async (_, frame) => {
    const heard: string[] = [];
    const { take, connect } = listening((io) => {
      io.of("/").adapter.on("delete-room", (room) => void (room === "x" && heard.push("delete-room")));
      io.on("connection", (socket) => {
        socket.on("disconnecting", () => void heard.push("disconnecting"));
        socket.on("disconnect", () => void heard.push("disconnect"));
      });
    });
    const a = await connect("a");
    await a.send('42["join",["x"]]');
    take();

    await a.send(frame);

    expect(take()).toEqual(["leave-room a a", "delete-room a", "leave-room x a", "delete-room x"]);
    expect(heard).toEqual(["disconnecting", "delete-room", "disconnect"]);
  });

  it("tells of rooms that a middleware has joined, before the own room, and not of a socket that is refused", async () => {
    const { rig, take, connect } = listening((io) => {
      io.use((socket, next) => {
        void socket.join("m");
        next(socket.handshake.auth["refuse"] === true ? new Error("no") : undefined);
      });
    });

    await connect("a");
    expect(take()).toEqual(["create-room m", "join-room m a", "create-room a", "join-room a a"]);
    const refused = await rig.open();
    await refused.send('40{"refuse":true}');
    expect(take()).toEqual([]);
  });

  it("tells of who is put in, taken out and disconnected from elsewhere", async () => {
    const { rig, take, connect } = listening((io) => {
      io.on("connection", (socket) => {
        socket.on("in", () => io.in("x").socketsJoin(["x", "z"]));
        socket.on("out", () => io.socketsLeave("z"));
        socket.on("kick", () => io.in("x").disconnectSockets());
      });
    });
    const a = await connect("a");
    const b = await connect("b");
    await b.send('42["join",["x"]]');
    take();

    await a.send('42["in"]');
    expect(take()).toEqual(["create-room z", "join-room z b"]);
    await a.send('42["out"]');
    expect(take()).toEqual(["leave-room z b", "delete-room z"]);
    await a.send('42["kick"]');
    expect(take()).toEqual(["leave-room b b", "delete-room b", "leave-room x b", "delete-room x"]);
    await a.leave();
    await b.leave();
    expect(rig.store.countRows()).toMatchObject(nothing);
  });

  it("tells of a client that the heartbeat finds dead", async () => {
    const { rig, take, connect } = listening();
    const a = await connect("a");
    await a.send('42["join",["x"]]');
    take();

    for (let minutes = 0; minutes < 12; minutes += 1) {
      await rig.advance(60_000);
      await rig.sweep();
    }

    expect(take()).toEqual(["leave-room a a", "delete-room a", "leave-room x a", "delete-room x"]);
  });

  it("calls rooms what the app calls them", async () => {
    const seen: unknown[] = [];
    const { connect } = listening((io) => {
      io.of("/").adapter.on("create-room", (room) => void seen.push(room));
      io.on("connection", (socket) => socket.on("number", () => socket.join(5 as never)));
    });
    const a = await connect("a");

    await a.send('42["number"]', '42["join",["=odd"]]');

    expect(seen.slice(1)).toEqual([5, "=odd"]);
  });

  it("lets a listener emit, into the room that it hears of, and waits for it", async () => {
    const { rig, connect } = listening((io) => {
      io.of("/").adapter.on("join-room", async (room, id) => {
        await Promise.resolve();
        if (room === "x") io.to(room).emit("came", id.length);
      });
    });
    const a = await connect("a");
    await a.send('42["join",["x"]]');

    expect(a.received).toEqual(['42["came",20]']);
    expect(rig.logs).toEqual([]);
  });

  it("reports a listener that fails as any handler, and goes on", async () => {
    const { rig, take, connect } = listening((io) => {
      io.of("/").adapter.prependListener("join-room", () => {
        throw new Error("in a listener");
      });
    });
    await connect("a");

    expect(take()).toEqual(["create-room a", "join-room a a"]);
    expect(rig.logged("core.handler_failed")).toMatchObject([{ event: "join-room", nsp: "/" }]);
  });

  it("tells nothing of a namespace in which nobody listens, and counts nothing there", async () => {
    const { rig, take } = listening((io) => {
      io.of("/quiet").on("connection", (socket) => void socket.join("x"));
    });
    const client = await rig.open();
    await client.join("/quiet");

    expect(take()).toEqual([]);
    expect(rig.store.countRows()).toMatchObject({ roomCounts: 0, roomNotes: 0, roomMembers: 2 });
    expect(rig.instances[0]?.life.calls.filter((name) => name.startsWith("store.enter"))).toEqual([]);
  });

  it("goes on counting a socket whose rooms were counted when it came, though nobody listens any more", async () => {
    let isHeard = true;
    const rig = new Rig((io) => {
      if (isHeard) io.of("/").adapter.on("create-room", () => undefined);
      io.on("connection", (socket) => void socket.join("x"));
    });
    const client = await rig.connect();
    isHeard = false;
    rig.replace(0);

    await client.leave();

    expect(rig.store.countRows()).toMatchObject(nothing);
  });

  it("tells of the children of dynamic namespaces by new_namespace, on whichever instance", async () => {
    const told: string[] = [];
    const rig = new Rig(
      (io) => {
        io.of(/^\/game-\d$/).on("connection", (socket) => void socket.join("x"));
        io.on("new_namespace", (nsp) => {
          nsp.adapter.on("create-room", (room) => void (room === "x" && told.push(`create ${nsp.name}`)));
          nsp.adapter.on("delete-room", (room) => void (room === "x" && told.push(`delete ${nsp.name}`)));
        });
      },
      { instances: 2 },
    );
    const client = await rig.open();
    await client.join("/game-1");
    await client.leave();

    expect(told).toEqual(["create /game-1", "delete /game-1"]);
  });

  it("refuses what needs an adapter that knows its rooms, and names the way", () => {
    const { rig } = listening();
    const { adapter } = rig.io.of("/") as unknown as { adapter: Record<string, unknown> };

    for (const member of ["rooms", "sids", "socketRooms", "broadcast"])
      expect(() => adapter[member]).toThrow(
        expect.objectContaining({
          code: "core.no_adapter",
          message: expect.stringContaining("io.in(room).count()") as string,
        }),
      );
    const parent = new Rig((io) => io.of(/x/)).io.of(/x/);
    expect(() => parent.adapter).toThrow(expect.objectContaining({ code: "core.no_adapter" }));
  });

  it("refuses listeners once packets run: no other instance would know them", () => {
    const { rig } = listening();
    const { adapter } = rig.io.of("/");

    for (const listen of ["on", "once", "addListener", "prependListener", "prependOnceListener"] as const)
      expect(() => adapter[listen]("join-room", () => undefined)).toThrow(
        expect.objectContaining({ code: "core.registration_in_handler" }),
      );
  });
});

describe("a crash", () => {
  /** The instance ends after `last` calls of what is sent; another takes over. */
  async function crashAt(last: number, act: (client: Client, rig: Rig) => Promise<unknown>) {
    const scene = listening();
    const client = await scene.connect("a");
    await client.send('42["join",["x"]]');
    scene.take();
    const { life } = scene.rig.instances[0]!;
    const before = life.calls.length;
    life.endsAfter = before + last;
    await act(client, scene.rig);
    const calls = life.calls.length - before;
    scene.rig.replace(0);
    await scene.rig.redeliver();
    return { ...scene, client, calls };
  }

  it("at any step of a close loses no event", async () => {
    const { calls, take } = await crashAt(1_000, (client) => client.leave());
    const whole = take();
    expect(whole).toEqual(["leave-room a a", "delete-room a", "leave-room x a", "delete-room x"]);

    for (let last = 0; last < calls; last += 1) {
      const scene = await crashAt(last, (client) => client.leave());
      expect([last, ...new Set(scene.take())].toSorted()).toEqual([last, ...whole].toSorted());
      expect(scene.rig.store.countRows()).toMatchObject(nothing);
    }
  });

  it("at any step of a join tells of a room that was made, and of its end", async () => {
    const { calls } = await crashAt(1_000, (client) => client.send('42["join",["y"]]'));

    for (let last = 0; last < calls; last += 1) {
      const scene = await crashAt(last, (client) => client.send('42["join",["y"]]'));
      const told = scene.take();
      await scene.client.leave();
      const after = [...told, ...scene.take()];
      expect([last, after.includes("create-room y")]).toEqual([last, after.includes("delete-room y")]);
      expect(scene.rig.store.countRows()).toMatchObject({ roomMembers: 0, roomCounts: 0 });
    }
  });
});

describe("count", () => {
  it("tells how many are in rooms, each once, without those who are in an excepted one", async () => {
    const counts: number[][] = [];
    const { connect } = listening((io) => {
      io.on("connection", (socket) => {
        socket.on("count", async () => {
          counts.push([
            await io.in("x").count(),
            await io.in(["x", "y"]).count(),
            await io.in("x").except("y").count(),
            await io.except("x").count(),
            await io.of("/").local.count(),
            await socket.to("x").count(),
            await io.in("nobody").count(),
          ]);
        });
      });
    });
    const a = await connect("a");
    const b = await connect("b");
    await connect("c");
    await a.send('42["join",["x"]]');
    await b.send('42["join",["x","y"]]');

    await a.send('42["count"]');

    expect(counts).toEqual([[2, 2, 1, 1, 3, 1, 0]]);
  });

  it("sees what its own turn has joined, left and disconnected", async () => {
    const counts: number[] = [];
    const { connect } = listening((io) => {
      io.on("connection", (socket) => {
        socket.on("count", async () => {
          void socket.join("x");
          counts.push(await io.in("x").count());
          void socket.leave("x");
          counts.push(await io.in("x").count());
          io.disconnectSockets();
          counts.push(await io.of("/").local.count());
        });
      });
    });
    const a = await connect("a");
    await a.send('42["count"]');

    expect(counts).toEqual([1, 0, 0]);
  });

  it("of one room reads none of its members", async () => {
    const { rig, connect } = listening((io) => {
      io.on("connection", (socket) => socket.on("count", () => io.in("x").count()));
    });
    const a = await connect("a");
    const before = rig.instances[0]!.life.calls.length;
    await a.send('42["count"]');

    const reads = rig.instances[0]!.life.calls.slice(before).filter((name) => /list|count/.test(name));
    expect(reads).toEqual(["store.countMembers"]);
  });

  it("is refused of a parent, whose children have sockets", () => {
    const parent = new Rig((io) => io.of(/x/)).io.of(/x/);
    expect(() => parent.in("a").count()).toThrow(
      expect.objectContaining({ code: "core.parent_without_sockets" }),
    );
  });
});
