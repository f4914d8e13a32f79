import type { Scenario } from "../scenario.ts";

export const catchAll: readonly Scenario[] = [
  {
    title: "catch-all listeners get the acknowledgement as well, and one of them may call it",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.onAny((event: string, ...args: unknown[]) => {
          const ack = args.at(-1);
          if (typeof ack === "function") (ack as (...answer: unknown[]) => void)("any", event, args.length);
        });
        socket.on("go", (ack: (answer: string) => void) => ack("too late"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("go");
      await a.ask("nobody handles it", 1, 2);
    },
  },
  {
    title: "a catch-all listener that is taken off in a handler hears no later event",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        const first = (event: string) => socket.emit("first", event);
        socket.onAny(first);
        socket.onAny((event: string) => socket.emit("second", event));
        socket.on("stop first", (ack: () => void) => {
          socket.offAny(first);
          ack();
        });
        socket.on("stop all", (ack: () => void) => {
          socket.offAny();
          ack();
        });
        socket.on("done", (ack: (left: number) => void) => ack(socket.listenersAny().length));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      for (const event of ["done", "stop first", "done", "stop all", "done"]) await a.ask(event);
    },
  },
  {
    title: "a catch-all listener added in a handler hears the events after it",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("listen", (name: string, ack: () => void) => {
          ack();
          socket.onAny((event: string) => socket.emit("any", name, event));
          socket.prependAny((event: string) => socket.emit("prepended", name, event));
        });
        socket.on("done", (ack: () => void) => ack());
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("done");
      for (const name of ["one", "two"]) {
        await a.ask("listen", name);
        await a.ask("done");
      }
    },
  },
  {
    title: "listeners of outgoing events hear what is emitted, without acknowledgements",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.data.heard = [];
        const note =
          (who: string) =>
          (event: string, ...args: unknown[]) => {
            if (event === "heard") return;
            socket.data.heard = [...(socket.data.heard as unknown[]), [who, event, args]];
          };
        socket.onAnyOutgoing(note("second"));
        socket.prependAnyOutgoing(note("first"));
        socket.on("go", (ack: (answer: number) => void) => {
          socket.emit("out", 1, { two: 2 });
          socket.send("message");
          ack(socket.listenersAnyOutgoing().length);
        });
        socket.on("tell", () => socket.emit("heard", socket.data.heard));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("go");
      a.tell("tell");
      await a.hears("heard");
    },
  },
  {
    title: "listeners of outgoing events are taken off one by one and all at once",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.data.count = 0;
        const count = () => {
          socket.data.count = (socket.data.count as number) + 1;
        };
        socket.onAnyOutgoing(count);
        socket.onAnyOutgoing(() => count());
        socket.on("step", (ack: (count: unknown, listeners: number) => void) => {
          socket.emit("out");
          ack(socket.data.count, socket.listenersAnyOutgoing().length);
        });
        socket.on("off one", () => socket.offAnyOutgoing(count));
        socket.on("off all", () => socket.offAnyOutgoing());
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("step");
      a.tell("off one");
      await a.ask("step");
      a.tell("off all");
      await a.ask("step");
    },
  },
];
