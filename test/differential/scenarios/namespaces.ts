import type { Socket } from "socket.io";
import type { Participant } from "../participant.ts";
import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

/** The end of a namespace's name, which is all that differs from child to child. */
const lastOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

const under = (name: string, rest: string): RegExp => new RegExp(`^${name}/${rest}$`);

/** A socket that tells where it is, and echoes. */
const greet = (socket: Socket): void => {
  socket.emit("in", lastOf(socket.nsp.name));
  socket.on("echo", (word: string, ack: Ack) => ack(word, lastOf(socket.nsp.name)));
};

const arrive = async (
  client: (lane: string, options: object) => Participant,
  lane: string,
  nsp: string,
): Promise<Participant> => {
  const one = client(lane, { nsp });
  await one.hears("in");
  return one;
};

export const namespaces: readonly Scenario[] = [
  {
    title: "namespaces that fit a regular expression come into being, others do not",
    app: ({ io, name }) => {
      io.of(under(name, "dynamic-\\d+")).on("connection", greet);
    },
    script: async ({ client }) => {
      const a = await arrive(client, "a", "dynamic-101");
      await a.ask("echo", "hello");
      const b = client("b", { nsp: "dynamic-x", beside: a });
      await b.isRefused();
      await a.ask("echo", "still here");
    },
  },
  {
    title: "children have the middlewares and the listeners of their parent",
    app: ({ io, name }) => {
      const parent = io.of(under(name, "room-\\d+"));
      parent.use((socket, next) => {
        socket.data = { badge: socket.handshake.auth["badge"] as string };
        next();
      });
      parent.use((socket, next) => next(socket.data.badge === "yes" ? undefined : new Error("no badge")));
      parent.on("connect", (socket) => socket.emit("first"));
      parent.on("connection", greet);
    },
    script: async ({ client }) => {
      const stranger = client("stranger", { nsp: "room-1" });
      await stranger.isRefused();
      const guest = client("guest", { nsp: "room-1", auth: { badge: "yes" } });
      await guest.hears("in");
      await guest.ask("echo", "hello");
    },
  },
  {
    title: "a function decides by name and auth whether there is a namespace",
    app: ({ io, name }) => {
      io.of((asked, auth, next) => {
        next(null, asked.startsWith(`${name}/tenant-`) && auth["tenant"] === lastOf(asked));
      }).on("connection", greet);
    },
    script: async ({ client }) => {
      const wrong = client("wrong", { nsp: "tenant-a", auth: { tenant: "tenant-b" } });
      await wrong.isRefused();
      const right = client("right", { nsp: "tenant-a", auth: { tenant: "tenant-a" } });
      await right.hears("in");
      await right.ask("echo", "hello");
    },
  },
  {
    title: "a function may take its time to decide",
    app: ({ io, name }) => {
      io.of((asked, _auth, next) => {
        if (!asked.startsWith(`${name}/`)) return next(null, false);
        setImmediate(() => next(null, asked.endsWith("-open")));
      }).on("connection", greet);
    },
    script: async ({ client }) => {
      await arrive(client, "a", "is-open");
      await client("b", { nsp: "is-shut" }).isRefused();
    },
  },
  {
    title: "an error of a function is a no, and the next parent is asked",
    app: ({ io, name }) => {
      io.of((asked, _auth, next) => next(asked.startsWith(name) ? new Error("not mine") : null, false));
      io.of(under(name, "any-.*")).on("connection", greet);
      io.of(under(name, "any-thing")).on("connection", (socket) => socket.emit("too late"));
    },
    script: async ({ client }) => {
      const a = await arrive(client, "a", "any-thing");
      await a.ask("echo", "hello");
      await client("b", { nsp: "other" }).isRefused();
    },
  },
  {
    title: "a parent tells all its children",
    app: ({ io, name, nsp }) => {
      const parent = io.of(under(name, "child-\\d+"));
      parent.on("connection", greet);
      nsp.on("connection", (socket) => {
        socket.emit("in");
        socket.on("tell", (ack: Ack) => {
          parent.emit("told", 1, { two: [2] });
          parent.send("a message");
          parent.write("another");
          parent.emit("end");
          ack();
        });
      });
    },
    script: async ({ client }) => {
      const everyone = [
        await arrive(client, "one", "child-1"),
        await arrive(client, "two", "child-2"),
        await arrive(client, "two too", "child-2"),
      ];
      const teller = client("teller");
      await teller.hears("in");
      await teller.ask("tell");
      await Promise.all(everyone.map((one) => one.hears("end")));
    },
  },
  {
    title: "a parent tells the rooms of its children",
    app: ({ io, name, nsp }) => {
      const parent = io.of(under(name, "child-\\d+"));
      parent.on("connection", (socket) => {
        void socket.join(socket.handshake.auth["rooms"] as string[]);
        socket.emit("in");
      });
      nsp.on("connection", (socket) => {
        socket.emit("in");
        socket.on("tell", () => {
          parent.to("x").emit("x");
          parent.in(["x", "y"]).except("z").emit("x or y, not z");
          parent.except("x").emit("not x");
          parent.emit("end");
        });
      });
    },
    script: async ({ client }) => {
      const everyone: Participant[] = [];
      for (const [lane, nsp, rooms] of [
        ["a", "child-1", ["x"]],
        ["b", "child-2", ["x", "z"]],
        ["c", "child-2", ["y"]],
        ["d", "child-1", []],
      ] as const) {
        const one = client(lane, { nsp, auth: { rooms } });
        await one.hears("in");
        everyone.push(one);
      }
      const teller = client("teller");
      await teller.hears("in");
      teller.tell("tell");
      await Promise.all(everyone.map((one) => one.hears("end")));
    },
  },
  {
    title: "a parent sends bytes to its children",
    app: ({ io, name, nsp }) => {
      const parent = io.of(under(name, "child-\\d+"));
      parent.on("connection", greet);
      nsp.on("connection", () => parent.emit("bytes", Buffer.from([1, 2, 3]), { more: Buffer.from([4]) }));
    },
    script: async ({ client }) => {
      const a = await arrive(client, "a", "child-1");
      await client("teller").connects();
      await a.hears("bytes");
    },
  },
  {
    title: "a child that the app names is a child as well, and has listeners of its own",
    app: ({ io, name, of, nsp }) => {
      const parent = io.of(under(name, "child-\\d+"));
      parent.on("connection", (socket) => socket.emit("of the parent"));
      of("child-1").on("connection", (socket) => socket.emit("of its own"));
      nsp.on("connection", () => parent.emit("to all children"));
    },
    script: async ({ client }) => {
      const named = client("named", { nsp: "child-1" });
      const other = client("other", { nsp: "child-2" });
      await Promise.all([named.hears("of its own"), other.hears("of the parent")]);
      await client("teller").connects();
      await Promise.all([named.hears("to all children"), other.hears("to all children")]);
    },
  },
  {
    title: "a namespace that was named before its parent is no child",
    app: ({ io, name, of, nsp }) => {
      of("child-1").on("connection", (socket) => socket.emit("of its own"));
      const parent = io.of(under(name, "child-\\d+"));
      parent.on("connection", (socket) => socket.emit("of the parent"));
      nsp.on("connection", () => {
        parent.emit("to all children");
        of("child-1").emit("end");
      });
    },
    script: async ({ client }) => {
      const named = client("named", { nsp: "child-1" });
      await named.hears("of its own");
      await client("teller").connects();
      await named.hears("end");
    },
  },
  {
    title: "a parent cannot list sockets, and says so",
    app: ({ io, name, nsp }) => {
      const parent = io.of(under(name, "child-\\d+"));
      nsp.on("connection", (socket) => {
        try {
          void parent.fetchSockets();
        } catch (error) {
          socket.emit("thrown", error instanceof Error ? error.message : "");
        }
      });
    },
    script: async ({ client }) => {
      await client("a").hears("thrown");
    },
  },
  {
    title: "an expression that remembers where it was is refused",
    app: ({ io, nsp }) => {
      nsp.on("connection", (socket) => {
        const outcomes = [/x/g, /x/y].map((expression) => {
          try {
            return io.of(expression).name;
          } catch (error) {
            return error instanceof Error;
          }
        });
        socket.emit("outcomes", outcomes);
      });
    },
    script: async ({ client }) => {
      await client("a").hears("outcomes");
    },
  },
  {
    title: "children are apart from each other, and list their sockets",
    app: ({ io, name }) => {
      io.of(under(name, "child-\\d+")).on("connection", (socket) => {
        void socket.join("room");
        greet(socket);
        socket.on("shout", (word: string) => socket.nsp.to("room").emit("shouted", word));
        socket.on("count", async (ack: Ack) => {
          const there = await io.of(socket.nsp.name).fetchSockets();
          ack(there.length, (await socket.nsp.in("room").fetchSockets()).length);
        });
      });
    },
    script: async ({ client }) => {
      const one = await arrive(client, "one", "child-1");
      const two = await arrive(client, "two", "child-2");
      const too = await arrive(client, "two too", "child-2");
      await two.ask("count");
      one.tell("shout", "only mine");
      two.tell("shout", "ours");
      await Promise.all([one.hears("shouted"), two.hears("shouted"), too.hears("shouted")]);
    },
  },
  {
    title: "a client leaves one child and comes to another over one connection",
    app: ({ io, name, nsp }) => {
      io.of(under(name, "child-\\d+")).on("connection", (socket) => {
        greet(socket);
        socket.on("disconnect", (reason) => nsp.emit("left", lastOf(socket.nsp.name), reason));
      });
      nsp.on("connection", (socket) => socket.emit("in"));
    },
    script: async ({ client }) => {
      const watch = client("watch");
      await watch.hears("in");
      const one = await arrive(client, "one", "child-1");
      one.socket.disconnect();
      await watch.hears("left");
      const two = client("two", { nsp: "child-2", beside: one });
      await two.hears("in");
      await two.ask("echo", "hello");
    },
  },
  {
    title: "disconnect with close ends static and dynamic namespaces of the connection",
    app: ({ io, name, of, nsp }) => {
      const tell = (socket: Socket) => {
        socket.emit("in");
        socket.on("disconnect", (reason) => nsp.emit(`left ${lastOf(socket.nsp.name)}`, reason));
        socket.on("end all", () => socket.disconnect(true));
      };
      io.of(under(name, "child-\\d+")).on("connection", tell);
      of("static").on("connection", tell);
      nsp.on("connection", (socket) => socket.emit("in"));
    },
    script: async ({ client }) => {
      const watch = client("watch");
      await watch.hears("in");
      const child = client("child", { nsp: "child-1" });
      await child.hears("in");
      const fixed = client("static", { nsp: "static", beside: child });
      await fixed.hears("in");
      child.tell("end all");
      await Promise.all([child.isLost(), fixed.isLost()]);
      await watch.hears("left child-1");
      await watch.hears("left static");
    },
  },
  {
    title: "new namespaces are told of, with what may be added to them",
    app: ({ io, name }) => {
      io.on("new_namespace", (made) => {
        if (!made.name.startsWith(`${name}/child-`)) return;
        made.on("connection", (socket) => socket.emit("added", lastOf(made.name)));
      });
      io.of(under(name, "child-\\d+")).on("connection", greet);
    },
    script: async ({ client }) => {
      for (const [lane, nsp] of [
        ["a", "child-1"],
        ["b", "child-2"],
        ["c", "child-1"],
      ] as const) {
        await client(lane, { nsp }).hears("added");
      }
    },
  },
];
