import { EventEmitter } from "node:events";
import vm from "node:vm";
import { expect, it } from "vitest";
import { described } from "../lib/described.ts";

class User {
  readonly name = "ada";
}

it.each<[unknown, string]>([
  [undefined, "undefined"],
  [null, "null"],
  [5, "5"],
  [-0.5, "-0.5"],
  [NaN, "NaN"],
  [true, "true"],
  [5n, "5n"],
  [Symbol("id"), "Symbol(id)"],
  ["x", '"x"'],
  ["", '""'],
  ["a\nb", '"a\\nb"'],
  ["x".repeat(41), `"${"x".repeat(40)}…"`],
  [{ secret: 1 }, "an object"],
  [Object.create(null), "an object"],
  [{ constructor: "mine" }, "an object"],
  [[1], "an array"],
  [new Map(), "a Map"],
  [new Date(0), "a Date"],
  [new Error("no"), "an Error"],
  [new EventEmitter(), "an EventEmitter"],
  [new Uint8Array(1), "a Uint8Array"],
  [new User(), "a User"],
  [new (class {})(), "an object with a prototype of its own"],
  [Object.create(Object.create(null)), "an object with a prototype of its own"],
  [vm.runInNewContext("({})"), "an object with a prototype of its own"],
  [function listen() {}, "a function listen"],
  [User, "a function User"],
  [
    (
      () => () =>
        undefined
    )(),
    "a function",
  ],
])("%o is %s", (value, words) => {
  expect(described(value)).toBe(words);
});
