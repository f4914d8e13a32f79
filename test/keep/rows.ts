/** What two clients ask, in turns, and what the acknowledgements are to be. */
export type Ask = readonly [client: "ada" | "bob", event: string, ...args: unknown[]];

export interface Row {
  /** The first is the app's module; in `server.js` the server is made before what is written here. */
  readonly files: Readonly<Record<string, string>>;
  readonly asks: readonly Ask[];
  readonly answers: readonly unknown[];
  /** As the report says it. */
  readonly kept: readonly string[];
}

const listen = (body: string): string => `io.on("connection", (socket) => {\n${body}\n});\n`;

/** Each way of writing a variable that packets change. */
export const rows: Readonly<Record<string, Row>> = {
  "a list that is set to another one": {
    files: {
      "server.js": `let users = [];\n${listen(`
        socket.on("add", (name, done) => { users.push(name); done(users.length); });
        socket.on("drop", (name, done) => { users = users.filter((one) => one !== name); done(users); });`)}`,
    },
    asks: [
      ["ada", "add", "a"],
      ["bob", "add", "b"],
      ["ada", "drop", "a"],
      ["bob", "add", "c"],
      ["ada", "drop", "c"],
    ],
    answers: [1, 2, ["b"], 2, ["b"]],
    kept: ["server.js:2 kept users (array, 2 writers)"],
  },
  "a counter, in every way of counting": {
    files: {
      "server.js": `let n = 0, total = 10;\n${listen(`
        socket.on("up", (done) => done([n++, ++n, n += 2, total--]));
        socket.on("see", (done) => done([n, total, typeof n, -n]));`)}`,
    },
    asks: [
      ["ada", "up"],
      ["bob", "up"],
      ["ada", "see"],
    ],
    answers: [
      [0, 2, 4, 10],
      [4, 6, 8, 9],
      [8, 8, "number", -8],
    ],
    kept: ["server.js:2 kept n (number, 3 writers)", "server.js:2 kept total (number, 1 writer)"],
  },
  "what is set where it is not set yet": {
    files: {
      "server.js": `let host, best = null, open = true;\n${listen(`
        socket.on("join", (name, score, done) => {
          host ??= name;
          best ||= { name, score };
          if (best.score < score) best = { name, score };
          open &&= score < 3;
          done({ host, best, open });
        });`)}`,
    },
    asks: [
      ["ada", "join", "ada", 1],
      ["bob", "join", "bob", 2],
      ["ada", "join", "ada", 4],
    ],
    answers: [
      { host: "ada", best: { name: "ada", score: 1 }, open: true },
      { host: "ada", best: { name: "bob", score: 2 }, open: true },
      { host: "ada", best: { name: "ada", score: 4 }, open: false },
    ],
    kept: [
      "server.js:2 kept host (value, 1 writer)",
      "server.js:2 kept best (value, 2 writers)",
      "server.js:2 kept open (boolean, 1 writer)",
    ],
  },
  "variables of one pattern, and values that change places": {
    files: {
      "server.js": `let { x, y: { deep: why }, ...rest } = { x: 1, y: { deep: 2 }, z: 3 };
let [first, second = 5] = [4];\n${listen(`
        socket.on("swap", (done) => { [first, second] = [second, first]; ({ x: why, y: x, ...rest } = { x, y: why, z: rest.z + 1 }); done([x, why, rest, first, second]); });`)}`,
    },
    asks: [
      ["ada", "swap"],
      ["bob", "swap"],
    ],
    answers: [
      [2, 1, { z: 4 }, 5, 4],
      [1, 2, { z: 5 }, 4, 5],
    ],
    kept: [
      "server.js:2 kept x (number, 1 writer)",
      "server.js:2 kept why (number, 1 writer)",
      "server.js:2 kept rest (value, 1 writer)",
      "server.js:3 kept first (number, 1 writer)",
      "server.js:3 kept second (number, 1 writer)",
    ],
  },
  "shorthands, and other things of the same name": {
    files: {
      "server.js": `let turn = 1;
function label(turn) { const text = { turn }; return text; }
const fixed = { turn: "mine" };\n${listen(`
        socket.on("go", (done) => {
          turn += 1;
          { let turn = "inner"; fixed.turn = turn; }
          done({ turn, label: label("x"), fixed: fixed.turn, all: [1, 2].map((turn) => turn) });
        });`)}`,
    },
    asks: [
      ["ada", "go"],
      ["bob", "go"],
    ],
    answers: [
      { turn: 2, label: { turn: "x" }, fixed: "inner", all: [1, 2] },
      { turn: 3, label: { turn: "x" }, fixed: "inner", all: [1, 2] },
    ],
    kept: ["server.js:2 kept turn (number, 1 writer)", "server.js:4 kept fixed (object, 1 writer)"],
  },
  "what a module of ES exports": {
    files: {
      "main.mjs": `import { createServer } from "node:http";
import { Server } from "socket.io";
import { count as seen, names, up } from "./state.mjs";
import * as state from "./state.mjs";
export { total } from "./state.mjs";
import { total } from "./more.mjs";
export const io = new Server(createServer());
io.on("connection", (socket) => {
  socket.on("go", (name, done) => { up(); names.push(name); done([seen, state.count, names, state.names.length, total]); });
});`,
      "state.mjs": `export let count = 0;
export const names = [];
let sum = 0;
export { sum as total };
export function up() { count += 1; sum += count; }`,
      "more.mjs": `export { total } from "./state.mjs";`,
    },
    asks: [
      ["ada", "go", "a"],
      ["bob", "go", "b"],
    ],
    answers: [
      [1, 1, ["a"], 1, 1],
      [2, 2, ["a", "b"], 2, 3],
    ],
    kept: [
      "state.mjs:1 kept count (number, 1 writer)",
      "state.mjs:2 kept names (array, 1 writer)",
      "state.mjs:3 kept sum (number, 1 writer)",
    ],
  },
  "what a module of CommonJS exports": {
    files: {
      "server.js": `const { users, add } = require("./users");
const store = require("./users");
const counts = require("./counts");\n${listen(`
        socket.on("go", (name, done) => {
          add(name);
          store.rooms[name] = users.length;
          counts.up();
          done([users, Object.keys(store.rooms), counts.n, require("./users").users.length, counts.list]);
        });`)}`,
      "users.js": `const users = [], rooms = {};
module.exports = { users, rooms, add: (name) => users.push(name) };`,
      "counts.js": `exports.n = 0;
exports.list = [];
exports.up = () => { exports.n++; module.exports.list.push(exports.n); };`,
    },
    asks: [
      ["ada", "go", "a"],
      ["bob", "go", "b"],
    ],
    answers: [
      [["a"], ["a"], 1, 1, [1]],
      [["a", "b"], ["a", "b"], 2, 2, [1, 2]],
    ],
    kept: [
      "users.js:1 kept users (array, 1 writer)",
      "users.js:1 kept rooms (object, 1 writer)",
      "counts.js:1 kept n (number, 1 writer)",
      "counts.js:2 kept list (array, 1 writer)",
    ],
  },
  "what a helper's closure holds, and what is handed to functions": {
    files: {
      "server.js": `const history = require("./history")();
const scores = {};
function add(board, name) { board[name] = (board[name] || 0) + 1; return board; }\n${listen(`
        const note = (list, text) => list.push(text);
        socket.on("go", (name, done) => { history.say(name); const board = add(scores, name); note(history.all(), "+"); done([history.all(), history.count(), board]); });`)}`,
      "history.js": `module.exports = function createHistory() {
  const lines = [];
  let count = 0;
  return { say(text) { lines.push(text); count++; }, all: () => lines, count: () => count };
};`,
    },
    asks: [
      ["ada", "go", "a"],
      ["bob", "go", "a"],
    ],
    answers: [
      [["a", "+"], 1, { a: 1 }],
      [["a", "+", "a", "+"], 2, { a: 2 }],
    ],
    kept: [
      "history.js:2 kept lines (array, 1 writer)",
      "history.js:3 kept count (number, 1 writer)",
      "server.js:3 kept scores (object, 1 writer)",
    ],
  },
  "fields of an object of which there is one": {
    files: {
      "server.js": `class Lobby {
  static #made = 0;
  static total = 0;
  #seats = new Map();
  #round = 1;
  open = true;
  constructor(size) { this.size = size; this.log = []; this.last = null; }
  sit(name) {
    this.#seats.set(name, this.#seats.size);
    this.#round += 1;
    Lobby.total++;
    Lobby.#made += 2;
    this.log.push(name);
    const last = this.last;
    this.last = name;
    if (this.#seats.size === this.size) this.open = false;
    return [[...this.#seats], this.#round, this.open, Lobby.total, Lobby.#made, this.log, last, Object.keys(this)];
  }
}
const lobby = new Lobby(2);\n${listen(`socket.on("sit", (name, done) => done(lobby.sit(name)));`)}`,
    },
    asks: [
      ["ada", "sit", "a"],
      ["bob", "sit", "b"],
    ],
    answers: [
      [[["a", 0]], 2, true, 1, 2, ["a"], null, ["open", "size", "log", "last"]],
      [
        [
          ["a", 0],
          ["b", 1],
        ],
        3,
        false,
        2,
        4,
        ["a", "b"],
        "a",
        ["open", "size", "log", "last"],
      ],
    ],
    kept: [
      "server.js:3 kept #made (number, 1 writer)",
      "server.js:4 kept total (number, 1 writer)",
      "server.js:5 kept this.#seats (Map, 1 writer)",
      "server.js:6 kept this.#round (number, 1 writer)",
      "server.js:7 kept this.open (boolean, 1 writer)",
      "server.js:8 kept this.log (array, 1 writer)",
      "server.js:8 kept this.last (value, 1 writer)",
    ],
  },
  "an object with methods": {
    files: {
      "server.js": `const game = {
  players: {}, round: 0, "last one": null,
  start(name) { this.players[name] = true; this.round++; return Object.keys(this); },
  size: () => Object.keys(game.players).length,
};\n${listen(`socket.on("go", (name, done) => {
          const keys = game.start(name);
          game.round += 10;
          game.players[name + "!"] = false;
          done([game.players, game.round, game.size(), keys]);
        });`)}`,
    },
    asks: [
      ["ada", "go", "a"],
      ["bob", "go", "b"],
    ],
    answers: [
      [{ a: true, "a!": false }, 11, 2, ["players", "round", "last one", "start", "size"]],
      [
        { a: true, "a!": false, b: true, "b!": false },
        22,
        4,
        ["players", "round", "last one", "start", "size"],
      ],
    ],
    kept: ["server.js:2 kept game (object, 2 writers)"],
  },
  "properties of global, and names that nobody declares": {
    files: {
      "server.js": `global.scores = {};
globalThis.visits = 0;
games = [];
round = 1;\n${listen(`socket.on("go", (name, done) => {
          global.scores[name] = (scores[name] || 0) + 1;
          globalThis.visits++;
          games.push(name);
          round = round * 2;
          done([scores, visits, games, round]);
        });`)}`,
    },
    asks: [
      ["ada", "go", "a"],
      ["bob", "go", "a"],
    ],
    answers: [
      [{ a: 1 }, 1, ["a"], 2],
      [{ a: 2 }, 2, ["a", "a"], 4],
    ],
    kept: [
      "server.js:2 kept global.scores (object, 1 writer)",
      "server.js:3 kept globalThis.visits (number, 1 writer)",
      "server.js:4 kept games (array, 1 writer)",
      "server.js:5 kept round (number, 1 writer)",
    ],
  },
  "variables of the connection listener": {
    files: {
      "server.js": `function watchTyping(client) {
  let typing = false;
  client.on("type", (done) => { typing = !typing; done(typing); });
}
${listen(`let name, n = 0;
        const cart = [];
        let [left] = [3];
        watchTyping(socket);
        socket.on("name", (given, done) => { name = given; done(); });
        socket.on("buy", (what, done) => { cart.push({ what, no: ++n }); left--; done({ name, cart, left }); });`)}`,
    },
    asks: [
      ["ada", "name", "ada"],
      ["bob", "name", "bob"],
      ["ada", "buy", "tea"],
      ["bob", "buy", "pie"],
      ["ada", "buy", "ale"],
      ["ada", "type"],
      ["bob", "type"],
      ["ada", "type"],
    ],
    answers: [
      "none",
      "none",
      { name: "ada", cart: [{ what: "tea", no: 1 }], left: 2 },
      { name: "bob", cart: [{ what: "pie", no: 1 }], left: 2 },
      {
        name: "ada",
        cart: [
          { what: "tea", no: 1 },
          { what: "ale", no: 2 },
        ],
        left: 1,
      },
      true,
      true,
      false,
    ],
    kept: [
      "server.js:3 kept typing (boolean of each socket, 1 writer)",
      "server.js:7 kept name (value of each socket, 1 writer)",
      "server.js:7 kept n (number of each socket, 1 writer)",
      "server.js:8 kept cart (array of each socket, 1 writer)",
      "server.js:9 kept left (number of each socket, 1 writer)",
    ],
  },
  "collections, and what is found in them": {
    files: {
      "server.js": `const seen = new Set(["start"]);
const rooms = new Map();
const list = Object.create(null);
for (const name of ["x", "y"]) rooms.set(name, { open: false, who: [] });\n${listen(`socket.on("go", (name, done) => {
          seen.add(name);
          const room = rooms.get("x");
          room.open = !room.open;
          rooms.get("y").who.push(name);
          for (const one of rooms.values()) one.last = name;
          list[name] = seen.size;
          delete list.gone;
          done([[...seen], [...rooms], list]);
        });`)}`,
    },
    asks: [
      ["ada", "go", "a"],
      ["bob", "go", "b"],
    ],
    answers: [
      [
        ["start", "a"],
        [
          ["x", { open: true, who: [], last: "a" }],
          ["y", { open: false, who: ["a"], last: "a" }],
        ],
        { a: 2 },
      ],
      [
        ["start", "a", "b"],
        [
          ["x", { open: false, who: [], last: "b" }],
          ["y", { open: false, who: ["a", "b"], last: "b" }],
        ],
        { a: 2, b: 3 },
      ],
    ],
    kept: [
      "server.js:2 kept seen (Set, 1 writer)",
      "server.js:3 kept rooms (Map, 3 writers)",
      "server.js:4 kept list (object, 2 writers)",
    ],
  },
  "what TypeScript erases": {
    files: {
      "main.ts": `import { createServer } from "node:http";
import { Server } from "socket.io";
interface User { readonly id: string; score: number }
type Users = typeof users;
let round!: number;
let leader: User | undefined;
const users: Record<string, User> = {};
round = 1;
const find = (all: Users, name: string): User => (all[name] ??= { id: name, score: 0 })!;
export const io = new Server(createServer());
io.on("connection", (socket) => {
  let mine!: string;
  socket.on("go", (name: string, done: (answer: unknown) => void) => {
    mine ??= name;
    const user = find(users, name);
    user.score += 1;
    round! += 1;
    if (!leader || (leader as User).score < user.score) leader = { ...user };
    done([round, leader!.id, users, mine satisfies string]);
  });
});`,
    },
    asks: [
      ["ada", "go", "a"],
      ["bob", "go", "b"],
      ["ada", "go", "b"],
    ],
    answers: [
      [2, "a", { a: { id: "a", score: 1 } }, "a"],
      [3, "a", { a: { id: "a", score: 1 }, b: { id: "b", score: 1 } }, "b"],
      [4, "b", { a: { id: "a", score: 1 }, b: { id: "b", score: 2 } }, "a"],
    ],
    kept: [
      "main.ts:5 kept round (value, 1 writer)",
      "main.ts:6 kept leader (value, 1 writer)",
      "main.ts:7 kept users (object, 1 writer)",
      "main.ts:12 kept mine (value of each socket, 1 writer)",
    ],
  },
  "strict code that asks where it is": {
    files: {
      "server.js": `require("./rules")(io);`,
      "rules.js": `#!/usr/bin/env node
"use strict"
let count = 0;
module.exports = (io) => io.on("connection", (socket) => {
  socket.on("go", (done) => { count += 1; done([count, require("path").basename(__filename), this === undefined]); });
});`,
    },
    asks: [
      ["ada", "go"],
      ["bob", "go"],
    ],
    answers: [
      [1, "rules.js", false],
      [2, "rules.js", false],
    ],
    kept: ["rules.js:3 kept count (number, 1 writer)"],
  },
};
