import type { Scenario } from "../scenario.ts";

const placeholder = '{"_placeholder":true,"num":7}';

/** What a client sends in the end, each after a packet that joins the namespace. */
const broken: readonly (readonly string[])[] = [
  ["4"],
  ["4abc"],
  ["49"],
  ["40[]"],
  ["41{}"],
  ["42["],
  ["42{}"],
  ["42[]"],
  ['42["disconnect"]'],
  ["43[1"],
  ["44[]"],
  ["45["],
  ['45-["x"]'],
  ['450-["x"]'],
  ['4511-["x"]'],
  ["bAQID"],
  ['451-["x"]', '42["y"]'],
  ['451-["x"]', "4"],
  [`451-["x",${placeholder}]`, "bAQ=="],
];

export const errorEvents: readonly Scenario[] = [
  {
    title: "an error event tells of a broken packet in the parser's words",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        const { step } = socket.handshake.auth;
        const tell = (event: string, ...args: unknown[]) => nsp.to("watchers").emit(event, step, ...args);
        socket.on("error", (error: Error) => tell("error of", error.name, error.message));
        socket.on("disconnect", (reason) => tell("gone", reason));
        socket.on("watch", async (ack: () => void) => {
          await socket.join("watchers");
          ack();
        });
      });
    },
    script: async ({ client, wire, nsp }) => {
      const watcher = await client("watcher").connects();
      await watcher.ask("watch");
      for (const [step, frames] of broken.entries()) {
        const breaker = await wire(`breaker ${step}`);
        breaker.send(`40${nsp},{"step":${step}}`);
        await breaker.frame(`40${nsp},`);
        for (const frame of frames) breaker.send(frame);
        await watcher.hears("error of");
        await watcher.hears("gone");
        await breaker.closed();
      }
    },
  },
  {
    title: "a packet that only servers send ends the connection without an error event",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("error", () => nsp.to("watchers").emit("never"));
        socket.on("disconnect", (reason) => nsp.to("watchers").emit("gone", reason));
        socket.on("watch", async (ack: () => void) => {
          await socket.join("watchers");
          ack();
        });
      });
    },
    script: async ({ client, wire, nsp }) => {
      const watcher = await client("watcher").connects();
      await watcher.ask("watch");
      for (const frame of ["44", '44{"message":"x"}', `44${nsp},{"message":"x"}`, '44"x"']) {
        const breaker = await wire(`breaker ${frame}`);
        breaker.send(`40${nsp},`);
        await breaker.frame(`40${nsp},`);
        breaker.send(frame);
        await watcher.hears("gone");
        await breaker.closed();
      }
    },
  },
  {
    title: "a broken packet is an error event on every socket of the connection",
    app: ({ nsp, of }) => {
      for (const each of [nsp, of("b")]) {
        each.on("connection", (socket) => {
          socket.on("error", (error: Error) => {
            nsp.to("watchers").emit("error of", each.name, error instanceof Error, socket.connected);
          });
        });
      }
      nsp.on("connection", (socket) => {
        socket.on("watch", async (ack: () => void) => {
          await socket.join("watchers");
          ack();
        });
        socket.on("disconnect", (reason) => nsp.to("watchers").emit("gone", reason));
      });
    },
    script: async ({ client, wire, nsp }) => {
      const watcher = await client("watcher").connects();
      await watcher.ask("watch");
      const breaker = await wire("breaker");
      for (const name of [nsp, `${nsp}/b`]) {
        breaker.send(`40${name},`);
        await breaker.frame(`40${name},`);
      }
      breaker.send("4abc");
      await watcher.hears("error of");
      await watcher.hears("error of");
      await watcher.hears("gone");
      await breaker.closed();
    },
  },
  {
    title: "a packet that nobody may send ends the connection without an error event",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("watch", async (ack: () => void) => {
          await socket.join("watchers");
          ack();
        });
        socket.on("error", () => nsp.to("watchers").emit("never"));
        socket.on("disconnect", (reason) => nsp.to("watchers").emit("gone", reason));
      });
    },
    script: async ({ client, wire, nsp }) => {
      const watcher = await client("watcher").connects();
      await watcher.ask("watch");
      const breaker = await wire("breaker");
      breaker.send(`40${nsp},`);
      await breaker.frame(`40${nsp},`);
      breaker.send('42/not-joined,["x"]');
      await watcher.hears("gone");
      await breaker.closed();
    },
  },
  {
    title: "an error event from a client has its arguments and its acknowledgement",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("error", ((code: number, ack: (answer: unknown) => void) => ack(["seen", code])) as never);
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("error", 7);
    },
  },
  {
    title: "an error event nobody listens to harms nobody",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.use(([event], next) => next(event === "refused" ? new Error("no") : undefined));
        socket.on("go", (ack: (answer: string) => void) => ack("still here"));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      a.tell("refused").tell("error", "x");
      await a.ask("go");
    },
  },
];
