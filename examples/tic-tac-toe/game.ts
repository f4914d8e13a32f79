import type { GameView, LobbyEntry, Mark, Result } from "./events.ts";

/** A game as it is kept. Every function here makes another one, or gives it back as it was. */
export interface Game {
  readonly id: string;
  readonly cells: string;
  readonly phase: GameView["phase"];
  readonly seats: Readonly<Partial<Record<Mark, Seat>>>;
  readonly turn: Mark;
  /** Which move it is, over all games of the two: what a timer was set for. */
  readonly round: number;
  readonly turnEndsAtMs: number;
  readonly result?: Result;
}

export interface Seat {
  readonly player: string;
  readonly name: string;
  /** Until when the seat is kept, of somebody whose connection is gone. */
  readonly keptUntilMs?: number;
}

const EMPTY = " ".repeat(9);
const lines = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
  [0, 4, 8],
  [2, 4, 6],
];

export const other = (mark: Mark): Mark => (mark === "X" ? "O" : "X");

export const openGame = (id: string, seat: Seat): Game => ({
  id,
  cells: EMPTY,
  phase: "waiting",
  seats: { X: seat },
  turn: "X",
  round: 0,
  turnEndsAtMs: 0,
});

export function sitDown(game: Game, seat: Seat, turnEndsAtMs: number): Game {
  if (game.phase !== "waiting" || markOf(game, seat.player) !== undefined) return game;
  const free = game.seats.X === undefined ? "X" : "O";
  const seats = { ...game.seats, [free]: seat };
  return { ...game, seats, phase: "playing", round: game.round + 1, turnEndsAtMs };
}

export function move(game: Game, player: string, cell: number, turnEndsAtMs: number): Game {
  const mark = markOf(game, player);
  if (game.phase !== "playing" || mark !== game.turn || game.cells[cell] !== " ") return game;
  const cells = game.cells.slice(0, cell) + mark + game.cells.slice(cell + 1);
  const moved = { ...game, cells, round: game.round + 1, turn: other(mark), turnEndsAtMs };
  const line = lines.find((three) => three.every((place) => cells[place] === mark));
  if (line !== undefined) return end(moved, { how: "line", winner: mark, line });
  return cells.includes(" ") ? moved : end(moved, { how: "draw" });
}

/** The seats change, so that the other one begins. */
export function playAgain(game: Game, turnEndsAtMs: number): Game {
  const { X, O } = game.seats;
  if (game.phase !== "over" || X === undefined || O === undefined) return game;
  const { result: _, ...rest } = game;
  const fresh = { cells: EMPTY, phase: "playing", turn: "X", seats: { X: O, O: X } } as const;
  return { ...rest, ...fresh, round: game.round + 1, turnEndsAtMs };
}

/** The move of that round has taken too long; of a later one that is not so. */
export const runOut = (game: Game, round: number): Game =>
  game.phase === "playing" && game.round === round
    ? end(game, { how: "time", winner: other(game.turn) })
    : game;

/** A seat is given up. Undefined: nobody is left. */
export function standUp(game: Game, player: string): Game | undefined {
  const mark = markOf(game, player);
  if (mark === undefined) return game;
  const { [mark]: _, ...seats } = game.seats;
  if (Object.keys(seats).length === 0) return undefined;
  const left = { ...game, seats };
  return game.phase === "playing" ? end(left, { how: "left", winner: other(mark) }) : left;
}

/** Somebody's connection has gone, until when the seat is kept; undefined: it is back. */
export function keep(game: Game, player: string, keptUntilMs: number | undefined): Game {
  const mark = markOf(game, player);
  const seat = mark && game.seats[mark];
  if (mark === undefined || seat === undefined || seat.keptUntilMs === keptUntilMs) return game;
  const { player: id, name } = seat;
  const kept = { player: id, name, ...(keptUntilMs === undefined ? {} : { keptUntilMs }) };
  return { ...game, seats: { ...game.seats, [mark]: kept } };
}

export function markOf(game: Game, player: string): Mark | undefined {
  if (game.seats.X?.player === player) return "X";
  return game.seats.O?.player === player ? "O" : undefined;
}

export function toView(game: Game, nowMs: number): GameView {
  const { id, cells, phase, turn, round, result } = game;
  const players = Object.fromEntries(
    Object.entries(game.seats).map(([mark, { name, keptUntilMs }]) => [
      mark,
      { name, ...(keptUntilMs === undefined ? {} : { awayMs: Math.max(0, keptUntilMs - nowMs) }) },
    ]),
  );
  const leftMs = phase === "playing" ? Math.max(0, game.turnEndsAtMs - nowMs) : 0;
  return { id, cells, phase, players, turn, round, leftMs, ...(result === undefined ? {} : { result }) };
}

export const toLobbyEntry = ({ id, phase, seats }: Game): LobbyEntry => ({
  id,
  phase,
  names: [seats.X, seats.O].flatMap((seat) => (seat === undefined ? [] : [seat.name])),
});

const end = (game: Game, result: Result): Game => ({ ...game, phase: "over", result });
