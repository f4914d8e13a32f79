import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

export const acks: readonly Scenario[] = [
  {
    title: "an acknowledgement carries any arguments",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("back", (...args: unknown[]) => {
          const ack = args.pop() as Ack;
          ack(...args);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("back");
      await a.ask("back", null);
      await a.ask("back", 1, "two", { three: [3] }, undefined, "🙂");
    },
  },
  {
    title: "only the first call of an acknowledgement counts",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("twice", (ack: Ack) => {
          ack("first");
          ack("second");
          socket.emit("after");
        });
      });
    },
    script: async ({ wire, nsp }) => {
      const a = await wire("a");
      a.send(`40${nsp},`);
      await a.frame(`40${nsp},`);
      a.send(`42${nsp},7["twice"]`);
      await a.frame(`42${nsp},["after"]`);
    },
  },
  {
    title: "an acknowledgement may come late, and others overtake it",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("slow", async (ack: Ack) => {
          while (((await nsp.in(socket.id).fetchSockets())[0]?.rooms.size ?? 0) < 2) {
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          ack("slow");
        });
        socket.on("fast", async (ack: Ack) => {
          ack("fast");
          await socket.join("overtaken");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await Promise.all([a.ask("slow"), a.ask("fast")]);
    },
  },
  {
    title: "an acknowledgement from a callback after the handler returned",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("later", (word: string, ack: Ack) => {
          setTimeout(() => ack(word, "later"), 30);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("later", "x");
    },
  },
  {
    title: "every listener gets the acknowledgement, the first to call wins",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.onAny((_event: string, ...args: unknown[]) => {
          if (typeof args.at(-1) === "function") socket.emit("any sees a function", args.length);
        });
        socket.on("race", (ack: Ack) => ack("one"));
        socket.on("race", (ack: Ack) => {
          ack("two");
          socket.emit("raced");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await Promise.all([a.ask("race"), a.hears("raced")]);
    },
  },
  {
    title: "events without acknowledgement have no function",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("plain", (...args: unknown[]) =>
          socket.emit(
            "types",
            args.map((arg) => typeof arg),
          ),
        );
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("plain", 1, "x");
      await a.hears("types");
      a.tell("plain");
      await a.hears("types");
    },
  },
  {
    title: "what a handler emits before its acknowledgement arrives before it",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("go", (ack: Ack) => {
          socket.emit("before");
          nsp.to(socket.id).emit("before too");
          ack("now");
          socket.emit("after");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await Promise.all([a.ask("go"), a.hears("after")]);
    },
  },
  {
    title: "many acknowledgements under way at once find their senders",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("square", (n: number, ack: Ack) => ack(n, n * n));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const b = await client("b").connects();
      await Promise.all([3, 4, 5, 6].flatMap((n) => [a.ask("square", n), b.ask("square", -n)]));
    },
  },
];
