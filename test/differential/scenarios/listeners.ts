import type { Scenario } from "../scenario.ts";

export const listeners: readonly Scenario[] = [
  {
    title: "once fires once",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.once("knock", (n: number) => socket.emit("opened", n));
        socket.on("knock", (n: number) => socket.emit("heard", n));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      for (let n = 1; n <= 3; n++) {
        a.tell("knock", n);
        await a.hears("heard");
      }
    },
  },
  {
    title: "any, middlewares and handlers run in their order",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.onAny((event: string, ...args: unknown[]) => socket.emit("any", event, args.length));
        socket.prependAny((event: string) => socket.emit("prepended", event));
        socket.use(([event], next) => {
          socket.emit("used", event);
          next();
        });
        socket.use(([event, ...args], next) => {
          socket.emit("used too", event, args.length);
          next();
        });
        socket.on("go", (...args: unknown[]) => socket.emit("handled", args.length));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("go", 1, 2);
      await a.hears("handled");
      a.tell("unheard");
      await a.hears("used too");
    },
  },
  {
    title: "a socket middleware may change, hold back and refuse events",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.use((packet, next) => {
          if (packet[0] === "secret") next(new Error("forbidden"));
          else setImmediate(next);
        });
        socket.use((packet, next) => {
          if (packet[0] === "double") packet[1] = (packet[1] as number) * 2;
          next();
        });
        socket.on("error", (error) => socket.emit("error seen", error.message));
        socket.on("secret", () => socket.emit("never"));
        socket.on("double", (n: number) => socket.emit("doubled", n));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("secret");
      await a.hears("error seen");
      a.tell("double", 21);
      await a.hears("doubled");
    },
  },
  {
    title: "listeners taken off in the connection listener stay off",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        const off = () => socket.emit("never");
        socket.on("go", off);
        socket.on("go", () => socket.emit("gone"));
        socket.off("go", off);
        socket.on("all", off);
        socket.removeAllListeners("all");
        socket.onAny(off);
        socket.offAny(off);
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("all").tell("go");
      await a.hears("gone");
    },
  },
  {
    title: "event names that mean something to JavaScript are only names",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "message", "data"]) {
          socket.on(name, (...args: unknown[]) => socket.emit(name, ...args));
        }
        socket.on("done", () => socket.emit("done"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "message", "data"]) {
        a.tell(name, 1);
        await a.hears(name);
      }
      a.tell("nobody listens").tell("done");
      await a.hears("done");
    },
  },
  {
    title: "an event named error from a client is an event",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("error", (...args: unknown[]) => socket.emit("got error", ...args));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("error", "x", 1);
      await a.hears("got error");
    },
  },
  {
    title: "reserved names are refused by emit on the server",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        const attempt = (name: string, emit: (name: string) => unknown) => {
          try {
            emit(name);
            socket.emit("emitted", name);
          } catch (error) {
            socket.emit("refused", name, error instanceof Error);
          }
        };
        socket.on("try", () => {
          for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener"]) {
            attempt(name, (event) => socket.emit(event));
            attempt(name, (event) => nsp.emit(event));
          }
          socket.emit("tried");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("try");
      await a.hears("tried");
    },
  },
];
