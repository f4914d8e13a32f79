import type { Scenario } from "../scenario.ts";

export const errorEvents: readonly Scenario[] = [
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
