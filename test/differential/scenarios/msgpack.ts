import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

/** For clients and servers with socket.io-msgpack-parser, where every packet is one message of bytes. */
export const msgpack: readonly Scenario[] = [
  {
    title: "msgpack carries values of all kinds there and back",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("echo", (...args: unknown[]) => socket.emit("echoed", ...args));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("echo", "žluťoučký 日本語 👩‍👩‍👧‍👦", "", null, undefined, true, false);
      await a.hears("echoed");
      a.tell("echo", 0, -1, 1.5, 2 ** 31, -(2 ** 40), 1e300, Number.MAX_SAFE_INTEGER);
      await a.hears("echoed");
      a.tell("echo", { deep: [{ er: [1, { nothing: undefined }] }] }, [], {});
      await a.hears("echoed");
      a.tell("echo");
      await a.hears("echoed");
    },
  },
  {
    title: "msgpack carries bytes in the packet itself",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("echo", (...args: unknown[]) => socket.emit("echoed", ...args));
        socket.on("what", (value: unknown, ack: Ack) => ack(Buffer.isBuffer(value), value));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("echo", bytes(1, 2, 3), { deep: [bytes(), { er: bytes(255, 0) }], text: "t" }, "last");
      await a.hears("echoed");
      a.tell("echo", new Uint8Array([7, 8, 9]).subarray(1), new Uint8Array([5]).buffer);
      await a.hears("echoed");
      await a.ask("what", Buffer.alloc(20_000, 7));
      a.tell("echo", ...Array.from({ length: 15 }, (_, n) => bytes(n)));
      await a.hears("echoed");
    },
  },
  {
    title: "msgpack acknowledgements come once, in any order",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("later", (first: string, ack: Ack) => setImmediate(() => ack(first, bytes(1))));
        socket.on("twice", (ack: Ack) => {
          ack("first");
          ack("second");
          socket.emit("after");
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("later", "x");
      await a.ask("twice");
      await a.hears("after");
    },
  },
  {
    title: "msgpack clients acknowledge what they are asked, with bytes",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("ask me", async (ack: Ack) => {
          const answer: unknown = await socket.timeout(5_000).emitWithAck("question", bytes(1));
          const [second]: unknown[] = await nsp.timeout(5_000).emitWithAck("question", bytes(2));
          ack(answer, second);
        });
        socket.on("ask me, callback", (ack: Ack) => {
          socket
            .timeout(5_000)
            .emit("question", bytes(3), (error: Error | null, answer: unknown) => ack(error, answer));
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.socket.on("question", (value: Buffer, ack: Ack) => ack({ got: value }));
      await a.ask("ask me");
      await a.ask("ask me, callback");
    },
  },
  {
    title: "msgpack packets reach rooms, with exceptions",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("join", async (room: string, ack: Ack) => {
          await socket.join(room);
          ack();
        });
        socket.on("tell", (room: string, but: string, value: unknown) =>
          nsp.to(room).except(but).emit("told", value),
        );
        socket.on("others", (value: unknown) => socket.broadcast.emit("heard", value));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const b = await client("b").connects();
      const c = await client("c").connects();
      for (const one of [a, b, c]) await one.ask("join", "all");
      await c.ask("join", "few");
      a.tell("tell", "all", "few", { value: bytes(1), n: 1 });
      await Promise.all([a.hears("told"), b.hears("told")]);
      a.tell("others", bytes(2));
      await Promise.all([b.hears("heard"), c.hears("heard")]);
    },
  },
  {
    title: "msgpack clients are refused with message and data",
    app: ({ nsp, of }) => {
      nsp.on("connection", () => undefined);
      const guarded = of("guarded");
      guarded.use((socket, next) => {
        const { token } = socket.handshake.auth as { token?: unknown };
        if (token === "right") return next();
        next(Object.assign(new Error("not you"), { data: { token, bytes: bytes(4) } }));
      });
      guarded.on("connection", (socket) => socket.emit("in", socket.handshake.auth));
    },
    script: async ({ client }) => {
      const wrong = client("wrong", { nsp: "guarded", auth: { token: "wrong" } });
      await wrong.isRefused();
      const right = await client("right", {
        nsp: "guarded",
        auth: { token: "right", n: { deep: [1] } },
      }).connects();
      await right.hears("in");
      await client("nowhere", { nsp: "nowhere" }).isRefused();
    },
  },
  {
    title: "msgpack namespaces share a connection, and are left one by one",
    app: ({ nsp, of }) => {
      nsp.on("connection", (socket) => {
        socket.on("ping", (ack: Ack) => ack("main"));
      });
      of("other").on("connection", (socket) => {
        socket.on("ping", (ack: Ack) => ack("other"));
        socket.on("leave", () => socket.disconnect());
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const b = await client("b", { nsp: "other", beside: a }).connects();
      await b.ask("ping");
      b.tell("leave");
      await b.isLost();
      await a.ask("ping");
    },
  },
  {
    title: "msgpack clients are disconnected by the server",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("bye", () => socket.disconnect(true));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("bye");
      await a.isLost();
    },
  },
  {
    title: "a client with the stock parser is not understood",
    app: ({ nsp }) => nsp.on("connection", (socket) => socket.emit("never")),
    script: async ({ wire, nsp }) => {
      const a = await wire("a");
      a.send(`40${nsp},`);
      await a.closed();
      const b = await wire("b");
      b.send("b" + bytes(0x93, 1, 2, 3).toString("base64"));
      await b.closed();
    },
  },
];
