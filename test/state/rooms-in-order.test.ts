import { expect, it } from "vitest";
import type { JoinedRecord, SocketRecord } from "../../lib/state/records.ts";
import { roomsInOrder } from "../../lib/state/rooms-in-order.ts";
import type { SocketId } from "../../lib/ids.ts";

const socket: SocketRecord = {
  nsp: "/",
  socketId: "own" as SocketId,
  connectedAtMs: 100,
  data: {},
  spent: [],
};
const row = (room: string, joinedAtMs?: number, rank?: number, nsp = "/"): JoinedRecord => ({
  nsp,
  room,
  ...(joinedAtMs === undefined ? {} : { joinedAtMs }),
  ...(rank === undefined ? {} : { rank }),
});

it("lists the rooms of a socket as it joined them, its own among them", () => {
  const joined = [
    row("a", 300),
    row("b", 200, 1),
    row("c", 200),
    row("d", 100),
    row("e", 100, -1),
    row("f", 100, -2),
    row("of another namespace", 1, 0, "/other"),
  ];

  expect(roomsInOrder(socket, joined)).toEqual(["f", "e", "own", "d", "c", "b", "a"]);
});

it("puts those first of which nobody knows when they were joined", () => {
  expect(roomsInOrder(socket, [row("a", 200), row("b")])).toEqual(["b", "own", "a"]);
});
