import type { Scenario } from "../scenario.ts";

export const eventMiddleware: readonly Scenario[] = [
  {
    title: "a socket middleware that waits holds its event back",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.use(([event], next) => {
          if (event === "slow") setTimeout(next, 50);
          else next();
        });
        socket.on("slow", (ack: (answer: string) => void) => ack("slow"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("slow");
    },
  },
  {
    title: "a socket middleware may answer in the handler's place",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.use((packet, next) => {
          const ack: unknown = packet.at(-1);
          if (packet[0] === "cached" && typeof ack === "function") ack("from the middleware");
          else next();
        });
        socket.on("cached", (ack: (answer: string) => void) => ack("never"));
        socket.on("fresh", (ack: (answer: string) => void) => ack("from the handler"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("cached");
      await a.ask("fresh");
    },
  },
  {
    title: "a socket middleware may rename events and add arguments",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.use((packet, next) => {
          if (packet[0] === "old name") packet.splice(0, 1, "new name", "added");
          next();
        });
        socket.on("old name", () => socket.emit("never"));
        socket.on("new name", (...args: unknown[]) => socket.emit("handled", ...args));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("old name", 1);
      await a.hears("handled");
    },
  },
  {
    title: "an error of a socket middleware carries what was put on it",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.use(([event], next) => {
          next(event === "refused" ? Object.assign(new Error("not you"), { data: { code: 7 } }) : undefined);
        });
        socket.on("error", (error: Error & { data?: unknown }) => {
          socket.emit("refused", error.message, error.data);
        });
        socket.on("refused", () => socket.emit("never"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("refused");
      await a.hears("refused");
    },
  },
  {
    title: "a socket middleware sees the acknowledgement and the data of its socket",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.data.count = 0;
        socket.use((packet, next) => {
          socket.data.count = (socket.data.count as number) + 1;
          socket.emit("used", packet.length, typeof packet.at(-1), socket.data.count);
          next();
        });
        socket.on("go", (ack: (count: unknown) => void) => ack(socket.data.count));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("go");
      await a.ask("go");
    },
  },
  {
    title: "a socket middleware added in a handler guards the events after it",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("guard", (word: string, ack: () => void) => {
          ack();
          socket.use(([, given], next) => next(given === word ? undefined : new Error("wrong word")));
        });
        socket.on("error", (error: Error) => socket.emit("refused", error.message));
        socket.on("enter", (word: string) => socket.emit("entered", word));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("enter", "anything");
      await a.hears("entered");
      await a.ask("guard", "sesame");
      a.tell("enter", "salt");
      await a.hears("refused");
      a.tell("enter", "sesame");
      await a.hears("entered");
    },
  },
];
