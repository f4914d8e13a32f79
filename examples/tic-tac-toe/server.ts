import { randomUUID } from "node:crypto";
import { Server } from "nonsticky";
import { isPlayerId, toName } from "./events.ts";
import type { Answer, ClientToServer, ServerToClient, SocketData } from "./events.ts";
import * as rules from "./game.ts";
import type { Game } from "./game.ts";

export const io = new Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>();

const TURN_MS = secondsOf("TURN_SECONDS", 20);
/** How long the seat of somebody is kept whose connection is gone. */
const GRACE_MS = secondsOf("GRACE_SECONDS", 30);
/** Lambda says where it runs. Nobody ends processes there that others pay for. */
const mayKill = process.env["AWS_EXECUTION_ENV"] === undefined;
/** Names this process in its answers. */
const instance = randomUUID().slice(0, 4);

/** What a process would keep in variables is in the table, and outlives every process. */
const games = io.shared<Game>("games");
/** At which game a player sits. */
const seats = io.shared<string>("seats");

/** A move that takes too long loses. */
const turns = io.timer<{ round: number }>("turn", async ({ round }, id) => {
  const game = await change(id, (old) => rules.runOut(old, round));
  // A process may have ended between a move and the timer of the next.
  if (game?.phase === "playing") await setTurn(game);
});

/** Whoever is not back in time gives the seat up. */
const grace = io.timer("grace", async (_, player) => {
  if ((await io.in(toPlayer(player)).count()) === 0) await standUp(player);
  else await takeBack(player);
});

/** The last one has closed the page of a game that is over: nobody will ask for it again. */
io.of("/").adapter.on("delete-room", async (room) => {
  const id = fromTable(room);
  const game = id === undefined ? undefined : await games.get(id);
  if (id === undefined || game?.phase !== "over") return;
  await games.delete(id);
  for (const seat of Object.values(game.seats)) await seats.delete(seat.player);
});

io.use((socket, next) => {
  const { player, name } = socket.handshake.auth;
  const wanted = toName(name);
  if (!isPlayerId(player) || wanted === undefined) return next(new Error("A name has 1 to 20 characters."));
  socket.data = { player, name: wanted };
  next();
});

io.on("connection", async (socket) => {
  const { player, name } = socket.data;
  const me = { player, name };

  socket.on("open", async (ack) => {
    if (await seats.has(player)) return ack?.(refuse("You sit at a game already."));
    const game = rules.openGame(randomUUID().slice(0, 8), me);
    await games.set(game.id, game, { ttl: 24 * 60 * 60 * 1000 });
    await sitAt(game.id);
    ack?.({ ok: true, instance });
  });

  socket.on("sit", async (id, ack) => {
    if (await seats.has(player)) return ack?.(refuse("You sit at a game already."));
    const game =
      typeof id === "string" ? await change(id, (old) => rules.sitDown(old, me, nextEnd())) : undefined;
    if (game === undefined || rules.markOf(game, player) === undefined)
      return ack?.(refuse("Somebody was faster."));
    await sitAt(game.id);
    await setTurn(game);
    ack?.({ ok: true, instance });
  });

  socket.on("move", async (cell, ack) => {
    const id = await seats.get(player);
    if (id === undefined || !Number.isInteger(cell)) return ack?.(refuse("You sit at no game."));
    let isMoved = false;
    const game = await change(id, (old) => {
      const moved = rules.move(old, player, cell, nextEnd());
      isMoved = moved !== old;
      return moved;
    });
    if (!isMoved || game === undefined) return ack?.(refuse("That is no move now."));
    await (game.phase === "playing" ? setTurn(game) : turns.cancel(id));
    ack?.({ ok: true, instance });
  });

  socket.on("again", async (ack) => {
    const id = await seats.get(player);
    const game = id === undefined ? undefined : await change(id, (old) => rules.playAgain(old, nextEnd()));
    if (game?.phase !== "playing") return ack?.(refuse("The other one has left."));
    await setTurn(game);
    ack?.({ ok: true, instance });
  });

  socket.on("leave", async (ack) => {
    await standUp(player);
    ack?.({ ok: true, instance });
  });

  socket.on("kill", () => {
    if (mayKill) process.kill(process.pid, "SIGKILL");
  });

  socket.on("disconnect", async () => {
    // In another window the player may still be there.
    const id = await seats.get(player);
    if (id === undefined || (await io.in(toPlayer(player)).count()) > 0) return;
    await grace.set(player, { in: GRACE_MS }, {});
    const keptUntilMs = Date.now() + GRACE_MS;
    await change(id, (old) => rules.keep(old, player, keptUntilMs));
    // Back meanwhile, on another process, which did not know of this one yet.
    if ((await io.in(toPlayer(player)).count()) > 0) await takeBack(player);
  });

  const sitAt = async (id: string): Promise<void> => {
    await seats.set(player, id);
    io.in(toPlayer(player)).socketsJoin(toTable(id));
    await show(id);
  };

  await socket.join([toPlayer(player), "lobby"]);
  socket.emit("welcome", { instance, mayKill, turnMs: TURN_MS });
  socket.emit("lobby", await listGames());
  // Whoever comes back within the time finds the seat kept; the others see that, and what they may have missed.
  const id = await seats.get(player);
  if (id === undefined) return void socket.emit("game", null, undefined, instance);
  await socket.join(toTable(id));
  await takeBack(player);
});

