import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

export const binary: readonly Scenario[] = [
  {
    title: "bytes travel to the server and back",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("echo", (...args: unknown[]) => socket.emit("echoed", ...args));
      });
    },
    script: async ({ client }) => {
      const a = await client("a", { forceBase64: true }).connects();
      a.tell("echo", bytes(1, 2, 3));
      await a.hears("echoed");
      a.tell("echo", { deep: [bytes(), { er: bytes(255, 0) }], text: "t" }, bytes(9), "last");
      await a.hears("echoed");
      a.tell("echo", new Uint8Array([7, 8, 9]).subarray(1), new Uint8Array([5]).buffer);
      await a.hears("echoed");
    },
  },
  {
    title: "bytes are Buffers in handlers",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("what", (value: unknown, ack: Ack) => {
          ack(Buffer.isBuffer(value), Buffer.isBuffer(value) ? value.toString("hex") : null);
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a", { forceBase64: true }).connects();
      await a.ask("what", bytes(202, 254));
      await a.ask("what", "text");
    },
  },
  {
    title: "acknowledgements carry bytes both ways",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("reverse", (value: Buffer, ack: Ack) => ack(Buffer.from(value).reverse(), "text"));
        socket.on("make", (length: number, ack: Ack) => ack({ made: Buffer.alloc(length, 1) }));
      });
    },
    script: async ({ client }) => {
      const a = await client("a", { forceBase64: true }).connects();
      await a.ask("reverse", bytes(1, 2, 3));
      const plain = await client("plain").connects();
      await plain.ask("make", 4);
    },
  },
  {
    title: "bytes are broadcast to clients with and without base64",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        void socket.join("b");
        socket.on("share", (value: Buffer) => nsp.to("b").emit("shared", { value, n: 1 }, value));
      });
    },
    script: async ({ client }) => {
      const plain = await client("plain").connects();
      const a = await client("a", { forceBase64: true }).connects();
      a.tell("share", bytes(1, 0, 255));
      await Promise.all([a.hears("shared"), plain.hears("shared")]);
    },
  },
  {
    title: "text and bytes keep their order",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("one", (value: unknown) => socket.emit("one", value));
        socket.on("burst", () => {
          for (let n = 0; n < 4; n++) socket.emit("item", n % 2 === 0 ? n : Buffer.from([n]));
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a", { forceBase64: true }).connects();
      a.tell("one", "a").tell("one", bytes(1)).tell("one", "b").tell("one", bytes(2)).tell("burst");
      for (let n = 0; n < 4; n++) await a.hears("item");
    },
  },
  {
    title: "ten attachments in one packet",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("many", (values: Buffer[]) => socket.emit("many", values.toReversed()));
      });
    },
    script: async ({ client }) => {
      const a = await client("a", { forceBase64: true }).connects();
      a.tell(
        "many",
        Array.from({ length: 10 }, (_, n) => bytes(n, n)),
      );
      await a.hears("many");
    },
  },
  {
    title: "bytes on the wire are text for a client that asks for base64",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("bin", (value: Buffer, ack: Ack) => {
          socket.emit("out", value, { and: Buffer.from("x") });
          ack(value);
        });
      });
    },
    script: async ({ wire, nsp }) => {
      const a = await wire("a");
      a.send(`40${nsp},`);
      await a.frame(`40${nsp},`);
      a.send(`451-${nsp},3["bin",{"_placeholder":true,"num":0}]`, "bAQID");
      for (let n = 0; n < 3; n++) await a.frame("b");
    },
  },
];
