import type { Participant } from "../participant.ts";
import type { Scenario, Stage } from "../scenario.ts";

/** A hall in which everybody has a seat, a room of one's own by `auth.name`. */
const hall: Scenario["app"] = ({ nsp, of }) => {
  for (const ground of [nsp, of("side")]) {
    ground.use((socket, next) => {
      socket.data = {
        ...(socket.data as object),
        asked: ((socket.data as { asked?: number }).asked ?? 0) + 1,
      };
      next(socket.handshake.auth["banned"] === true ? new Error("banned") : undefined);
    });
    ground.on("connection", (socket) => {
      if (!socket.recovered) void socket.join(["hall", `seat of ${String(socket.handshake.auth["name"])}`]);
      socket.emit("ready");
      socket.on("say", (text: string) => ground.to("hall").emit("said", text));
      socket.on("whisper", (text: string) => socket.to("hall").volatile.emit("said", text));
      socket.on("others", (text: string) => socket.to("hall").emit("said", text));
      socket.on("union", (rooms: string[], text: string) => ground.to(rooms).emit("said", text));
      socket.on("all but", (rooms: string[], text: string) => ground.except(rooms).emit("said", text));
      socket.on("survey", (text: string) =>
        ground
          .to("hall")
          .timeout(50)
          .emit("said", text, () => undefined),
      );
      socket.on("bytes", () =>
        ground.to("hall").emit("said", Buffer.from([1, 2, 3]), { deep: Buffer.from([4]) }),
      );
      socket.on("mood", (mood: string) => (socket.data = { ...(socket.data as object), mood }));
      socket.on("who", (ack: (...what: unknown[]) => void) =>
        ack([...socket.rooms].filter((room) => room !== socket.id).sort(), socket.data),
      );
      socket.on("leave own", async (ack: (...what: unknown[]) => void) => {
        await socket.leave(socket.id);
        ack([...socket.rooms].sort());
      });
      socket.on("own", (ack: (isIn: boolean) => void) => ack(socket.rooms.has(socket.id)));
    });
  }
};

/** A client that comes back, and somebody who speaks meanwhile. */
interface Cast {
  readonly guest: Participant;
  readonly speaker: Participant;
}

/** Longer than the two servers take to see that a connection has ended. */
const A_MOMENT_MS = 250;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function gather({ client }: Stage, options: { nsp?: string } = {}): Promise<Cast> {
  const guest = client("guest", { auth: { name: "guest" }, ...options });
  await guest.hears("ready");
  const speaker = client("speaker", { auth: { name: "speaker" }, ...options });
  await speaker.hears("ready");
  await pause(A_MOMENT_MS);
  return { guest, speaker };
}

/** The guest's connection breaks; while it is away the others act; then it comes back. */
async function away({ guest, speaker }: Cast, act: () => unknown, mark = "back"): Promise<void> {
  guest.socket.io.engine.close();
  await guest.isLost();
  await pause(A_MOMENT_MS);
  act();
  await pause(A_MOMENT_MS);
  guest.socket.connect();
  await guest.connects();
  await guest.hears("ready");
  // What ours was sent a moment before it may be sent twice, since clocks differ.
  await pause(A_MOMENT_MS);
  speaker.tell("say", mark);
  for (let heard: unknown; heard !== mark;) [heard] = await guest.hears("said");
}

const absence =
  (act: (cast: Cast) => unknown): Scenario["script"] =>
  async (stage) => {
    const cast = await gather(stage);
    await away(cast, () => act(cast));
    await cast.guest.ask("who");
  };

export const recovery: readonly Scenario[] = [
  {
    title: "a client that comes back has its id and rooms and what it missed",
    app: hall,
    script: absence(({ speaker }) => speaker.tell("say", "one").tell("say", "two")),
  },
  { title: "a client that comes back has missed nothing", app: hall, script: absence(() => undefined) },
  {
    title: "a client that comes back has its data",
    app: hall,
    script: async (stage) => {
      const cast = await gather(stage);
      cast.guest.tell("mood", "calm");
      await cast.guest.ask("who");
      await away(cast, () => cast.speaker.tell("say", "one"));
      await cast.guest.ask("who");
    },
  },
  {
    title: "a client that comes back is in its own room again, which it had left",
    app: hall,
    script: async (stage) => {
      const cast = await gather(stage);
      await cast.guest.ask("leave own");
      await cast.guest.ask("own");
      await away(cast, () => cast.speaker.tell("say", "one").tell("union", [cast.guest.id], "two"));
      await cast.guest.ask("own");
      await cast.guest.ask("who");
      cast.speaker.tell("union", [cast.guest.id], "three");
      await cast.guest.hears("said");
    },
  },
  {
    title: "volatile events are not sent again",
    app: hall,
    script: absence(({ speaker }) => speaker.tell("whisper", "one").tell("say", "two")),
  },
  {
    title: "events with an acknowledgement are not sent again",
    app: hall,
    script: absence(({ speaker }) => speaker.tell("survey", "one").tell("say", "two")),
  },
  {
    title: "what somebody says to others is sent again",
    app: hall,
    script: absence(({ speaker }) => speaker.tell("others", "one")),
  },
  {
    title: "a packet to several rooms of a client is sent again once",
    app: hall,
    script: absence(({ speaker }) => speaker.tell("union", ["hall", "seat of guest", "attic"], "one")),
  },
  {
    title: "a packet that left out a room of the client is not sent again",
    app: hall,
    script: absence(({ speaker }) =>
      speaker.tell("all but", ["seat of guest"], "one").tell("all but", ["seat of speaker"], "two"),
    ),
  },
  {
    title: "packets with attachments are sent again",
    app: hall,
    script: absence(({ speaker }) => speaker.tell("bytes")),
  },
  {
    title: "a client of another namespace comes back",
    app: hall,
    script: async (stage) => {
      const cast = await gather(stage, { nsp: "side" });
      await away(cast, () => cast.speaker.tell("say", "one"));
      await cast.guest.ask("who");
    },
  },
  {
    title: "a client that comes back twice",
    app: hall,
    script: async (stage) => {
      const cast = await gather(stage);
      await away(cast, () => cast.speaker.tell("say", "one"));
      await away(cast, () => cast.speaker.tell("say", "two"), "back again");
      await cast.guest.ask("who");
    },
  },
  {
    title: "middlewares are left out for a client that comes back",
    app: hall,
    script: async (stage) => {
      const cast = await gather(stage);
      cast.guest.socket.auth = { name: "guest", banned: true };
      await away(cast, () => undefined);
      await cast.guest.ask("who");
    },
  },
  {
    title: "a private id that nobody knows",
    app: hall,
    script: async ({ client }) => {
      const guest = client("guest", { auth: { name: "guest", pid: "A".repeat(20), offset: "none" } });
      await guest.hears("ready");
      await guest.ask("who");
    },
  },
  {
    title: "a client that has left begins anew",
    app: hall,
    script: async (stage) => {
      const { guest } = await gather(stage);
      guest.socket.disconnect();
      await guest.isLost();
      await pause(A_MOMENT_MS);
      guest.socket.connect();
      await guest.connects();
      await guest.hears("ready");
    },
  },
];
