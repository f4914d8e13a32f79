import { describe, expect, it } from "vitest";
import {
  fromRoomName,
  toAddressedNames,
  toRoomName,
  toRoomNames,
} from "../../../lib/socketio/rooms/room-name.ts";

describe("the name of a room", () => {
  it.each<[unknown, string]>([
    ["lobby", "lobby"],
    ["", ""],
    ["5", "5"],
    [5, "=5"],
    [0, "=0"],
    [1.5e300, "=1.5e+300"],
    [NaN, "=NaN"],
    [-Infinity, "=-Infinity"],
    [10n, "=10n"],
    [-10n, "=-10n"],
    [true, "=true"],
    [null, "=null"],
    [undefined, "=undefined"],
    ["=5", '="=5"'],
    ["=", '="="'],
    ["half \ud83d", '="half \\ud83d"'],
  ])("of %s is %s, and tells what it was", (room, name) => {
    expect(toRoomName(room)).toBe(name);
    expect(fromRoomName(name)).toBe(room);
  });

  it("is one for 0 and -0, as for keys of a Map", () => {
    expect(toRoomName(-0)).toBe(toRoomName(0));
  });

  it.each<[string, unknown]>([
    ["an object", { id: 1 }],
    ["an array", ["a", ["b"]][1]],
    ["a function", () => "a"],
    ["Symbol(a)", Symbol("a")],
  ])("is refused to %s, which no other instance would know", (what, room) => {
    expect(() => toRoomName(room)).toThrow(
      expect.objectContaining({ code: "core.not_a_room", message: expect.stringContaining(what) as string }),
    );
  });

  it("is of no row where such a one is only addressed", () => {
    expect(toAddressedNames([{ id: 1 }, "a"])).toEqual(["=nobody", "a"]);
    expect(toAddressedNames(() => "a")).toEqual(["=nobody"]);
  });

  it("is made of one or of each of a list", () => {
    expect(toRoomNames(5)).toEqual(["=5"]);
    expect(toRoomNames(["a", 5])).toEqual(["a", "=5"]);
    expect(toRoomNames([])).toEqual([]);
  });

  it("is refused over 1024 bytes, where the app calls", () => {
    expect(() => toRoomName("x".repeat(1025))).toThrow(
      expect.objectContaining({ code: "state.room_too_long" }),
    );
  });
});
