import type { Scenario } from "../scenario.ts";

const echo: Scenario["app"] = ({ nsp }) => {
  nsp.on("connection", (socket) => {
    socket.on("echo", (...args: unknown[]) => socket.emit("echoed", ...args));
    socket.on("done", () => socket.emit("done"));
  });
};

/** Sends each list of arguments and waits for the answer, so that the answers' order says nothing about lanes. */
const echoes =
  (...lists: readonly (readonly unknown[])[]): Scenario["script"] =>
  async ({ client }) => {
    const a = await client("a").connects();
    for (const args of lists) {
      a.tell("echo", ...args);
      await a.hears("echoed");
    }
  };

export const events: readonly Scenario[] = [
  {
    title: "every JSON type survives both ways",
    app: echo,
    script: echoes(
      [],
      [null],
      [true, false],
      [0, -1, 1.5, 1e21, -0, 2 ** 53],
      ["", "a", '"quoted"', "\\", "\n\t\u0000"],
      [[], {}, [[1], [2, [3]]]],
      [{ a: { b: { c: null } }, "": 1, "0": "zero" }],
      [undefined, Number.NaN, Number.POSITIVE_INFINITY],
      [new Date(0)],
      [{ gone: undefined, kept: 1 }],
    ),
  },
  {
    title: "text in any script survives",
    app: echo,
    script: echoes(
      ["žluťoučký kůň", "日本語", "שלום", "🙂👩‍👩‍👧‍👦"],
      ["\u2028\u2029", "\ud7ff\ue000", "\u001e record separator"],
      [{ clé: "naïve", "🔑": "🔒" }],
      ["b looks like binary", "2", "43[]", "451-[]"],
    ),
  },
  {
    title: "large payloads below the limits arrive whole",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("measure", (text: string, ack: (length: number) => void) => ack(text.length));
        socket.on("fill", (length: number) => socket.emit("filled", "0123456789".repeat(length / 10)));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("measure", "x".repeat(30_000));
      await a.ask("measure", "é".repeat(15_000));
      a.tell("fill", 120_000);
      await a.hears("filled");
    },
  },
  {
    title: "events of one client are handled in order",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.data.seen = [];
        socket.on("step", (step: number) => {
          socket.data.seen = [...(socket.data.seen as number[]), step];
        });
        socket.on("done", () => socket.emit("seen", socket.data.seen));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      for (let step = 0; step < 60; step++) a.tell("step", step);
      a.tell("done");
      await a.hears("seen");
    },
  },
  {
    title: "what one handler emits arrives in the order it was emitted, whatever the target",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        void socket.join("r");
        socket.on("mix", () => {
          socket.emit("1 direct");
          nsp.to("r").emit("2 room");
          socket.emit("3 direct");
          nsp.emit("4 everyone");
          nsp.to(socket.id).emit("5 own room");
          socket.broadcast.emit("not for the sender");
          nsp.in("r").emit("6 room");
          socket.emit("7 direct");
        });
      });
    },
    script: async ({ client }) => {
      const b = await client("b").connects();
      const a = await client("a").connects();
      a.tell("mix");
      await Promise.all([a.hears("7 direct"), b.hears("6 room")]);
    },
  },
  {
    title: "send and message are the same event",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("message", (...args: unknown[]) => {
          socket.send("you said", ...args);
          nsp.send("somebody said", ...args);
          socket.write("written");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.socket.send("hello", { n: 1 });
      for (let i = 0; i < 3; i++) await a.hears("message");
    },
  },
  {
    title: "emit answers true and operators chain",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("try", () => {
          const results = [
            socket.emit("1"),
            nsp.emit("2"),
            nsp.to("nobody").emit("3"),
            socket.broadcast.emit("4"),
            socket.compress(true).emit("5"),
            nsp.local.emit("6"),
            nsp.to("nobody").volatile.emit("7"),
          ];
          socket.emit("results", results, socket.send("8") === socket);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("try");
      await a.hears("results");
    },
  },
  {
    title: "data is kept from event to event",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.data.count = 0;
        socket.data.profile = { tags: ["new"], since: null };
        socket.on("count", (ack: (data: unknown) => void) => {
          socket.data.count = (socket.data.count as number) + 1;
          (socket.data.profile as { tags: string[] }).tags.push(`n${socket.data.count as number}`);
          ack(socket.data);
        });
        socket.on("forget", (ack: (data: unknown) => void) => {
          delete socket.data.profile;
          ack(Object.keys(socket.data as object));
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("count");
      await a.ask("count");
      await a.ask("forget");
      await a.ask("forget");
    },
  },
  {
    title: "handlers that wait do not hold up the ones behind them",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("slow", async () => {
          while (((await nsp.in(socket.id).fetchSockets())[0]?.rooms.size ?? 0) < 2) {
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          socket.emit("slow done");
        });
        socket.on("fast", async () => {
          socket.emit("fast done");
          await socket.join("free");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("slow").tell("fast");
      await a.hears("slow done");
    },
  },
];
