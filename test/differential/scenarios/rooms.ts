import type { Participant } from "../participant.ts";
import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

/** Clients join the rooms in their auth; `tell` sends to a described audience and then marks everyone's end. */
const audience: Scenario["app"] = ({ nsp }) => {
  nsp.on("connection", (socket) => {
    void socket.join(socket.handshake.auth["rooms"] as string[]);
    socket.emit("joined", [...socket.rooms].length);
    socket.on("to rooms", (rooms: string[], except: string[]) => {
      nsp.to(rooms).except(except).emit("heard", "server", rooms, except);
      nsp.emit("end");
    });
    socket.on("to others", (rooms: string[], except: string[]) => {
      socket.to(rooms).except(except).emit("heard", "socket", rooms, except);
      nsp.emit("end");
    });
    socket.on("broadcast", () => {
      socket.broadcast.emit("heard", "broadcast");
      nsp.emit("end");
    });
    socket.on("except", (rooms: string[]) => {
      nsp.except(rooms).emit("heard", "all but", rooms);
      socket.except(rooms).emit("heard", "others but", rooms);
      nsp.emit("end");
    });
  });
};

const people = { a: ["x"], b: ["x", "y"], c: ["y", "z"], d: [] } as const;

const gather =
  (act: (a: Participant) => void): Scenario["script"] =>
  async ({ client }) => {
    const everyone = [];
    for (const [name, rooms] of Object.entries(people)) {
      const one = client(name, { auth: { rooms } });
      await one.hears("joined");
      everyone.push(one);
    }
    const [a] = everyone;
    if (a === undefined) throw new Error("expected somebody to have come");
    act(a);
    await Promise.all(everyone.map((one) => one.hears("end")));
  };

