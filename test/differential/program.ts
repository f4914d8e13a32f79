import fc from "fast-check";
import type { Server, Socket } from "socket.io";
import { io as connect, type Socket as ClientSocket } from "socket.io-client";
import { within } from "../support/waiting.ts";

const rooms = ["red", "green", "blue", "grey"] as const;
const MOST_CLIENTS = 6;

/** A room, or a client by its number: its id is a room as well. */
type Place = (typeof rooms)[number] | number;

/** What the app does with one call. */
type Step =
  | { readonly do: "join" | "leave"; readonly rooms: readonly Place[] }
  | { readonly do: "emit"; readonly by: "self" | "namespace" | "others" }
  | {
      readonly do: "cast";
      readonly by: "socket" | "namespace";
      readonly to: readonly Place[];
      readonly except: readonly Place[];
    }
  | { readonly do: "move"; readonly from: Place; readonly to: Place; readonly how: "join" | "leave" }
  | { readonly do: "count"; readonly in: readonly Place[] };

/** A client has the app do some steps, in one handler and with no await between them, or is thrown out. */
interface Command {
  readonly who: number;
  readonly steps: readonly Step[] | "disconnect";
}

export interface Program {
  readonly clients: number;
  readonly namespaces: number;
  readonly commands: readonly Command[];
}

const place: fc.Arbitrary<Place> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...rooms) },
  { weight: 1, arbitrary: fc.nat({ max: MOST_CLIENTS - 1 }) },
);
const room: fc.Arbitrary<Place> = fc.constantFrom(...rooms);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("join" as const),
      rooms: fc.array(room, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), rooms: fc.tuple(room) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("emit" as const),
      by: fc.constantFrom("self", "namespace", "others"),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("cast" as const),
      by: fc.constantFrom("socket", "namespace"),
      to: fc.array(place, { maxLength: 3 }),
      except: fc.array(place, { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("move" as const),
      from: place,
      to: room,
      how: fc.constantFrom("join", "leave"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("count" as const), in: fc.array(place, { maxLength: 2 }) }),
  },
);

export const program: fc.Arbitrary<Program> = fc.record({
  clients: fc.integer({ min: 4, max: MOST_CLIENTS }),
  namespaces: fc.integer({ min: 1, max: 2 }),
  commands: fc.array(
    fc.record({
      who: fc.nat({ max: MOST_CLIENTS - 1 }),
      steps: fc.oneof(
        { weight: 12, arbitrary: fc.array(step, { minLength: 1, maxLength: 4 }) },
        { weight: 1, arbitrary: fc.constant("disconnect" as const) },
      ),
    }),
    { minLength: 8, maxLength: 16 },
  ),
});

/** The app that carries out programs. `ignoresExcept`: a server with a fault, for the test of the test. */
export function installInterpreter(io: Server, { ignoresExcept = false } = {}): void {
  io.of(/^\/program-/).on("connection", (socket) => {
    socket.on("steps", async (steps: readonly Step[], label: string, done: (counts: unknown[]) => void) => {
      const counts: unknown[] = [];
      for (const [index, each] of steps.entries()) {
        const count = run(
          socket,
          ignoresExcept && each.do === "cast" ? { ...each, except: [] } : each,
          `${label}.${index}`,
        );
        if (count !== undefined) counts.push(await count);
      }
      done(counts);
    });
    socket.on("sync", (done: () => void) => done());
    socket.on("disconnect me", () => {
      socket.disconnect();
    });
  });
}

function run(socket: Socket, each: Step, label: string): Promise<string[]> | undefined {
  const { nsp } = socket;
  switch (each.do) {
    case "join":
      void socket.join(each.rooms as string[]);
      return undefined;
    case "leave":
      for (const one of each.rooms) void socket.leave(one as string);
      return undefined;
    case "emit":
      if (each.by === "self") socket.emit("heard", label);
      else (each.by === "namespace" ? nsp : socket.broadcast).emit("heard", label);
      return undefined;
    case "cast": {
      const { to, except } = each as { readonly to: readonly string[]; readonly except: readonly string[] };
      const start = each.by === "socket" ? socket.broadcast : nsp.to([]);
      // One by one and in other words, which must all be the same.
      const united = to.reduce(
        (cast, one, index) => (index % 2 === 0 ? cast.to(one) : cast.in([one])),
        start,
      );
      except.reduce((cast, one) => cast.except(one), united).emit("heard", label);
      return undefined;
    }
    case "move":
      if (each.how === "join") nsp.in(each.from as string).socketsJoin(each.to as string);
      else nsp.in(each.from as string).socketsLeave(each.to as string);
      return undefined;
    case "count":
      return nsp
        .in(each.in as string[])
        .fetchSockets()
        .then((sockets) => sockets.map(({ id }) => id));
    default:
      each satisfies never;
      return undefined;
  }
}

/** A server that programs are played against. */
export interface Player {
  readonly url: string;
  /** Resolves when all effects so far have been carried out. */
  settled(): Promise<void>;
}

/** What each client heard, in order, and what it was answered. `run`: part of the names of its namespaces. */
export async function playProgram(player: Player, { clients, namespaces, commands }: Program, run: string) {
  const heard: string[][] = Array.from({ length: clients }, () => []);
  const sockets: ClientSocket[] = heard.map((lines, index) =>
    connect(`${player.url}/program-${run}-${index % namespaces}`, {
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    })
      .on("heard", (label: string) => lines.push(label))
      .on("disconnect", (reason) => lines.push(reason)),
  );
  try {
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    await player.settled();
    // A client that has left keeps its id here, as a room that nobody is in.
    const ids = sockets.map((socket) => socket.id ?? "");
    const named = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (_, each: unknown) => {
        const index = ids.indexOf(String(each));
        return index === -1 ? each : `<${index}>`;
      });
    for (const [number, { who, steps }] of commands.entries()) {
      const socket = sockets[who];
      if (!socket?.connected) continue;
      if (steps === "disconnect") {
        const gone = once(socket, "disconnect");
        socket.emit("disconnect me");
        await gone;
      } else {
        const withIds = steps.map((each) => withPlaces(each, ids));
        const counts = (await within(
          socket.emitWithAck("steps", withIds, `${number}`),
          () => `expected command ${number} to be carried out by ${player.url}`,
        )) as string[][];
        heard[who]?.push(JSON.stringify(named(counts.map((each) => each.map((id) => named(id)).toSorted()))));
      }
      await player.settled();
    }
    // What was sent to a client before its answer, it has had before that.
    await Promise.all(
      sockets.filter(({ connected }) => connected).map((socket) => socket.emitWithAck("sync")),
    );
    return heard;
  } finally {
    for (const socket of sockets) socket.io._close();
  }
}

/** Clients by their ids. */
const withPlaces = (each: Step, ids: readonly string[]): unknown =>
  JSON.parse(
    JSON.stringify(each, (_, value: unknown) =>
      typeof value === "number" ? (ids[value] ?? "nobody") : value,
    ),
  );

const once = (socket: ClientSocket, event: "connect" | "disconnect"): Promise<void> =>
  within(
    new Promise((resolve) => socket.once(event, () => resolve())),
    () => `expected a client to see ${event}`,
  );
