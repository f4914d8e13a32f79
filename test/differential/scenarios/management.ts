import type { Participant } from "../participant.ts";
import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

const byName = (sockets: readonly { readonly data: unknown; readonly rooms: Set<string> }[]): unknown =>
  sockets
    .map(({ data, rooms }) => ({ data, rooms: rooms.size }))
    .toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));

/** Clients named and put into rooms by their auth, and a manager that acts on them. */
const manager: Scenario["app"] = ({ nsp }) => {
  nsp.on("connection", (socket) => {
    socket.data = { name: socket.handshake.auth["name"] as string };
    void socket.join((socket.handshake.auth["rooms"] ?? []) as string[]);
    socket.emit("in");
    socket.on("list", async (room: string | null, ack: Ack) => {
      ack(byName(room === null ? await nsp.fetchSockets() : await nsp.in(room).fetchSockets()));
    });
    socket.on("list others", async (ack: Ack) => ack(byName(await socket.broadcast.fetchSockets())));
    socket.on("rooms", (ack: Ack) => ack([...socket.rooms].filter((room) => room !== socket.id).toSorted()));
    socket.on("move", async (from: string, to: string, ack: Ack) => {
      nsp.in(from).socketsJoin([to, `${to} too`]);
      nsp.in(to).socketsLeave(from);
      ack();
    });
    socket.on("kick", (room: string, close: boolean) => nsp.in(room).disconnectSockets(close));
    socket.on("say", (room: string) => {
      nsp.to(room).emit("said", room);
      nsp.emit("end");
    });
    socket.on("each", async (room: string) => {
      for (const remote of await nsp.in(room).fetchSockets()) {
        remote.emit(
          "to you",
          (remote.data as { name: string }).name,
          remote.id,
          remote.handshake.auth["name"],
        );
        remote.join("chosen");
        remote.leave("left behind");
      }
      nsp.to("chosen").emit("chosen");
      nsp.to("left behind").emit("never");
      nsp.emit("end");
    });
    socket.on("drop", async (room: string) => {
      for (const remote of await nsp.in(room).fetchSockets()) remote.disconnect();
    });
  });
};

const arrive = async (
  client: (lane: string, options: object) => Participant,
  name: string,
  ...rooms: readonly string[]
): Promise<Participant> => {
  const one = client(name, { auth: { name, rooms } });
  await one.hears("in");
  return one;
};

export const management: readonly Scenario[] = [
  {
    title: "fetchSockets lists data and rooms",
    app: manager,
    script: async ({ client }) => {
      const a = await arrive(client, "a", "x");
      await arrive(client, "b", "x", "y");
      await arrive(client, "c");
      await a.ask("list", null);
      await a.ask("list", "x");
      await a.ask("list", "nobody");
      await a.ask("list others");
    },
  },
  {
    title: "socketsJoin and socketsLeave move sockets",
    app: manager,
    script: async ({ client }) => {
      const a = await arrive(client, "a");
      const b = await arrive(client, "b", "old");
      await a.ask("move", "old", "new");
      await b.ask("rooms");
      await a.ask("list", "new");
      await a.ask("list", "old");
      a.tell("say", "new");
      await Promise.all([a.hears("end"), b.hears("end")]);
    },
  },
  {
    title: "remote sockets are told, joined and left one by one",
    app: manager,
    script: async ({ client }) => {
      const a = await arrive(client, "a");
      const b = await arrive(client, "b", "r", "left behind");
      const c = await arrive(client, "c", "r", "left behind");
      a.tell("each", "r");
      await Promise.all([a, b, c].map((one) => one.hears("end")));
    },
  },
  {
    title: "disconnectSockets leaves the connection and its other namespaces",
    app: ({ nsp, of }) => {
      nsp.on("connection", (socket) => {
        void socket.join("victims");
        socket.emit("in");
      });
      of("boss").on("connection", (socket) => {
        socket.on("kick", () => nsp.in("victims").disconnectSockets());
        socket.on("ping me", (ack: Ack) => ack("alive"));
      });
    },
    script: async ({ client }) => {
      const a = client("a");
      await a.hears("in");
      const boss = await client("boss", { nsp: "boss", beside: a }).connects();
      boss.tell("kick");
      await a.isLost();
      await boss.ask("ping me");
    },
  },
  {
    title: "disconnectSockets with close ends the connection",
    app: manager,
    script: async ({ client }) => {
      const a = await arrive(client, "a");
      const b = await arrive(client, "b", "victims");
      const c = await arrive(client, "c", "victims");
      a.tell("kick", "victims", true);
      await Promise.all([b.isLost(), c.isLost()]);
      await a.ask("rooms");
    },
  },
  {
    title: "a remote socket is disconnected",
    app: manager,
    script: async ({ client }) => {
      const a = await arrive(client, "a");
      const b = await arrive(client, "b", "victims");
      a.tell("drop", "victims");
      await b.isLost();
      await a.ask("rooms");
    },
  },
  {
    title: "data of a fetched socket is what its handlers last wrote",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.emit("in");
        socket.on("write", (value: unknown, ack: Ack) => {
          socket.data.value = value;
          ack();
        });
        socket.on("read", async (id: string, ack: Ack) => {
          ack((await nsp.in(id).fetchSockets()).map((remote) => remote.data as unknown));
        });
      });
    },
    script: async ({ client }) => {
      const a = await client("a").connects();
      const b = await client("b").connects();
      await a.ask("read", b.id);
      await b.ask("write", { list: [1, "two"] });
      await a.ask("read", b.id);
    },
  },
];
