/** What client and server say to each other, and what either will accept. */

/** `X` moves first. */
export type Mark = "X" | "O";

/** How a game looks to whoever watches it: nothing of it lets anybody play for somebody else. */
export interface GameView {
  readonly id: string;
  /** Nine of them, row by row; a space is free. */
  readonly cells: string;
  readonly phase: "waiting" | "playing" | "over";
  readonly players: Readonly<Partial<Record<Mark, PlayerView>>>;
  readonly turn: Mark;
  /** Counts moves, so that a page knows a newer view from an older one. */
  readonly round: number;
  /** How long the present move may still take. */
  readonly leftMs: number;
  readonly result?: Result;
}

export interface PlayerView {
  readonly name: string;
  /** For how long the seat is still kept, of somebody whose connection is gone. */
  readonly awayMs?: number;
}

/** How it ended: three in a row, at these cells; a full board; a move that took too long; a seat that was given up. */
export type Result =
  | { readonly how: "line"; readonly winner: Mark; readonly line: readonly number[] }
  | { readonly how: "draw" }
  | { readonly how: "time" | "left"; readonly winner: Mark };

/** A game that waits for a second player, or is on. */
export interface LobbyEntry {
  readonly id: string;
  readonly phase: GameView["phase"];
  readonly names: readonly string[];
}

export type Answer =
  { readonly ok: true; readonly instance: string } | { readonly ok: false; readonly error: string };

type Ack = (answer: Answer) => void;

export interface ClientToServer {
  /** Makes a game and takes its first seat. */
  open(ack?: Ack): void;
  /** Takes the other seat of one that waits. */
  sit(game: string, ack?: Ack): void;
  move(cell: number, ack?: Ack): void;
  /** Another game with the same two, the other one beginning. */
  again(ack?: Ack): void;
  /** Gives the seat up, and with it a game that is on. */
  leave(ack?: Ack): void;
  /** Ends the process that takes this packet, where that is allowed: it never answers. */
  kill(): void;
}

export interface ServerToClient {
  /** First of all, and after every reconnect. */
  welcome(hello: { readonly instance: string; readonly mayKill: boolean; readonly turnMs: number }): void;
  lobby(games: readonly LobbyEntry[]): void;
  /** The game that this player sits at, and as whom; null: at none. */
  game(view: GameView | null, you: Mark | undefined, instance: string): void;
}

export interface SocketData {
  player: string;
  name: string;
}

export const maxNameLength = 20;

/** Undefined when it is no name. Control characters count as a space. */
export function toName(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 4 * maxNameLength) return undefined;
  const name = value.replace(/[\s\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu, " ").trim();
  return /[\p{L}\p{N}]/u.test(name) && [...name].length <= maxNameLength ? name : undefined;
}

/** Made by the page and kept there: who has it is that player. */
export const isPlayerId = (value: unknown): value is string =>
  typeof value === "string" && /^[\w-]{16,64}$/.test(value);
