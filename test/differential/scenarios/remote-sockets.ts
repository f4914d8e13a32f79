import type { Participant } from "../participant.ts";
import type { Scenario } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

/** Everybody is in the room of their name; `with` does something with the sockets in a room, found by fetchSockets. */
const finder: Scenario["app"] = ({ nsp }) => {
  nsp.on("connection", (socket) => {
    socket.data = { name: socket.handshake.auth["name"] as string };
    void socket.join(`${socket.handshake.auth["name"]}`);
    socket.on("ask", async (name: string, done: Ack) => {
      const [remote] = await nsp.in(name).fetchSockets();
      remote?.timeout(5_000).emit("question", "from afar", (...values: unknown[]) => done(...values));
    });
    socket.on("ask in vain", async (name: string, done: Ack) => {
      const [remote] = await nsp.in(name).fetchSockets();
      remote?.timeout(50).emit("question", "from afar", (error: Error) => done(error.message));
    });
    socket.on("ask plainly", async (name: string, done: Ack) => {
      const [remote] = await nsp.in(name).fetchSockets();
      remote?.emit("question", "from afar", (...values: unknown[]) => done(...values));
    });
    socket.on("ask all", async (done: Ack) => {
      const remotes = await nsp.fetchSockets();
      const asked = remotes.map(
        (remote) =>
          new Promise((resolve) => {
            remote
              .timeout(5_000)
              .emit("question", remote.data.name, (error: Error | null, value: unknown) =>
                resolve([remote.data.name, error, value]),
              );
          }),
      );
      done((await Promise.all(asked)).toSorted());
    });
    socket.on("describe", async (name: string, done: Ack) => {
      const remotes = await nsp.in(name).fetchSockets();
      done(
        remotes.map(({ id, rooms, data, handshake }) => ({
          id,
          rooms: [...rooms].toSorted((one, other) => one.length - other.length),
          data,
          auth: handshake.auth,
          secure: handshake.secure,
        })),
      );
    });
    socket.on("join", async (name: string, rooms: string | string[], done: Ack) => {
      for (const remote of await nsp.in(name).fetchSockets()) remote.join(rooms);
      nsp.to(rooms).emit("in", rooms);
      done();
    });
    socket.on("leave", async (name: string, room: string, done: Ack) => {
      for (const remote of await nsp.in(name).fetchSockets()) remote.leave(room);
      nsp.to(room).emit("never");
      done((await nsp.in(room).fetchSockets()).length);
    });
    socket.on("end", async (name: string, close: boolean) => {
      for (const remote of await nsp.in(name).fetchSockets()) remote.disconnect(close);
    });
    socket.on("still?", async (name: string, done: Ack) => done((await nsp.in(name).fetchSockets()).length));
  });
};

type Client = (lane: string, options: object) => Participant;

const enter = (client: Client, name: string, options: object = {}): Promise<Participant> =>
  client(name, { auth: { name }, ...options }).connects();

const answering = (one: Participant, ...values: readonly unknown[]): Participant => {
  one.socket.on("question", (_: unknown, ack: Ack) => ack(...values));
  return one;
};

export const remoteSockets: readonly Scenario[] = [
  {
    title: "a remote socket is asked with a timeout",
    app: finder,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      answering(await enter(client, "b"), "yes", "and more");
      await a.ask("ask", "b");
    },
  },
  {
    title: "a remote socket that is silent makes an error",
    app: finder,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      await enter(client, "b");
      await a.ask("ask in vain", "b");
    },
  },
  {
    title: "a remote socket is asked without a timeout",
    app: finder,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      answering(await enter(client, "b"), "yes", "and more");
      await a.ask("ask plainly", "b");
    },
  },
  {
    title: "a handler asks itself from afar",
    app: finder,
    script: async ({ client }) => {
      const a = answering(await enter(client, "a"), "myself");
      await a.ask("ask", "a");
    },
  },
  {
    title: "remote sockets are asked one by one",
    app: finder,
    script: async ({ client }) => {
      const a = answering(await enter(client, "a"), 1);
      answering(await enter(client, "b"), 2);
      answering(await enter(client, "c"), 3);
      await a.ask("ask all");
    },
  },
  {
    title: "a remote socket has id, rooms, data and handshake",
    app: finder,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      await enter(client, "b");
      await a.ask("describe", "b");
      await a.ask("describe", "nobody");
      await a.ask("describe", a.id);
    },
  },
  {
    title: "what a remote socket joins is addressed right after",
    app: finder,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const b = await enter(client, "b");
      await a.ask("join", "b", "one");
      await b.hears("in");
      await a.ask("join", "b", ["two", "three"]);
      await b.hears("in");
      await a.ask("still?", "three");
    },
  },
  {
    title: "what a remote socket leaves is not addressed any more",
    app: finder,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const b = await enter(client, "b");
      await a.ask("join", "b", "one");
      await b.hears("in");
      await a.ask("leave", "b", "one");
      await a.ask("describe", "b");
    },
  },
  {
    title: "a remote socket leaves its namespace and keeps its connection",
    app: finder,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const b = await enter(client, "b");
      a.tell("end", "b", false);
      await b.isLost();
      await a.ask("still?", "b");
    },
  },
  {
    title: "a remote socket is disconnected with its connection",
    app: finder,
    script: async ({ client }) => {
      const a = await enter(client, "a");
      const b = await enter(client, "b");
      a.tell("end", "b", true);
      await b.isLost();
      await a.ask("still?", "b");
    },
  },
];
