import path from "node:path";
import { describe, expect, it } from "vitest";
import { KeepError } from "../../infra/keep/keep-error.ts";
import { keepVariables } from "../../infra/keep/keep.ts";
import { toLines } from "../../infra/keep/report.ts";
import { appOf } from "../doctor/app-files.ts";

const head = `const io = require("socket.io")(require("http").createServer()); module.exports = { io };\n`;
const listen = (body: string): string => `io.on("connection", (socket) => {\n${body}\n});\n`;

type Files = Readonly<Record<string, string>>;

function refusalsOf(text: string, files: Files = {}): readonly string[] {
  const entry = appOf({ "server.js": head + text, ...files });
  try {
    keepVariables(entry);
  } catch (error) {
    if (!(error instanceof KeepError)) throw error;
    return error.refusals.map(
      ({ file, line, name, code, message }) => `${path.basename(file)}:${line} ${name} ${code} ${message}`,
    );
  }
  return [];
}

describe("a variable is refused by name where", () => {
  it.each<[string, string, string, Files?]>([
    [
      "sockets are put into it",
      `const by = {};\n${listen(`by[socket.id] = socket;\nsocket.on("to", (id) => by[id].emit("x"));`)}`,
      "server.js:2 by keep.holds_socket a socket is put into it in line 4",
    ],
    [
      "a socket lies in what is put into it",
      `const list = [];\nfunction make(s) { const user = { s, name: "x" }; return user; }\n${listen(`socket.on("in", () => { list.push(make(socket)); io.emit("n", list.length); });`)}`,
      "server.js:2 list keep.holds_socket a socket is put into it in line 3",
    ],
    [
      "sockets are its keys",
      `const names = new Map();\n${listen(`socket.on("in", (name) => { names.set(socket, name); io.emit("n", names.size); });`)}`,
      "server.js:2 names keep.holds_socket a socket is put into it in line 4",
    ],
    [
      "a timer lies beside its data",
      `const rooms = {};\n${listen(`socket.on("in", (id) => { rooms[id] = { timer: setTimeout(() => io.emit("late"), 9) }; io.emit("n", rooms); });`)}`,
      "server.js:2 rooms keep.holds_resource a timer is put into it in line 4",
    ],
    [
      "a function lies beside its data",
      `const rooms = { first: { stop() {} } };\n${listen(`socket.on("in", (id) => { rooms[id] = 1; io.emit("n", rooms); });`)}`,
      "server.js:2 rooms keep.holds_resource a function is put into it in line 2",
    ],
    [
      "an object of a class is put into it",
      `class Game { move() {} }\nconst games = {};\n${listen(`socket.on("in", (id) => { games[id] = new Game(); io.emit("n", games); });`)}`,
      "server.js:3 games keep.holds_instance an instance of Game is put into it in line 5",
    ],
    [
      "a timer reads it",
      `const spots = {};\nsetInterval(() => io.emit("all", spots), 50);\n${listen(`socket.on("at", (x) => { spots[socket.id] = x; });`)}`,
      "server.js:2 spots keep.used_by_timer the setInterval in line 3 uses it",
    ],
    [
      "a timer changes a part of it, in a function that it calls",
      `const rooms = {};\nfunction close(id) { rooms[id].open = false; }\n${listen(`socket.on("in", (id, f) => { rooms[id] = { open: true }; setTimeout(() => close(id), 9); f(rooms); });`)}`,
      "server.js:2 rooms keep.used_by_timer the setTimeout in line 5 uses it",
    ],
    [
      "the function that declares it is called twice",
      `const { make } = require("./make");\nconst one = make(), two = make();\n${listen(`socket.on("a", (f) => f(one(), two()));`)}`,
      "make.js:1 n keep.made_often the code that declares it may run more than once",
      { "make.js": `exports.make = () => { let n = 0; return () => ++n; };` },
    ],
    [
      "its class has two objects",
      `class Room { n = 0; log = []; add() { this.n += 1; this.log.push(this.n); return this.log; } }\nconst a = new Room(), b = new Room();\n${listen(`socket.on("a", (f) => f(a.add(), b.add()));`)}`,
      "server.js:2 this.n, this.log keep.made_often objects of Room are made in line 3, line 3",
    ],
    [
      "its class has other kinds",
      `class Room { n = 0; add() { return ++this.n; } }\nclass Hall extends Room {}\nconst a = new Room();\n${listen(`socket.on("a", (f) => f(a.add(), new Hall().add()));`)}`,
      "server.js:2 this.n keep.made_often objects of Room are made in line 4",
    ],
    [
      "it is exported by its value, and set to another one",
      `const { users, drop } = require("./users");\n${listen(`socket.on("a", (x, f) => { drop(x); f(users); });`)}`,
      "users.js:1 users keep.unknown_form it is set to another value after it was exported, which who reads it in server.js:2",
      {
        "users.js": `let users = ["a"];\nmodule.exports = { users, drop: (x) => { users = users.filter((one) => one !== x); } };`,
      },
    ],
    [
      "it is handed on while the app is loaded, and set to another value",
      `let users = [];\nconst show = ((list) => () => list)(users);\n${listen(`socket.on("a", (x, f) => { users = [...users, x]; f(show(), users); });`)}`,
      "server.js:2 users keep.unknown_form it is handed on in line 3 while the app is loaded",
    ],
    [
      "an object with methods is given another property",
      `const game = { round: 0, next() { this.round++; } };\n${listen(`socket.on("a", (k, f) => { game[k] = 1; game.next(); f(game.round); });`)}`,
      "server.js:2 game keep.unknown_form line 4 gives it a property",
    ],
    [
      "it begins as an object and becomes something else",
      `let game = {};\n${listen(`socket.on("a", (x, f) => { game.x = x; f(game); }); socket.on("end", () => { game = null; });`)}`,
      "server.js:2 game keep.unknown_form it begins as an object and becomes null in line 4",
    ],
    [
      "it is declared twice",
      `var n = 0;\nvar n = 1;\n${listen(`socket.on("a", (f) => f(++n));`)}`,
      "server.js:2 n keep.unknown_form it is declared more than once",
    ],
    [
      "it is used before it is declared",
      `io.n = n;\nvar n = 0;\n${listen(`socket.on("a", (f) => f(++n));`)}`,
      "server.js:3 n keep.unknown_form it is used in line 2, before it is declared",
    ],
    [
      "it is a property that handlers alone set",
      listen(`socket.on("a", (f) => { global.n = (global.n || 0) + 1; f(global.n); });`),
      "server.js:3 global.n keep.unknown_form it is not set in a statement of its own while the app is loaded",
    ],
  ])("%s", (_, text, refusal, files) => {
    expect(refusalsOf(text, files).map((one) => one.slice(0, refusal.length))).toEqual([refusal]);
  });

  it.each<[string, string]>([
    [
      "handed on",
      `import * as state from "./state.mjs";\nimport { io } from "./io.mjs";\nconst show = (all) => all.count;\nio.on("connection", (socket) => { socket.on("a", (f) => { state.up(); f(show(state), state.count); }); });\nexport { io };`,
    ],
    [
      "loaded by a call",
      `import { up } from "./state.mjs";\nimport { io } from "./io.mjs";\nio.on("connection", (socket) => { socket.on("a", async (f) => { up(); f((await import("./state.mjs")).count); }); });\nexport { io };`,
    ],
  ])("the module that exports it is %s", (how, text) => {
    const entry = appOf({
      "main.mjs": text,
      "io.mjs": `import { Server } from "socket.io";\nexport const io = new Server(0);`,
      "state.mjs": `export let count = 0;\nexport const up = () => { count += 1; };`,
    });

    expect(() => keepVariables(entry)).toThrow(
      new RegExp(
        `state\\.mjs:1 count \\(keep\\.unknown_form\\): the module that exports it is ${how} in main\\.mjs:`,
      ),
    );
  });

  it("all of them are named at once, each in a line", () => {
    const entry = appOf({
      "server.js": `${head}const by = {}, spots = {};\nsetInterval(() => io.emit("all", spots), 50);\n${listen(`by[socket.id] = socket;\nsocket.on("at", (x, f) => { spots[socket.id] = x; f(by[x].id); });`)}`,
    });

    expect(() => keepVariables(entry)).toThrow(
      /^expected every variable that packets change to be one that --keep can keep, got\n\S*server\.js:2 by \(keep\.holds_socket\): .*\n\S*server\.js:2 spots \(keep\.used_by_timer\): .*$/,
    );
  });
});

