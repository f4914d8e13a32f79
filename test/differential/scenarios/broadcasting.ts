import type { Participant } from "../participant.ts";
import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

/** Four clients: `a` in x, `b` in x and y, `c` in y and z, `d` in none. */
const people = { a: ["x"], b: ["x", "y"], c: ["y", "z"], d: [] } as const;

const seat: Scenario["app"] = ({ nsp }) => {
  nsp.on("connection", (socket) => {
    void socket.join(socket.handshake.auth["rooms"] as string[]);
    socket.emit("in");
  });
};

const gather =
  (act: (a: Participant, everyone: readonly Participant[]) => void | Promise<unknown>): Scenario["script"] =>
  async ({ client }) => {
    const everyone: Participant[] = [];
    for (const [lane, rooms] of Object.entries(people)) {
      const one = client(lane, { auth: { rooms } });
      await one.hears("in");
      everyone.push(one);
    }
    const [a] = everyone;
    if (a === undefined) throw new Error("expected somebody to have come");
    await act(a, everyone);
    await Promise.all(everyone.map((one) => one.hears("end")));
  };

export const broadcasting: readonly Scenario[] = [
  {
    title: "rooms of a chain, of a list, and named twice reach everyone once",
    app: (ground) => {
      seat(ground);
      const { nsp } = ground;
      nsp.on("connection", (socket) => {
        socket.on("act", () => {
          nsp.to("x").to("y").emit("chain");
          nsp.in(["x", "y"]).emit("list");
          nsp.to("x").to(["x", "y"]).in("y").to("nobody").emit("all of that");
          nsp.emit("end");
        });
      });
    },
    script: gather((a) => void a.tell("act")),
  },
  {
    title: "several excepted rooms, by chain and by list",
    app: (ground) => {
      seat(ground);
      const { nsp } = ground;
      nsp.on("connection", (socket) => {
        socket.on("act", () => {
          nsp.except("x").except("z").emit("neither x nor z");
          nsp.except(["x", "z"]).emit("as a list");
          nsp.to("y").except(["x", "nobody"]).emit("y but x");
          nsp.to(["x", "y"]).except("x").except("y").emit("nobody hears");
          nsp.except("x").to("y").emit("in the other order");
          nsp.emit("end");
        });
      });
    },
    script: gather((a) => void a.tell("act")),
  },
  {
    title: "what a socket broadcasts to rooms it does not hear itself",
    app: (ground) => {
      seat(ground);
      const { nsp } = ground;
      nsp.on("connection", (socket) => {
        socket.on("act", () => {
          socket.broadcast.to("x").emit("broadcast.to");
          socket.to("x").to("y").emit("to.to");
          socket.broadcast.except("y").emit("broadcast.except");
          socket.in(["x", "y"]).except("z").emit("in.except");
          socket.to(socket.id).emit("never");
          socket.except(socket.id).emit("all but me");
          socket.broadcast.local.compress(false).emit("local");
          nsp.emit("end");
        });
      });
    },
    script: gather((a) => void a.tell("act")),
  },
  {
    title: "an id is a room, for emits and for exceptions",
    app: (ground) => {
      seat(ground);
      const { nsp } = ground;
      nsp.on("connection", (socket) => {
        socket.on("act", (ids: string[]) => {
          nsp.in(ids[1]!).emit("one");
          nsp.to(ids.slice(1, 3)).emit("two");
          nsp.to("x").except(ids[1]!).emit("x without b");
          nsp.except(ids.slice(0, 3)).emit("the last");
          socket.to(ids[2]!).to("x").emit("an id and a room");
          nsp.emit("end");
        });
      });
    },
    script: gather((a, everyone) => {
      a.tell(
        "act",
        everyone.map((one) => one.id),
      );
    }),
  },
  {
    title: "a kept operator is not changed by what is built on it",
    app: (ground) => {
      seat(ground);
      const { nsp } = ground;
      nsp.on("connection", (socket) => {
        socket.on("act", () => {
          const x = nsp.to("x");
          x.to("y").emit("x and y");
          x.except("y").emit("x without y");
          void x.volatile;
          x.emit("x alone");
          const others = socket.broadcast;
          others.to("z").emit("z");
          others.emit("others");
          nsp.emit("end");
        });
      });
    },
    script: gather((a) => void a.tell("act")),
  },
  {
    title: "send and write of every sender are messages",
    app: (ground) => {
      seat(ground);
      const { nsp } = ground;
      nsp.on("connection", (socket) => {
        socket.on("act", () => {
          socket.send("socket.send", 1).write("socket.write", [2]);
          nsp.send("nsp.send").write("nsp.write", { three: 3 });
          nsp.emit("end");
        });
      });
    },
    script: gather((a) => void a.tell("act")),
  },
  {
    title: "rooms are joined and left for others by rooms, ids and exceptions",
    app: (ground) => {
      seat(ground);
      const { nsp } = ground;
      nsp.on("connection", (socket) => {
        socket.on("act", (ids: string[]) => {
          nsp.in(["x", "z"]).except("y").socketsJoin("first");
          nsp.in(ids[3]!).socketsJoin(["second", "third"]);
          nsp.except("x").socketsLeave("z");
          socket.broadcast.socketsJoin("others");
          for (const room of ["first", "second", "third", "z", "others"]) nsp.to(room).emit("room", room);
          nsp.emit("end");
        });
      });
    },
    script: gather((a, everyone) => {
      a.tell(
        "act",
        everyone.map((one) => one.id),
      );
    }),
  },
  {
    title: "the ids of all sockets, of rooms, and of nobody",
    app: (ground) => {
      seat(ground);
      const { nsp } = ground;
      nsp.on("connection", (socket) => {
        socket.on("act", async (ack: Ack) => {
          const all = await nsp.allSockets();
          ack(
            all instanceof Set,
            all.size,
            all.has(socket.id),
            (await nsp.in(["x", "y"]).allSockets()).size,
            [...(await nsp.in("x").allSockets())].length,
            (await nsp.in("nobody").allSockets()).size,
          );
          nsp.emit("end");
        });
      });
    },
    script: gather((a) => a.ask("act")),
  },
  {
    title: "a broadcast of one namespace stays in it, whatever its rooms are called",
    app: ({ of }) => {
      for (const suffix of ["one", "two"]) {
        of(suffix).on("connection", (socket) => {
          void socket.join("room");
          socket.emit("in");
          socket.on("act", () => {
            of(suffix).to("room").emit("room", suffix);
            of("two").emit("end");
          });
        });
      }
    },
    script: async ({ client }) => {
      const one = client("one", { nsp: "one" });
      await one.hears("in");
      const two = client("two", { nsp: "two", beside: one });
      await two.hears("in");
      one.tell("act");
      await two.hears("end");
      await one.hears("room");
    },
  },
  {
    title: "a middleware tells others and joins before its client is in",
    app: ({ nsp }) => {
      nsp.use((socket, next) => {
        void socket.join("early");
        socket.broadcast.emit("somebody comes", socket.handshake.auth["name"]);
        socket.emit("checking", 1);
        socket.emit("checking", 2);
        next(socket.handshake.auth["name"] === "bad" ? new Error("go away") : undefined);
      });
      nsp.on("connection", (socket) => {
        socket.to("early").emit("somebody is in", socket.handshake.auth["name"]);
        socket.emit("in", socket.rooms.size);
      });
    },
    script: async ({ client }) => {
      const first = client("first", { auth: { name: "first" } });
      await first.hears("in");
      const second = client("second", { auth: { name: "second" } });
      await second.hears("in");
      await first.hears("somebody is in");
      const bad = client("bad", { auth: { name: "bad" } });
      await bad.isRefused();
      await Promise.all([
        first.hears("somebody comes").then(() => first.hears("somebody comes")),
        second.hears("somebody comes"),
      ]);
    },
  },
  {
    title: "a refusal tells data of any kind",
    app: ({ nsp }) => {
      nsp.use((socket, next) => {
        const data = socket.handshake.auth["data"] as unknown;
        next(data === undefined ? new Error("") : Object.assign(new Error("refused"), { data }));
      });
    },
    script: async ({ client }) => {
      for (const [number, data] of [
        undefined,
        "text",
        0,
        false,
        null,
        [1, { a: 2 }],
        { deep: { er: 1 } },
      ].entries()) {
        await client(`refused ${number}`, { auth: { data } }).isRefused();
      }
    },
  },
  {
    title: "namespaces of one connection are refused and left one by one",
    app: ({ of }) => {
      of("open").on("connection", (socket) => {
        socket.emit("in");
        socket.on("leave", () => socket.disconnect());
      });
      of("shut").use((_, next) => next(new Error("shut")));
      of("last").on("connection", (socket) => {
        socket.emit("in");
        socket.on("echo", (ack: Ack) => ack("still here"));
      });
    },
    script: async ({ client }) => {
      const open = client("open", { nsp: "open" });
      await open.hears("in");
      await client("shut", { nsp: "shut", beside: open }).isRefused();
      const last = client("last", { nsp: "last", beside: open });
      await last.hears("in");
      open.tell("leave");
      await open.isLost();
      await last.ask("echo");
    },
  },
];
