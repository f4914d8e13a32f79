import { runInNewContext } from "node:vm";
import type { Scenario } from "../scenario.ts";

class Refusal extends Error {
  readonly data: unknown;
  constructor(message: string, data: unknown) {
    super(message);
    this.data = data;
  }
}

export const connecting: readonly Scenario[] = [
  {
    title: "a client learns its id, which the server knows it by",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.emit("you are", socket.id, socket.connected, socket.recovered, socket.nsp.name, [
          ...socket.rooms,
        ]);
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.hears("you are");
    },
  },
  {
    title: "auth reaches the handshake, as an object or from a function",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => socket.emit("auth", socket.handshake.auth));
    },
    script: async ({ client }) => {
      await client("none").hears("auth");
      await client("object", { auth: { token: "t", deep: { list: [1, null, true] } } }).hears("auth");
      await client("function", { auth: (give: (auth: object) => void) => give({ late: "é" }) }).hears("auth");
    },
  },
  {
    title: "the handshake tells query, headers and address",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        const { query, headers, address, xdomain, issued, time } = socket.handshake;
        socket.emit(
          "handshake",
          query["colour"],
          query["EIO"],
          query["transport"],
          headers["x-shade"],
          address,
        );
        socket.emit("more", xdomain, typeof issued, typeof time, headers["x-absent"]);
      });
    },
    script: async ({ client }) => {
      const a = client("a", { query: { colour: "dark blue & more" }, extraHeaders: { "X-Shade": "navy" } });
      await a.hears("more");
    },
  },
  {
    title: "the handshake of a client stays the same in its handlers",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("ask", (ack: (...args: unknown[]) => void) => {
          const { auth, query, headers } = socket.handshake;
          ack(auth, query["colour"], headers["x-shade"]);
        });
      });
    },
    script: async ({ client }) => {
      const options = { query: { colour: "red" }, extraHeaders: { "x-shade": "brick" }, auth: { who: "a" } };
      const a = await client("a", options).connects();
      await a.ask("ask");
      await a.ask("ask");
    },
  },
  {
    title: "a middleware refuses with a message and data",
    app: ({ nsp }) => {
      nsp.use((socket, next) => {
        if (socket.handshake.auth["token"] === "right") next();
        else next(new Refusal("not authorized", { code: "E1", retry: [1, 2] }));
      });
      nsp.on("connection", (socket) => socket.emit("welcome"));
    },
    script: async ({ client }) => {
      const a = client("a", { auth: { token: "wrong" } });
      await a.isRefused();
      a.socket.auth = { token: "right" };
      a.socket.connect();
      await a.hears("welcome");
    },
  },
  {
    title: "whatever is given to next refuses, with the message and the data that it has",
    app: ({ nsp }) => {
      const refusals: readonly unknown[] = [
        { message: "a plain object", data: { code: 1 } },
        { data: [1, 2] },
        { message: 7, data: null },
        "a text",
        true,
        Object.assign(new Error("an error"), { data: "text" }),
        runInNewContext('Object.assign(new Error("of another realm"), { data: 2 })'),
        new (class {
          get message() {
            return "a getter";
          }
        })(),
      ];
      nsp.use((socket, next) => next(refusals[Number(socket.handshake.auth["which"])] as Error));
    },
    script: async ({ client, wire, nsp }) => {
      const a = client("a", { auth: { which: 0 } });
      await a.isRefused();
      for (let which = 1; which < 8; which += 1) {
        a.socket.auth = { which };
        a.socket.connect();
        await a.isRefused();
      }
      // Frame by frame: what a client makes of no message is its own affair.
      const raw = await wire("raw");
      for (let which = 0; which < 8; which += 1) raw.send(`40${nsp},{"which":${which}}`);
      for (let which = 0; which < 8; which += 1) await raw.frame(`44${nsp},`);
    },
  },
  {
    title: "a middleware refuses without data, and the others are not asked",
    app: ({ nsp, of }) => {
      nsp.use((_, next) => next(new Error("no")));
      nsp.use((socket, next) => {
        socket.emit("never");
        next();
      });
      of("other").on("connection", (socket) => socket.emit("alive"));
    },
    script: async ({ client }) => {
      const a = client("a");
      await a.isRefused();
      await client("b", { nsp: "other", beside: a }).hears("alive");
    },
  },
  {
    title: "middlewares run in order, may wait, and share data with the handlers",
    app: ({ nsp }) => {
      nsp.use((socket, next) => {
        socket.data.trail = ["first"];
        setImmediate(() => {
          socket.data.trail = [...(socket.data.trail as string[]), "later"];
          next();
        });
      });
      nsp.use((socket, next) => {
        void Promise.resolve().then(() => {
          socket.data.trail = [...(socket.data.trail as string[]), "second"];
          next();
        });
      });
      nsp.on("connection", (socket) => {
        socket.emit("trail", socket.data.trail);
        socket.on("again", (ack: (trail: unknown) => void) => ack(socket.data.trail));
      });
    },
    script: async ({ client }) => {
      const a = client("a");
      await a.hears("trail");
      await a.ask("again");
    },
  },
  {
    title: "what a middleware emits arrives, and its joins hold once it accepts",
    app: ({ nsp }) => {
      nsp.use((socket, next) => {
        socket.emit("from middleware", socket.connected);
        void socket.join("early");
        next();
      });
      nsp.on("connection", (socket) => {
        socket.on("call", () =>
          nsp.to("early").emit("called", socket.rooms.has(socket.id), socket.rooms.size),
        );
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.hears("from middleware");
      a.tell("call");
      await a.hears("called");
    },
  },
  {
    title: "rooms joined before a refusal are dropped",
    app: ({ nsp }) => {
      nsp.use((socket, next) => {
        void socket.join("club");
        next(socket.handshake.auth["member"] === true ? undefined : new Error("members only"));
      });
      nsp.on("connection", (socket) => {
        socket.on("count", async (ack: (count: number) => void) =>
          ack((await nsp.in("club").fetchSockets()).length),
        );
      });
    },
    script: async ({ client }) => {
      await client("stranger").isRefused();
      const member = await client("member", { auth: { member: true } }).connects();
      await member.ask("count");
    },
  },
  {
    title: "an unknown namespace is refused and the connection lives",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => socket.on("ping me", () => socket.emit("pinged")));
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const nowhere = client("nowhere", { nsp: "no/such", beside: a });
      await nowhere.isRefused();
      a.tell("ping me");
      await a.hears("pinged");
    },
  },
  {
    title: "namespaces share a connection and nothing else",
    app: ({ of }) => {
      for (const suffix of ["one", "two"]) {
        const nsp = of(suffix);
        nsp.on("connection", (socket) => {
          void socket.join("room");
          socket.emit("here", socket.nsp.name, socket.id);
          socket.on("shout", (word: string) => nsp.to("room").emit("shouted", suffix, word));
          socket.on("mark", () => socket.emit("marked"));
        });
      }
    },
    script: async ({ client }) => {
      const one = client("one", { nsp: "one" });
      await one.hears("here");
      const two = client("two", { nsp: "two", beside: one });
      await two.hears("here");
      one.tell("shout", "a");
      await one.hears("shouted");
      two.tell("mark");
      await two.hears("marked");
    },
  },
  {
    title: "connect is another name for connection, and listeners run in order",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => socket.emit("first"));
      nsp.on("connect", (socket) => socket.emit("elsewhere"));
      nsp.on("connection", (socket) => {
        socket.emit("second");
        socket.on("end", () => socket.emit("ended"));
      });
      nsp.on("connection", (socket) => void socket.on("end", () => socket.emit("ended too")));
    },
    script: async ({ client }) => {
      const a = client("a");
      await a.hears("second");
      a.tell("end");
      await a.hears("ended too");
    },
  },
  {
    title: "the main namespace serves beside the others",
    app: ({ io, name, nsp }) => {
      io.on("connection", (socket) => {
        if (socket.handshake.auth["app"] !== name) return;
        socket.emit("main", socket.nsp.name);
        void socket.join(name);
        socket.on("to all", (word: string) => io.to(name).emit("all", word, io.sockets.name));
        socket.on("to side", (word: string) => nsp.emit("side", word));
      });
      nsp.on("connection", (socket) => socket.emit("ready"));
    },
    script: async ({ client, nsp }) => {
      const main = client("main", { nsp: "/", auth: { app: nsp } });
      await main.hears("main");
      const side = client("side", { beside: main });
      await side.hears("ready");
      main.tell("to side", "x").tell("to all", "y");
      await Promise.all([side.hears("side"), main.hears("all")]);
    },
  },
];
