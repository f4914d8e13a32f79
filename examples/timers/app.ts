import type { Server } from "nonsticky";

/** How long things take, in milliseconds; each at least a second. */
export interface Times {
  /** How long somebody may be away before their room is told. */
  readonly graceMs: number;
  /** How long a player may think. */
  readonly turnMs: number;
  /** Between two numbers of a countdown. */
  readonly stepMs: number;
}

const usual: Times = { graceMs: 30_000, turnMs: 60_000, stepMs: 1_000 };

/** A room of players: three things that a process would do by `setTimeout`. */
export function install(io: Server, { graceMs, turnMs, stepMs }: Times = usual): void {
  // Somebody is away. Whoever is back in time has never been.
  const grace = io.timer<{ room: string }>("grace", async ({ room }, user) => {
    // Another tab may be open still.
    if ((await io.in(`user ${user}`).fetchSockets()).length === 0) io.to(room).emit("left", user);
  });

  // Whose turn it is; the next one's, if they think for too long.
  const players = io.shared<string[]>("players");
  const turn = io.timer<{ at: number }>("turn", async ({ at }, room) => {
    const all = (await players.get(room)) ?? [];
    if (all.length === 0) return;
    io.to(room).emit("too slow", all[at % all.length]);
    await pass(room, at + 1);
  });
  const pass = async (room: string, at: number): Promise<void> => {
    const all = (await players.get(room)) ?? [];
    io.to(room).emit("turn", all[at % all.length], at);
    // Replaces the one that runs: one timer a room.
    await turn.set(room, { in: turnMs }, { at });
  };

  // 3, 2, 1, go. It sets itself last, so that a crash has it say its number again.
  const countdown = io.timer<number>("countdown", async (left, room) => {
    if (left > 0) {
      io.to(room).emit("count", left);
      await countdown.set(room, { in: stepMs }, left - 1);
      return;
    }
    io.to(room).emit("go");
    await pass(room, 0);
  });

  io.on("connection", async (socket) => {
    const { user, room } = socket.handshake.auth as { user: string; room: string };
    await socket.join([room, `user ${user}`]);
    const wasAway = await grace.cancel(user);
    if (!wasAway) socket.to(room).emit("came", user);
    await players.update(room, (all = []) => (all.includes(user) ? all : [...all, user]));

    socket.on("start", () => countdown.set(room, { in: stepMs }, 3));
    socket.on("move", (at: number) => pass(room, at + 1));
    socket.on("stop", async (ack: (was: boolean) => void) => ack(await turn.cancel(room)));
    socket.on("disconnect", () => grace.set(user, { in: graceMs }, { room }));
    socket.emit("ready");
  });
}
