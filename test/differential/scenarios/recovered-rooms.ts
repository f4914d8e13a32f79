import type { Participant } from "../participant.ts";
import type { Scenario, Stage } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

const WATCH = "watch";

/**
 * A watcher hears of every room but its own two. Clients say in `auth.rooms` which they join when they connect, and
 * join none when they were recovered.
 */
const hall: Scenario["app"] = ({ nsp }) => {
  for (const event of ["create-room", "join-room", "leave-room", "delete-room"]) {
    nsp.adapter.on(event, (room: string, ...who: string[]) => {
      if (room !== WATCH) nsp.to(WATCH).emit("told", event, room, ...who);
    });
  }
  nsp.use((socket, next) => {
    if (socket.handshake.auth["early"] === true) void socket.join("early");
    next();
  });
  nsp.on("connection", async (socket) => {
    const { watch, rooms } = socket.handshake.auth as { watch?: boolean; rooms?: string[] };
    if (watch === true) await socket.join(WATCH);
    if (rooms !== undefined && !socket.recovered) await socket.join(rooms);
    socket.emit("in", socket.recovered);
    socket.on("join", async (wanted: string[], ack: Ack) => {
      await socket.join(wanted);
      ack([...socket.rooms]);
    });
    socket.on("leave", async (room: string, ack: Ack) => {
      await socket.leave(room);
      ack([...socket.rooms]);
    });
    socket.on("rooms", (ack: Ack) => ack([...socket.rooms]));
    socket.on("put", async (from: string, wanted: string[], ack: Ack) => {
      nsp.in(from).socketsJoin(wanted);
      ack((await nsp.in(wanted).fetchSockets()).length);
    });
    socket.on("take", async (from: string, room: string, ack: Ack) => {
      nsp.in(from).socketsLeave(room);
      ack((await nsp.in(room).fetchSockets()).length);
    });
    socket.on("disconnecting", () => nsp.to(WATCH).emit("told", "disconnecting", [...socket.rooms]));
    socket.on("disconnect", () => nsp.to(WATCH).emit("told", "disconnect", [...socket.rooms]));
  });
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An event that was sent less than 100 ms before the last one a client shows may come a second time. */
const LOOKED_BACK_MS = 150;

/** Each step waits until its watcher was told as much as it says: 2 of a room that is made or emptied, 1 of another. */
interface Cast {
  enter(told: number, name: string, auth?: Readonly<Record<string, unknown>>): Promise<Participant>;
  /** Its connection breaks, of which both events are told, too. */
  lose(told: number, one: Participant): Promise<void>;
  /** It connects again, with what it shows to be recovered. */
  back(told: number, one: Participant): Promise<void>;
  ask(told: number, one: Participant, event: string, ...args: readonly unknown[]): Promise<void>;
  told(times: number): Promise<void>;
}

const gather =
  (script: (cast: Cast) => Promise<unknown>): Scenario["script"] =>
  async (stage: Stage) => {
    const watcher = stage.client("watcher", { auth: { watch: true } });
    await watcher.hears("in");
    const told = async (times: number) => {
      for (let heard = 0; heard < times; heard += 1) await watcher.hears("told");
    };
    await script({
      told,
      async enter(times, name, auth = {}) {
        const one = stage.client(name, { auth });
        await one.hears("in");
        await told(times);
        return one;
      },
      async lose(times, one) {
        one.socket.io.engine.close();
        await one.isLost();
        await told(times);
      },
      async back(times, one) {
        await pause(LOOKED_BACK_MS);
        one.socket.connect();
        await one.hears("in");
        await told(times);
      },
      async ask(times, one, event, ...args) {
        await one.ask(event, ...args);
        await told(times);
      },
    });
  };

/** What becomes of rooms when their members vanish and come back: which of the four events fire, and in which order. */
export const recoveredRooms: readonly Scenario[] = [
  {
    title: "rooms that are empty while their only client is away are made again by it",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(6, "a", { rooms: ["x", "y"] });
      await lose(8, a);
      await back(6, a);
      await ask(0, a, "rooms");
    }),
  },
  {
    title: "a room in which somebody has stayed is joined, and not made, by who comes back",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(6, "a", { rooms: ["x", "y"] });
      await enter(5, "b", { rooms: ["y", "z"] });
      await lose(7, a);
      await back(5, a);
      await ask(0, a, "rooms");
    }),
  },
  {
    title: "two clients of a room go one by one, and come back in the same order",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(4, "a", { rooms: ["x"] });
      const b = await enter(3, "b", { rooms: ["x"] });
      await lose(5, a);
      await lose(6, b);
      await back(4, a);
      await back(3, b);
      await ask(1, b, "leave", "x");
      await ask(2, a, "leave", "x");
    }),
  },
  {
    title: "somebody makes a room anew whose client is away, and leaves it when that is back",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(4, "a", { rooms: ["x"] });
      const b = await enter(2, "b");
      await lose(6, a);
      await ask(2, b, "join", ["x"]);
      await back(3, a);
      await ask(1, b, "leave", "x");
      await lose(6, a);
    }),
  },
  {
    title: "rooms of who is away are neither joined nor left from elsewhere",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(6, "a", { rooms: ["x", "y"] });
      const b = await enter(3, "b", { rooms: ["x"] });
      const { id } = a;
      await lose(7, a);
      await ask(2, b, "put", "x", ["z"]);
      await ask(2, b, "take", "x", "x");
      await ask(0, b, "take", id, "y");
      await back(6, a);
      await ask(0, a, "rooms");
    }),
  },
  {
    title: "who had left the own room, and comes back, is in it behind the others",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(6, "a", { rooms: ["x", "y"] });
      await ask(2, a, "leave", a.id);
      await lose(6, a);
      await back(6, a);
      await ask(0, a, "rooms");
      await lose(8, a);
    }),
  },
  {
    title: "rooms that were left and joined again come back in the order of the last joining",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(8, "a", { rooms: ["x", "y", "z"] });
      await ask(2, a, "leave", "x");
      await ask(4, a, "join", ["w", "x"]);
      await lose(12, a);
      await back(10, a);
      await ask(0, a, "rooms");
    }),
  },
  {
    title: "what a middleware has joined comes back without it, before the own room",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(6, "a", { early: true, rooms: ["x"] });
      await lose(8, a);
      await back(6, a);
      await ask(0, a, "rooms");
      await lose(8, a);
    }),
  },
  {
    title: "who comes back twice makes the rooms twice",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(4, "a", { rooms: ["x"] });
      await lose(6, a);
      await back(4, a);
      await ask(2, a, "join", ["y"]);
      await lose(8, a);
      await back(6, a);
      await ask(0, a, "rooms");
    }),
  },
  {
    title: "who shows an offset that nobody knows is in no room but its own and those it joins",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(4, "a", { rooms: ["x"] });
      await ask(2, a, "join", ["y"]);
      await lose(8, a);
      (a.socket as unknown as { _lastOffset: string })._lastOffset = "unknown";
      await back(4, a);
      await ask(0, a, "rooms");
    }),
  },
  {
    title: "who has left is in no room but its own and those it joins",
    app: hall,
    script: gather(async ({ enter, back, ask, told }) => {
      const a = await enter(4, "a", { rooms: ["x"] });
      await ask(2, a, "join", ["y"]);
      a.socket.disconnect();
      await a.isLost();
      await told(8);
      await back(4, a);
      await ask(0, a, "rooms");
    }),
  },
];

/** Of servers that keep the state of who is away for `keptMs`. */
export const expiredRooms = (keptMs: number): readonly Scenario[] => [
  {
    title: "who was away for too long is in no room but its own and those it joins",
    app: hall,
    script: gather(async ({ enter, lose, back, ask }) => {
      const a = await enter(4, "a", { rooms: ["x"] });
      const b = await enter(3, "b", { rooms: ["x"] });
      await ask(2, a, "join", ["y"]);
      await lose(7, a);
      await lose(6, b);
      await pause(keptMs);
      await back(4, a);
      await ask(0, a, "rooms");
    }),
  },
];
