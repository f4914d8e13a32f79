import type { FoundSession } from "./find-sessions.ts";

const HEAD = ["SESSION", "AGE", "TRANSPORT", "ADDRESS", "SOCKETS"] as const;

/** Sessions as lines under a head. */
export function toTable(sessions: readonly FoundSession[], nowMs: number): string {
  const rows = sessions.map((session) => [
    session.id,
    toAge(nowMs - session.openedAtMs),
    session.transport,
    session.address,
    session.sockets
      .map(({ namespace, rooms }) => `${printable(namespace)} (${toRooms(rooms.length)})`)
      .join(", "),
  ]);
  const lines = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Sessions with all that is known of them. */
export const toDetails = (sessions: readonly FoundSession[], nowMs: number): string =>
  sessions.map((session) => describe(session, nowMs)).join("\n\n");

/** One as a line of JSON. */
export const toJsonLine = ({ openedAtMs, ...session }: FoundSession): string =>
  JSON.stringify({ ...session, openedAt: new Date(openedAtMs).toISOString() });

function describe(
  { id, openedAtMs, transport, protocol, address, sockets }: FoundSession,
  nowMs: number,
): string {
  const opened = `${new Date(openedAtMs).toISOString()}, ${toAge(nowMs - openedAtMs)} ago`;
  return [
    `session ${id}`,
    `  opened     ${opened}`,
    `  transport  ${transport}, Engine.IO ${protocol}`,
    `  address    ${printable(address)}`,
    ...sockets.flatMap(({ namespace, id: socketId, rooms, data }) => [
      `  socket     ${socketId} of ${printable(namespace)}`,
      `    rooms    ${rooms.length === 0 ? "none" : rooms.map(printable).join(", ")}`,
      `    data     ${printable(JSON.stringify(data))}`,
    ]),
  ].join("\n");
}

export function toAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours}h${String(minutes).padStart(2, "0")}m`;
  return minutes > 0 ? `${minutes}m` : `${seconds}s`;
}

const toRooms = (count: number): string => (count === 1 ? "1 room" : `${count} rooms`);

/** Names and data are what clients chose: nothing of it may move the cursor of a terminal. */
const printable = (text: string): string =>
  text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