/** Changes a game, whoever changes it at the same time, and shows everybody what has become of it. */
async function change(id: string, by: (game: Game) => Game | undefined): Promise<Game | undefined> {
  const game = await games.update(id, (old) => old && by(old));
  await show(id, game);
  return game;
}

/** To each player with the own mark, which is why it is no emit to the whole room. */
async function show(id: string, known?: Game): Promise<void> {
  const game = known ?? (await games.get(id));
  for (const { id: socketId, data } of await io.in(toTable(id)).fetchSockets()) {
    const view = game && rules.toView(game, Date.now());
    io.to(socketId).emit("game", view ?? null, game && rules.markOf(game, data.player), instance);
  }
  io.to("lobby").emit("lobby", await listGames());
}

/** A player is there whose seat was kept, if it was. */
async function takeBack(player: string): Promise<void> {
  await grace.cancel(player);
  const id = await seats.get(player);
  if (id === undefined || (await change(id, (old) => rules.keep(old, player, undefined))) !== undefined)
    return;
  await seats.delete(player);
  io.to(toPlayer(player)).emit("game", null, undefined, instance);
}

async function standUp(player: string): Promise<void> {
  const id = await seats.get(player);
  if (id === undefined) return;
  await seats.delete(player);
  io.in(toPlayer(player)).socketsLeave(toTable(id));
  io.to(toPlayer(player)).emit("game", null, undefined, instance);
  const game = await change(id, (old) => rules.standUp(old, player));
  if (game?.phase !== "playing") await turns.cancel(id);
}

const setTurn = ({ id, round, turnEndsAtMs }: Game): Promise<void> =>
  turns.set(id, { in: Math.max(1_000, turnEndsAtMs - Date.now()) }, { round });

const nextEnd = (): number => Date.now() + TURN_MS;

async function listGames() {
  const listed: Game[] = [];
  for await (const game of games.values()) if (game.phase !== "over") listed.push(game);
  return listed.map(rules.toLobbyEntry);
}

function secondsOf(name: string, defaultSeconds: number): number {
  return 1000 * Number(process.env[name] ?? defaultSeconds);
}

const refuse = (error: string): Answer => ({ ok: false, error });

/** Every socket is also in a room named by its own id; the prefixes keep those apart from these. */
const toPlayer = (player: string): string => `player:${player}`;
const toTable = (id: string): string => `table:${id}`;
const fromTable = (room: string): string | undefined =>
  room.startsWith("table:") ? room.slice("table:".length) : undefined;
