import type { Scenario } from "../scenario.ts";

/** Handlers that register and remove handlers. */
export const registration: readonly Scenario[] = [
  {
    title: "a handler registers another one, with what its event brought",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("login", (name: string, ack: (answer: string) => void) => {
          socket.on("move", (to: number) => socket.emit("moved", name, to));
          ack(`hello ${name}`);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("move", 0);
      await a.ask("login", "ann");
      for (let n = 1; n <= 3; n++) a.tell("move", n);
      for (let n = 1; n <= 3; n++) await a.hears("moved");
    },
  },
  {
    title: "each run of such a handler registers one more",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("subscribe", (topic: string) => {
          socket.on("publish", (what: string) => socket.emit("published", topic, what));
        });
        socket.on("count", (ack: (count: number) => void) => ack(socket.listenerCount("publish")));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      for (const topic of ["x", "y", "z"]) a.tell("subscribe", topic);
      a.tell("publish", "news");
      for (let n = 0; n < 3; n++) await a.hears("published");
      await a.ask("count");
    },
  },
  {
    title: "a handler that a handler registered registers a third",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("one", (a: number) => {
          socket.on("two", (b: number) => {
            socket.on("three", (c: number) => socket.emit("sum", a + b + c));
          });
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("three", 0).tell("one", 1).tell("three", 0).tell("two", 20).tell("three", 300);
      await a.hears("sum");
      a.tell("three", 400);
      await a.hears("sum");
    },
  },
  {
    title: "a handler that removes itself runs once",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        const first = () => {
          socket.emit("first");
          socket.off("go", first);
        };
        socket.on("go", first);
        socket.on("go", () => socket.emit("every time"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      for (let n = 0; n < 3; n++) a.tell("go");
      for (let n = 0; n < 3; n++) await a.hears("every time");
    },
  },
  {
    title: "once in a handler is heard once, whenever that is",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("arm", (n: number) => {
          socket.once("fire", () => socket.emit("fired", n));
        });
        socket.on("fire", () => socket.emit("noticed"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("fire").tell("arm", 1).tell("fire").tell("fire").tell("arm", 2).tell("fire").tell("fire");
      for (let n = 0; n < 5; n++) await a.hears("noticed");
    },
  },
  {
    title: "once that registers handlers does so once",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.once("login", (name: string) => {
          socket.on("who", (ack: (name: string) => void) => ack(name));
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("login", "ann").tell("login", "bob");
      await a.ask("who");
      await a.ask("who");
    },
  },
  {
    title: "removeAllListeners in a handler leaves a socket that hears nothing of it any more",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("talk", () => socket.emit("heard"));
        socket.on("mute", () => socket.removeAllListeners("talk"));
        socket.on("unmute", () => {
          socket.on("talk", () => socket.emit("heard again"));
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("talk").tell("mute").tell("talk").tell("unmute").tell("talk");
      await a.hears("heard again");
    },
  },
  {
    title: "prependListener in a handler comes before what there was",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("go", () => socket.emit("last"));
        socket.on("prepend", (n: number) => {
          socket.prependListener("go", () => socket.emit("first", n));
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("prepend", 1).tell("prepend", 2).tell("go");
      await a.hears("last");
      a.tell("go");
      await a.hears("last");
    },
  },
  {
    title: "a handler registered in a handler hears the end of its socket",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("watch", async (ack: () => void) => {
          await socket.join("watchers");
          ack();
        });
        socket.on("login", (name: string, ack: () => void) => {
          socket.on("disconnecting", (reason) => {
            nsp.to("watchers").emit("going", name, reason, socket.rooms.size);
          });
          socket.once("disconnect", (reason) => {
            nsp.to("watchers").emit("gone", name, reason, socket.rooms.size);
          });
          ack();
        });
      });
    },
    script: async ({ client }) => {
      const watcher = await client("watcher").connects();
      await watcher.ask("watch");
      const a = await client("a").connects();
      await a.ask("login", "ann");
      a.socket.disconnect();
      await watcher.hears("going");
      await watcher.hears("gone");
    },
  },
  {
    title: "a handler registers after an answer of its client",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("login", async () => {
          const name = (await socket.timeout(5_000).emitWithAck("who are you")) as string;
          socket.on("move", () => socket.emit("moved", name));
          socket.emit("welcome", name);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.socket.on("who are you", (ack: (name: string) => void) => ack("ann"));
      a.tell("login");
      await a.hears("welcome");
      a.tell("move");
      await a.hears("moved");
      a.tell("move");
      await a.hears("moved");
    },
  },
  {
    title: "the connection listener registers in the callback of a question to its client",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.emit("who are you", (name: string) => {
          socket.on("move", () => socket.emit("moved", name));
          socket.emit("welcome", name);
        });
      });
    },
    script: async ({ client }) => {
      const a = client("a");
      a.socket.on("who are you", (ack: (name: string) => void) => ack("ann"));
      await a.connects();
      await a.hears("welcome");
      a.tell("move");
      await a.hears("moved");
      a.tell("move");
      await a.hears("moved");
    },
  },
];