it.each([
  [
    "a timer",
    `let late;\n${listen(`socket.on("a", () => { clearTimeout(late); late = setTimeout(() => io.emit("late"), 9); });`)}`,
  ],
  [
    "a timer",
    `const late = new Map();\n${listen(`socket.on("a", (id) => { late.forEach(clearTimeout); late.set(id, setTimeout(() => io.emit("late"), 9)); });`)}`,
  ],
  [
    "a function",
    `let done = null;\n${listen(`socket.on("a", (f) => { if (done) done(); done = () => f(1); });`)}`,
  ],
])("%s is left where it is", (what, text) => {
  const entry = appOf({ "server.js": head + text });

  const { kept, left, contents } = keepVariables(entry);

  expect(toLines({ kept, left }, path.dirname(entry))).toEqual([
    expect.stringMatching(new RegExp(`^server\\.js:2 left \\w+ where it is: it is ${what}$`)),
  ]);
  expect(contents.size).toBe(0);
});

it("a variable that is marked is not looked at", () => {
  const entry = appOf({
    "server.js": `${head}const by = {}; // nonsticky: cache\n${listen(`by[socket.id] = socket;\nsocket.on("to", (id) => by[id].emit("x"));`)}`,
  });

  expect(keepVariables(entry).contents.size).toBe(0);
});
