import { setImmediate } from "node:timers/promises";
import type { Participant } from "../participant.ts";
import type { Scenario, Stage } from "../scenario.ts";

type Ack = (...args: unknown[]) => void;

/** What apps join by mistake or on purpose: ids that are numbers, and what was not there. */
const values: readonly unknown[] = [
  5,
  "5",
  0,
  -0,
  1.5,
  NaN,
  10n,
  true,
  "true",
  null,
  undefined,
  "",
  "=5",
  "half \ud83d",
];
const show = (value: unknown): string => (Object.is(value, -0) ? "-0" : `${typeof value} ${String(value)}`);
/** As a program without types would. */
const any = (value: unknown): string => value as string;

const joiner: Scenario["app"] = ({ nsp }) => {
  nsp.on("connection", (socket) => {
    socket.on("join", (index: number, ack: Ack) => {
      void socket.join(any(values[index]));
      ack();
    });
    socket.on("leave", (index: number) => void socket.leave(any(values[index])));
    socket.on("rooms", (ack: Ack) => ack([...socket.rooms].filter((room) => room !== socket.id).map(show)));
    socket.on("call", () => {
      for (const value of values) nsp.to(any(value)).emit("called", show(value));
      nsp.emit("end");
    });
    socket.on("call all but", (index: number) => {
      nsp.except(any(values[index])).emit("called", "all but", show(values[index]));
      nsp.emit("end");
    });
    socket.on("move", async (ack: Ack) => {
      nsp.in(any(5)).socketsJoin(any(6));
      nsp.in(any(6)).socketsLeave(any(5));
      const found = await nsp.in(any(6)).fetchSockets();
      for (const remote of found) remote.join(any([7, null]));
      for (const remote of found) remote.leave(any(null));
      ack(
        found.length,
        (await nsp.in(any(7)).fetchSockets()).map(({ rooms }) => [...rooms].slice(1).map(show)),
      );
    });
  });
};

/** When two things happen within a millisecond, nobody can say which was first. */
async function tick(): Promise<void> {
  const now = Date.now();
  while (Date.now() <= now + 1) await setImmediate();
}

const arrival = (host: Parameters<Scenario["app"]>[0]["nsp"]): void => {
  host.use((socket, next) => {
    void socket.join((socket.handshake.auth["before"] ?? []) as string[]);
    next();
  });
  host.on("connection", (socket) => {
    socket.data = { name: socket.handshake.auth["name"] as string };
    const named = (rooms: Iterable<string>) => [...rooms].map((room) => (room === socket.id ? "own" : room));
    socket.on("join", (rooms: string[], ack: Ack) => {
      for (const room of rooms) void socket.join(room);
      ack(named(socket.rooms));
    });
    socket.on("join at once", async (rooms: string[], ack: Ack) => {
      await socket.join(rooms);
      ack(named(socket.rooms));
    });
    socket.on("leave", async (room: string, ack: Ack) => {
      await socket.leave(room);
      ack(named(socket.rooms));
    });
    socket.on("rooms", async (ack: Ack) => {
      const [me] = await host.in(socket.id).fetchSockets();
      ack(named(socket.rooms), named(me?.rooms ?? []));
    });
    socket.on("who", async (rooms: string[], ack: Ack) => {
      const found = await (rooms.length === 0 ? host : host.in(rooms)).fetchSockets();
      ack(found.map(({ data }) => (data as { name: string }).name));
    });
  });
};

async function gather(
  { client }: Stage,
  names: readonly string[],
  auth: object = {},
): Promise<Participant[]> {
  const people: Participant[] = [];
  for (const name of names) {
    const one = client(name, { auth: { name, ...auth } });
    await one.ask("rooms");
    people.push(one);
    await tick();
  }
  return people;
}

export const roomValues: readonly Scenario[] = [
  {
    title: "rooms may be any plain value, and a number is another one than its text",
    app: joiner,
    script: async ({ client }) => {
      const one = client("one");
      for (const index of values.keys()) {
        await one.ask("join", index);
        await tick();
      }
      await one.ask("rooms");
      one.tell("call");
      await one.hears("end");
      one.tell("leave", 0).tell("leave", 8).tell("leave", 10);
      await one.ask("rooms");
      one.tell("call");
      await one.hears("end");
    },
  },
  {
    title: "rooms that are not there reach nobody, and leave nobody out",
    app: joiner,
    script: async ({ client }) => {
      const one = client("one");
      one.tell("call");
      await one.hears("end");
      for (const index of values.keys()) {
        one.tell("call all but", index);
        await one.hears("end");
      }
    },
  },
  {
    title: "members of a number are moved to another, and tell where they are",
    app: joiner,
    script: async ({ client }) => {
      const [one, other] = [client("one"), client("other")];
      await one.ask("join", 0);
      await other.ask("join", 1);
      await one.ask("move");
      await one.ask("rooms");
      await other.ask("rooms");
    },
  },
  {
    title: "rooms come in the order of joining, in every later packet",
    app: ({ nsp }) => arrival(nsp),
    script: async ({ client }) => {
      const one = client("one", { auth: { before: ["z before", "a before"] } });
      await one.ask("join", ["z", "a", "m"]);
      await one.ask("join at once", ["y", "b", "z", "c"]);
      await one.ask("rooms");
      await one.ask("leave", "a");
      await tick();
      await one.ask("join", ["a"]);
      await one.ask("rooms");
    },
  },
  {
    title: "sockets come in the order of connecting, so the first has been there longest",
    app: ({ nsp }) => arrival(nsp),
    script: async (stage) => {
      const people = await gather(stage, ["ann", "bob", "cy", "dee", "eve", "fay"]);
      await people[3]!.ask("who", []);
      await people[0]!.ask("who", []);
    },
  },
  {
    title: "members of a room come in the order of joining it, those of several room by room",
    app: ({ nsp }) => arrival(nsp),
    script: async (stage) => {
      const people = await gather(stage, ["ann", "bob", "cy", "dee", "eve"]);
      const joins: [number, string][] = [
        [4, "game"],
        [1, "game"],
        [3, "hall"],
        [0, "game"],
        [4, "hall"],
        [2, "hall"],
      ];
      for (const [index, room] of joins) {
        await people[index]!.ask("join", [room]);
        await tick();
      }
      for (const rooms of [["game"], ["hall"], ["game", "hall"], ["hall", "game"]]) {
        await people[0]!.ask("who", rooms);
      }
      await people[4]!.ask("leave", "game");
      await tick();
      await people[4]!.ask("join", ["game"]);
      await people[0]!.ask("who", ["game"]);
    },
  },
];
