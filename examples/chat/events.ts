/** What client and server say to each other, and what either will accept. */

/** A socket with a name. A person with two windows is two of these. */
export interface Person {
  readonly id: string;
  readonly nickname: string;
}

export interface Message {
  /** Made by the author's page, so that a message sent again after a reconnect is shown once. */
  readonly id: string;
  readonly room: string;
  readonly from: Person;
  readonly text: string;
  readonly sentAtMs: number;
}

/** Every answer names the process that gave it, for the page to count. */
export type Answer<T = unknown> =
  (T & { readonly ok: true; readonly instance: string }) | { readonly ok: false; readonly error: string };

type Ack<T = unknown> = (answer: Answer<T>) => void;

export interface ClientToServer {
  /** First of all, and again after every reconnect: a name, and the rooms to be in. */
  enter(
    nickname: string,
    rooms: string[],
    ack?: Ack<{ you: Person; people: Record<string, Person[]> }>,
  ): void;
  join(room: string, ack?: Ack<{ room: string; people: Person[] }>): void;
  leave(room: string, ack?: Ack): void;
  say(room: string, message: { id: string; text: string }, ack?: Ack<{ sentAtMs: number }>): void;
  typing(room: string, isTyping: boolean): void;
  /** Who is in a room now. */
  people(room: string, ack?: Ack<{ people: Person[] }>): void;
  /** Rooms that somebody is in, with how many. */
  rooms(ack?: Ack<{ rooms: Record<string, number> }>): void;
}

export interface ServerToClient {
  message(message: Message): void;
  joined(room: string, person: Person): void;
  left(room: string, person: Person): void;
  typing(room: string, person: Person, isTyping: boolean): void;
  "room opened"(room: string): void;
}

export interface SocketData {
  nickname?: string;
}

export const maxNicknameLength = 24;
export const maxRoomNameLength = 24;
export const maxTextLength = 2000;
export const maxRoomsPerPerson = 12;

/** Undefined when it is no nickname. Control characters and marks that turn the text direction count as a space. */
export function toNickname(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 4 * maxNicknameLength) return undefined;
  const nickname = value.replace(/[\s\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu, " ").trim();
  const isVisible = /[\p{L}\p{N}\p{P}\p{S}]/u.test(nickname);
  return isVisible && [...nickname].length <= maxNicknameLength ? nickname : undefined;
}

/** Undefined when it is no room name. "Late Night" and "#late-night" are the same room. */
export function toRoomName(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 4 * maxRoomNameLength) return undefined;
  const room = value
    .trim()
    .replace(/^#+/, "")
    .replace(/[\s_]+/g, "-")
    .toLowerCase();
  return /^[\p{L}\p{N}][\p{L}\p{N}-]*$/u.test(room) && [...room].length <= maxRoomNameLength
    ? room
    : undefined;
}

/** Undefined when it is no message: empty, or too long. */
export function toText(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > maxTextLength) return undefined;
  const text = value.trim();
  return text === "" ? undefined : text;
}

export function isMessageId(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{8,64}$/.test(value);
}
