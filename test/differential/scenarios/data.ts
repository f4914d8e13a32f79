import type { Scenario } from "../scenario.ts";

type Tell = (...values: unknown[]) => void;

/** What an app puts on a socket is there when the next packet comes. */
export const data: readonly Scenario[] = [
  {
    title: "what a middleware puts on the socket and its request reaches the handlers",
    app: ({ nsp }) => {
      nsp.use((socket, next) => {
        const { name } = socket.handshake.auth as { name?: string };
        Object.assign(socket, { user: { name } });
        Object.assign(socket.request, { user: { name, isRequest: true } });
        socket.data.name = name;
        next();
      });
      nsp.on("connection", (socket) => {
        const both = socket as unknown as { user: unknown; request: { user: unknown } };
        socket.on("who", (tell: Tell) => tell(both.user, both.request.user, socket.data));
      });
    },
    script: async ({ client }) => {
      const a = await client("a", { auth: { name: "ann" } }).connects();
      await a.ask("who");
      await a.ask("who");
    },
  },
  {
    title: "data is replaced, emptied and filled again",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("replace", (value: object, tell: Tell) => {
          socket.data = value;
          tell(socket.data);
        });
        socket.on("read", (tell: Tell) => tell(socket.data));
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      await a.ask("read");
      for (const value of [{ a: 1, b: { c: [null] } }, {}, { b: 2 }]) {
        await a.ask("replace", value);
        await a.ask("read");
      }
    },
  },
  {
    title: "two sockets of one client have data of their own",
    app: ({ nsp, of }) => {
      for (const each of [nsp, of("b")]) {
        each.on("connection", (socket) => {
          socket.on("set", (value: unknown, tell: Tell) => {
            socket.data.value = value;
            tell();
          });
          socket.on("get", (tell: Tell) => tell(each.name, socket.data.value ?? "nothing"));
        });
      }
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const b = await client("b", { nsp: "b", beside: a }).connects();
      await a.ask("set", 1);
      await b.ask("get");
      await b.ask("set", 2);
      await a.ask("get");
      await b.ask("get");
    },
  },
  {
    title: "data is there in disconnecting and disconnect",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("watch", async (tell: Tell) => {
          await socket.join("watchers");
          tell();
        });
        socket.on("set", (value: unknown, tell: Tell) => {
          socket.data.value = value;
          tell();
        });
        socket.on("disconnecting", () => nsp.to("watchers").emit("going", socket.data.value));
        socket.on("disconnect", () => nsp.to("watchers").emit("gone", socket.data.value));
      });
    },
    script: async ({ client }) => {
      const watcher = await client("watcher").connects();
      await watcher.ask("watch");
      const a = await client("a").connects();
      await a.ask("set", ["kept"]);
      a.socket.disconnect();
      await watcher.hears("going");
      await watcher.hears("gone");
    },
  },
];
