import type { Participant } from "../participant.ts";
import type { Scenario, Stage } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

const WATCH = "watch";

/** A client that watches hears of every room but its own two; the others do with rooms what they say. */
const hall: Scenario["app"] = ({ nsp }) => {
  const tell =
    (event: string) =>
    (room: string, ...who: string[]): void => {
      if (room !== WATCH) nsp.to(WATCH).emit("told", event, room, ...who);
    };
  for (const event of ["create-room", "join-room", "leave-room", "delete-room"]) {
    nsp.adapter.on(event, tell(event));
  }
  nsp.use((socket, next) => {
    if (socket.handshake.auth["early"] === true) void socket.join("early");
    next();
  });
  nsp.on("connection", async (socket) => {
    if (socket.handshake.auth["watch"] === true) await socket.join(WATCH);
    socket.emit("in");
    socket.on("join", async (rooms: string[], ack: Ack) => {
      await socket.join(rooms);
      ack();
    });
    socket.on("leave", async (room: string, ack: Ack) => {
      await socket.leave(room);
      ack();
    });
    socket.on("leave all", async (ack: Ack) => {
      await (socket as unknown as { leaveAll(): unknown }).leaveAll();
      ack();
    });
    socket.on("put", async (from: string, rooms: string[], ack: Ack) => {
      nsp.in(from).socketsJoin(rooms);
      ack((await nsp.in(rooms).fetchSockets()).length);
    });
    socket.on("take", async (from: string, room: string, ack: Ack) => {
      nsp.in(from).socketsLeave(room);
      ack((await nsp.in(room).fetchSockets()).length);
    });
    socket.on("end", (close: boolean) => socket.disconnect(close));
    socket.on("kick", (room: string, close: boolean) => nsp.in(room).disconnectSockets(close));
    socket.on("disconnecting", () => nsp.to(WATCH).emit("told", "disconnecting", [...socket.rooms]));
    socket.on("disconnect", () => nsp.to(WATCH).emit("told", "disconnect", [...socket.rooms]));
  });
};

interface Cast {
  readonly watcher: Participant;
  enter(name: string): Promise<Participant>;
  /** Waits until as many things more were told. */
  told(times: number): Promise<void>;
}

const gather =
  (script: (cast: Cast, stage: Stage) => Promise<unknown>): Scenario["script"] =>
  async (stage) => {
    const watcher = stage.client("watcher", { auth: { watch: true } });
    await watcher.hears("in");
    const told = async (times: number) => {
      for (let heard = 0; heard < times; heard += 1) await watcher.hears("told");
    };
    const enter = async (name: string) => {
      const one = stage.client(name);
      await one.hears("in");
      await told(2);
      return one;
    };
    await script({ watcher, enter, told }, stage);
  };

export const roomEvents: readonly Scenario[] = [
  {
    title: "rooms tell when they are made, joined, left and gone",
    app: hall,
    script: gather(async ({ enter, told }) => {
      const a = await enter("a");
      const b = await enter("b");
      await a.ask("join", ["x", "y", "x"]);
      await told(4);
      await b.ask("join", ["x"]);
      await told(1);
      await b.ask("join", ["x"]);
      await a.ask("leave", "x");
      await a.ask("leave", "x");
      await a.ask("leave", "never joined");
      await told(1);
      await b.ask("leave", "x");
      await told(2);
      await b.ask("join", ["x"]);
      await told(2);
    }),
  },
  {
    title: "rooms tell of a socket that leaves them all, and of others in its own",
    app: hall,
    script: gather(async ({ enter, told }) => {
      const a = await enter("a");
      const b = await enter("b");
      await b.ask("join", [a.id, "x"]);
      await told(3);
      await a.ask("join", ["x"]);
      await told(1);
      await a.ask("leave all");
      await told(2);
      await b.ask("leave", a.id);
      await told(2);
      await a.ask("join", ["y", a.id]);
      await told(4);
      await a.ask("leave", a.id);
      await told(2);
      await a.ask("put", "y", [a.id]);
      await told(2);
      await b.ask("take", a.id, a.id);
      await told(2);
      a.tell("end", false);
      // The room y, and both events of the end.
      await told(4);
      await a.isLost();
    }),
  },
  {
    title: "rooms tell between the two events of a socket that ends, whichever way",
    app: hall,
    script: gather(async ({ enter, told }) => {
      for (const [name, end] of Object.entries(ends)) {
        const one = await enter(name);
        await one.ask("join", ["x", "y"]);
        await told(4);
        end(one);
        await told(8);
      }
    }),
  },
  {
    title: "rooms tell of sockets that are moved from elsewhere",
    app: hall,
    script: gather(async ({ enter, told }) => {
      const a = await enter("a");
      const b = await enter("b");
      await b.ask("join", ["x"]);
      await told(2);
      await a.ask("put", "x", ["y", "x", "z"]);
      await told(4);
      await a.ask("take", "y", "z");
      await told(2);
      await a.ask("take", b.id, b.id);
      await told(2);
      a.tell("kick", "x", false);
      await told(6);
      await b.isLost();
    }),
  },
  {
    title: "rooms tell of what a middleware has joined, before the own room",
    app: hall,
    script: gather(async ({ told }, { client }) => {
      const early = client("early", { auth: { early: true } });
      await early.hears("in");
      await told(4);
    }),
  },
];

const ends: Readonly<Record<string, (one: Participant) => unknown>> = {
  "leaves the namespace": (one) => one.socket.disconnect(),
  "hangs up": (one) => one.socket.io.engine.close(),
  "is disconnected": (one) => one.tell("end", false),
  "is closed": (one) => one.tell("end", true),
};