export const rooms: readonly Scenario[] = [
  {
    title: "a room reaches its members",
    app: audience,
    script: gather((a) => a.tell("to rooms", ["y"], [])),
  },
  {
    title: "a union of rooms reaches each member once",
    app: audience,
    script: gather((a) => a.tell("to rooms", ["x", "y", "z"], [])),
  },
  {
    title: "members of an excepted room hear nothing",
    app: audience,
    script: gather((a) => a.tell("to rooms", ["x", "y"], ["z"])),
  },
  {
    title: "who has left all rooms is in none, its own neither, and can join again",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("leave all", async () => {
          void socket.join(["a", "b"]);
          const before = socket.rooms.size;
          (socket as unknown as { leaveAll(): void }).leaveAll();
          const left = [...socket.rooms];
          nsp.to(socket.id).to("a").to("b").emit("heard");
          void socket.join("c");
          nsp.to("c").emit("in c");
          const found = await nsp.in(["a", "b", socket.id]).fetchSockets();
          const again = await nsp.in("c").fetchSockets();
          socket.emit("left", before, left, [...socket.rooms], found.length, again.length);
        });
      });
    },
    script: async ({ client }) => {
      const one = client("one");
      one.tell("leave all");
      await one.hears("left");
    },
  },
  ...(["leaves it", "leaves all rooms", "is taken out of it"] as const).map((way): Scenario => ({
    title: `who ${way}, a room with the name of its own id, is in it no more until it joins it anew`,
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        const { id, rooms } = socket;
        socket.emit("in", [...rooms]);
        socket.on("leaves it", async (ack: () => void) => {
          await socket.leave(id);
          ack();
        });
        socket.on("leaves all rooms", async (ack: () => void) => {
          await (socket as unknown as { leaveAll(): unknown }).leaveAll();
          ack();
        });
        socket.on("take out", async (other: string, ack: (left: number) => void) => {
          nsp.in(other).socketsLeave(other);
          ack((await nsp.in(other).fetchSockets()).length);
        });
        socket.on("put in", async (room: string, other: string, ack: (there: number) => void) => {
          nsp.in(room).socketsJoin(other);
          ack((await nsp.in(other).fetchSockets()).length);
        });
        socket.on("join", async (room: string, ack: () => void) => {
          await socket.join(room);
          ack();
        });
        socket.on("rooms", async (ack: (...what: unknown[]) => void) =>
          ack([...socket.rooms], (await nsp.in(id).fetchSockets()).length),
        );
        socket.on("say", async (room: string, text: string, ack: () => void) => {
          nsp.to(room).emit("said", text);
          ack();
        });
      });
    },
    script: async ({ client }) => {
      const one = client("one");
      await one.hears("in");
      const other = client("other");
      await other.hears("in");
      await one.ask("join", "x");
      if (way === "is taken out of it") await other.ask("take out", one.id);
      else await one.ask(way);
      await one.ask("rooms");
      await other.ask("say", one.id, "nobody hears this");
      await one.ask("join", "y");
      await one.ask("rooms");
      if (way === "leaves it") await one.ask("join", one.id);
      else await other.ask("put in", "y", one.id);
      await one.ask("rooms");
      await other.ask("say", one.id, "heard again");
      await one.hears("said");
      await one.ask("leaves it");
      await one.ask("rooms");
    },
  })),
  {
    title: "an empty room is nobody",
    app: audience,
    script: gather((a) => a.tell("to rooms", ["nobody is here"], [])),
  },
  {
    title: "a socket does not hear what it sends to its own room",
    app: audience,
    script: gather((a) => a.tell("to others", ["x", "y"], [])),
  },
  {
    title: "a broadcast reaches everyone else",
    app: audience,
    script: gather((a) => a.tell("broadcast")),
  },
  {
    title: "except without rooms means everyone else",
    app: audience,
    script: gather((a) => a.tell("except", ["y"])),
  },
  {
    title: "operators may be kept and built upon",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        void socket.join(["p", "q"]);
        socket.on("go", () => {
          const p = nsp.to("p");
          const q = p.to("elsewhere").except("q");
          p.emit("1");
          q.emit("never");
          p.emit("2");
          nsp.in("q").emit("3");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("go");
      await a.hears("3");
    },
  },
  {
    title: "volatile events reach clients that keep up",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        void socket.join("r");
        socket.on("direct", () => socket.volatile.emit("1 volatile"));
        socket.on("room", () => nsp.to("r").volatile.emit("2 volatile"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("direct");
      await a.hears("1 volatile");
      a.tell("room");
      await a.hears("2 volatile");
    },
  },
  {
    title: "every socket is a room of its own id",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("whisper", (to: string, word: string) => socket.to(to).emit("whispered", socket.id, word));
        socket.on("shout at", (to: string) => nsp.to(to).emit("shouted"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const b = await client("b").connects();
      const c = await client("c").connects();
      a.tell("whisper", b.id, "psst").tell("shout at", b.id).tell("shout at", a.id).tell("shout at", c.id);
      await Promise.all([a.hears("shouted"), b.hears("shouted"), c.hears("shouted")]);
    },
  },
  {
    title: "handlers join and leave, and rooms show it at once",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        const show = (ack: Ack) => ack([...socket.rooms].filter((room) => room !== socket.id).toSorted());
        socket.on("join", async (room: string | string[], ack: Ack) => {
          await socket.join(room);
          show(ack);
        });
        socket.on("leave", async (room: string, ack: Ack) => {
          await socket.leave(room);
          show(ack);
        });
        socket.on("rooms", show);
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("join", "one");
      await a.ask("join", ["two", "three", "two"]);
      await a.ask("join", "one");
      await a.ask("leave", "two");
      await a.ask("leave", "never joined");
      await a.ask("rooms");
    },
  },
  {
    title: "joining and sending in one handler",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("enter", (room: string) => {
          void socket.join(room);
          nsp.to(room).emit("entered", room);
          void socket.leave(room);
          nsp.to(room).emit("not for who left", room);
          socket.emit("out");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("enter", "hall");
      await a.hears("out");
      a.tell("enter", "hall");
      await a.hears("out");
    },
  },
  {
    title: "names of rooms are any text",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("use", async (room: string, ack: Ack) => {
          await socket.join(room);
          nsp.to(room).emit("in", room.length > 40 ? room.length : room);
          await socket.leave(room);
          ack(socket.rooms.size);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      for (const room of ["/a#b", "b#c", "ø🙂", " ", "", "x".repeat(300), "__proto__"])
        await a.ask("use", room);
    },
  },
  {
    title: "a member that left hears nothing more",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        void socket.join("r");
        socket.on("leave", (ack: Ack) => {
          void socket.leave("r");
          ack();
        });
        socket.on("say", (word: string) => {
          nsp.to("r").emit("said", word);
          nsp.emit("end");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const b = await client("b").connects();
      a.tell("say", "both");
      await Promise.all([a.hears("end"), b.hears("end")]);
      await b.ask("leave");
      a.tell("say", "only a");
      await Promise.all([a.hears("end"), b.hears("end")]);
    },
  },
  {
    title: "the namespace of a parent name is another namespace",
    app: ({ nsp, of }) => {
      for (const one of [nsp, of("r")]) {
        one.on("connection", (socket) => {
          void socket.join("r#r");
          socket.on("say", () => one.to("r#r").emit("said", one.name));
          socket.on("end", () => socket.emit("end"));
        });
      }
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const b = await client("b", { nsp: "r", beside: a }).connects();
      a.tell("say");
      await a.hears("said");
      b.tell("end");
      await b.hears("end");
    },
  },
];
