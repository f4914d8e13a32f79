import { described } from "../../described.ts";
import { requireRoom } from "../../state/row-limits.ts";
import { CoreError } from "../../engine/errors.ts";

/**
 * The name that a room has on the wire and in the table. In Socket.IO any value is a room, `5` another one than `"5"`.
 * Text is its own name, unless it begins with the mark or is none that UTF-8 can write; then, as for every other value,
 * the name is the mark and the value as JavaScript writes it. What is known by its identity, an object say, is no room:
 * another instance would never find it again.
 *
 * @throws {CoreError} `core.not_a_room`
 * @throws {StateError} `state.room_too_long`
 */
export function toRoomName(room: unknown): string {
  if (typeof room === "string") return requireRoom(isPlain(room) ? room : MARK + JSON.stringify(room));
  if (isRoom(room)) return requireRoom(MARK + toLiteral(room));
  throw new CoreError(
    "core.not_a_room",
    `expected a room to be text, a number or another plain value, got ${described(room)}: instances do not share it`,
  );
}

/** What the app calls the room of that name. */
export function fromRoomName(name: string): string {
  if (!name.startsWith(MARK)) return name;
  const literal = name.slice(MARK.length);
  return (literal.startsWith('"') ? JSON.parse(literal) : fromLiteral(literal)) as string;
}

/** One room, or a list of them. */
export const toRoomNames = (rooms: unknown): string[] => toList(rooms).map(toRoomName);

/** Those that somebody can be in. In what is known by its identity nobody is. */
export const toAddressedNames = (rooms: unknown): string[] =>
  toList(rooms).map((room) => (isRoom(room) ? toRoomName(room) : NOBODY));

const MARK = "=";
/** No value is written like this. */
const NOBODY = `${MARK}nobody`;

const toList = (rooms: unknown): readonly unknown[] =>
  Array.isArray(rooms) ? (rooms as unknown[]) : [rooms];

const isPlain = (text: string): boolean => !text.startsWith(MARK) && !/\p{Surrogate}/u.test(text);

const isRoom = (value: unknown): value is string | number | bigint | boolean | null | undefined =>
  value === null || ["string", "number", "bigint", "boolean", "undefined"].includes(typeof value);

/** -0 and 0 are one room, as keys of a `Map` are. */
const toLiteral = (value: unknown): string => (typeof value === "bigint" ? `${value}n` : String(value));

function fromLiteral(literal: string): unknown {
  if (/^-?\d+n$/.test(literal)) return BigInt(literal.slice(0, -1));
  const words = new Map<string, unknown>([
    ["true", true],
    ["false", false],
    ["null", null],
    ["undefined", undefined],
  ]);
  return words.has(literal) ? words.get(literal) : Number(literal);
}
