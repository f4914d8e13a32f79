import path from "node:path";
import { describe, expect, it } from "vitest";
import { diagnose } from "../../infra/doctor/doctor.ts";
import { appOf } from "./app-files.ts";

const head = `const { Server } = require("socket.io");\nconst server = require("http").createServer();\nconst io = new Server(server);\n`;

/** `line pattern name` of what is found in an app whose server is made in three lines before its own. */
function found(text: string, files: Readonly<Record<string, string>> = {}): readonly string[] {
  const entry = appOf({ "server.js": head + text, ...files });
  return diagnose(entry).map(
    ({ file, line, pattern, name }) => `${path.basename(file)}:${line} ${pattern} ${name}`,
  );
}

const listening = (body: string): string => `io.on("connection", (socket) => {\n${body}\n});\n`;

describe("a variable that packets change", () => {
  it.each<[string, string, string[]]>([
    [
      "a counter of the module",
      `let n = 0;\n${listening(`socket.on("a", () => io.emit("n", ++n));`)}`,
      ["server.js:4 module-state n"],
    ],
    [
      "a list that is pushed to",
      `const l = [];\n${listening(`socket.on("a", (x) => { l.push(x); io.emit("l", l); });`)}`,
      ["server.js:4 module-state l"],
    ],
    [
      "an object with a key a socket",
      `const u = {};\n${listening(`u[socket.id] = 1; socket.on("a", (f) => f(u));`)}`,
      ["server.js:4 module-state u"],
    ],
    [
      "a part of it, by another name",
      `const r = {};\n${listening(`socket.on("a", (id, f) => { const room = r[id] ; room.open = true; f(r); });`)}`,
      ["server.js:4 module-state r"],
    ],
    [
      "a part of it, in a loop",
      `const r = [{}];\n${listening(`socket.on("a", (f) => { for (const one of r) one.seen = true; f(r); });`)}`,
      ["server.js:4 module-state r"],
    ],
    [
      "a part of it, in a callback",
      `const r = new Map();\n${listening(`socket.on("a", (f) => { r.forEach((one) => { one.seen = true; }); f(r.size); });`)}`,
      ["server.js:4 module-state r"],
    ],
    [
      "an element that a list finds",
      `const r = [{}];\n${listening(`socket.on("a", (id, f) => { r.find((x) => x.id === id).score += 1; f(r); });`)}`,
      ["server.js:4 module-state r"],
    ],
    [
      "an element of what lists it",
      `const r = {};\n${listening(`socket.on("a", (id, f) => { Object.values(r).find((x) => x.id === id).score += 1; f(r); });`)}`,
      ["server.js:4 module-state r"],
    ],
    [
      "each element of a copy",
      `const r = [{}];\n${listening(`socket.on("a", (f) => { for (const x of [...r]) x.score = 1; f(r); });`)}`,
      ["server.js:4 module-state r"],
    ],
    [
      "a variable that is destructured into",
      `let a, b;\n${listening(`socket.on("a", (x) => { [a, b] = x; });\nsocket.on("b", (f) => f(a, b));`)}`,
      ["server.js:4 module-state a", "server.js:4 module-state b"],
    ],
    [
      "a variable of the listener",
      listening(`let name;\nsocket.on("a", (x) => { name = x; });\nsocket.on("b", (f) => f(name));`),
      ["server.js:5 listener-variable name"],
    ],
    [
      "the same, by a function of the listener",
      listening(
        `let n = 0;\nconst add = () => { n += 1; };\nsocket.on("a", () => add());\nsocket.on("b", (f) => f(n));`,
      ),
      ["server.js:5 listener-variable n"],
    ],
    [
      "a property of global",
      `global.n = 0;\n${listening(`socket.on("a", (f) => f(++global.n));`)}`,
      ["server.js:4 module-state global.n"],
    ],
    [
      "a name that nobody declares",
      `n = 0;\n${listening(`socket.on("a", (f) => { n = n + 1; f(n); });`)}`,
      ["server.js:4 module-state n"],
    ],
    [
      "a part of what nobody declares",
      `games = {};\n${listening(`socket.on("a", (id, x) => { games[id].list.push(x); });\nsocket.on("b", (f) => f(games.first));`)}`,
      ["server.js:4 module-state games"],
    ],
    [
      "a part of a property of global, by its bare name",
      `global.games = {};\n${listening(`socket.on("a", (id, x) => { games[id] = x; });\nsocket.on("b", (f) => f(Object.keys(games)));`)}`,
      ["server.js:4 module-state global.games"],
    ],
    [
      "a variable of the listener that disconnect is not the only one to change",
      listening(
        `let room;\nsocket.on("join", (x) => { room = x; });\nsocket.on("disconnect", () => { io.emit("left", room); room = undefined; });`,
      ),
      ["server.js:5 listener-variable room"],
    ],
    [
      "a variable of the module that disconnect alone changes",
      `let gone = 0;\n${listening(`socket.on("disconnect", () => io.emit("gone", ++gone));`)}`,
      ["server.js:4 module-state gone"],
    ],
    [
      "a static field",
      `class A { static n = 0; }\n${listening(`socket.on("a", (f) => f(++A.n));`)}`,
      ["server.js:4 module-state n"],
    ],
    [
      "a field of an object of the module",
      `class A { constructor() { this.list = []; } add(x) { this.list.push(x); } }\nconst a = new A();\n${listening(`socket.on("a", (x, f) => { a.add(x); f(a.list); });`)}`,
      ["server.js:4 module-state this.list"],
    ],
    [
      "what is handed to a function that changes it",
      `const l = [];\nconst add = (list, x) => { list.push(x); };\n${listening(`socket.on("a", (x, f) => { add(l, x); f(l); });`)}`,
      ["server.js:4 module-state l"],
    ],
    [
      "a variable that a middleware changes",
      `const seen = new Set();\nio.use((socket, next) => { if (seen.has(socket.id)) return; seen.add(socket.id); next(); });`,
      ["server.js:4 module-state seen"],
    ],
    [
      "what a timer of the table changes",
      `let n = 0;\nio.every("e", 1000, () => { io.emit("n", ++n); });`,
      ["server.js:4 module-state n"],
    ],
    [
      "a handler by name",
      `let n = 0;\nfunction onA(f) { n++; f(n); }\n${listening(`socket.on("a", onA);`)}`,
      ["server.js:4 module-state n"],
    ],
    [
      "sockets by a key",
      `const c = {};\n${listening(`c[socket.id] = socket; socket.on("a", (id) => c[id].emit("b"));`)}`,
      ["server.js:4 socket-map c"],
    ],
    [
      "sockets within objects",
      `const c = [];\n${listening(`c.push({ socket, name: 1 }); socket.on("a", (f) => f(c.length));`)}`,
      ["server.js:4 socket-map c"],
    ],
    [
      "a variable that a route changes for a handler",
      `const app = require("express")();\nlet title = "";\napp.post("/title", (req, res) => { title = req.body; res.end(); });\n${listening(`socket.on("a", (f) => f(title));`)}`,
      ["server.js:5 module-state title"],
    ],
    [
      "what a handler of a made set changes",
      `const create = (list) => ({ add(x) { list.push(x); }, all(f) { f(list); } });\nconst { add, all } = create([]);\nlet n = 0;\nconst { count } = { count: (f) => f(++n) };\n${listening(`socket.on("a", add);\nsocket.on("b", all);\nsocket.on("c", count);`)}`,
      ["server.js:6 module-state n"],
    ],
    [
      "a lazy value of the packet",
      `let host;\n${listening(`socket.on("a", (f) => { if (!host) host = socket.id; f(host); });`)}`,
      ["server.js:4 module-state host"],
    ],
  ])("is named: %s", (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each<[string, string]>([
    ["a constant", `const limit = 3;\n${listening(`socket.on("a", (f) => f(limit));`)}`],
    [
      "set while the app is loaded",
      `const routes = {};\nfor (const r of ["a"]) routes[r] = 1;\n${listening(`socket.on("a", (f) => f(routes));`)}`,
    ],
    [
      "of the handler itself",
      listening(`socket.on("a", (l, f) => { let n = 0; l.forEach(() => { n++; }); f(n); });`),
    ],
    [
      "of a function that a handler calls",
      `function sum(l) { let n = 0; for (const x of l) n += x; return n; }\n${listening(`socket.on("a", (l, f) => f(sum(l)));`)}`,
    ],
    [
      "of an object that a handler makes",
      `class A { n = 0; add() { this.n++; return this; } }\n${listening(`socket.on("a", (f) => f(new A().add().n));`)}`,
    ],
    [
      "of the listener, changed there alone",
      listening(`let name = "x"; name = name.trim(); socket.on("a", (f) => f(name));`),
    ],
    [
      "of the listener, after an await",
      `const find = async () => 1;\nio.on("connection", async (socket) => { let u; u = await find(); socket.on("a", (f) => f(u)); });`,
    ],
    [
      "socket.data",
      listening(
        `socket.on("a", (x) => { socket.data.n = x; socket.data.list ??= []; socket.data.list.push(x); });`,
      ),
    ],
    ["a property of the socket", listening(`socket.on("a", (x) => { socket.name = x; });`)],
    [
      "what the packet brings",
      listening(`socket.on("a", (message, f) => { message.at = 1; message.list.push(2); f(message); });`),
    ],
    [
      "a copy",
      `const all = [1];\n${listening(`socket.on("a", (f) => { const own = [...all]; own.push(2); f(own.sort()); });`)}`,
    ],
    [
      "a client that is opened once",
      `let db;\nconst open = async () => require("mongodb").connect("x");\nconst get = async () => { if (!db) db = await open(); return db; };\n${listening(`socket.on("a", async (f) => f(await get()));`)}`,
    ],
    [
      "the same with ??=",
      `let db;\nconst open = () => ({});\n${listening(`socket.on("a", (f) => { db ??= open(); f(db.x); });`)}`,
    ],
    [
      "the same with a promise that returns early",
      `let db = null;\nconst { MongoClient } = require("mongodb");\nasync function get() { if (db) return db; const client = new MongoClient("x"); await client.connect(); db = client.db(); return db; }\n${listening(`socket.on("a", async (f) => f(await get()));`)}`,
    ],
    [
      "answers that are kept by their question",
      `const cache = new Map();\nconst find = async (id) => id;\n${listening(`socket.on("a", async (id, f) => { if (!cache.has(id)) cache.set(id, await find(id)); f(cache.get(id)); });`)}`,
    ],
    [
      "one that is marked",
      `const cache = new Map(); // nonsticky: cache\n${listening(`socket.on("a", (x, f) => { cache.set(x, 1); f(cache.size); });`)}`,
    ],
    ["one that nobody reads", `let last;\n${listening(`socket.on("a", (x) => { last = x; });`)}`],
    [
      "of a package's object",
      `const redis = require("redis").createClient();\n${listening(`socket.on("a", async (x, f) => { await redis.set("a", x); f(await redis.get("a")); });`)}`,
    ],
    [
      "that a handler sets before it reads it",
      `const all = [{ id: 1 }];\n${listening(`socket.on("a", (id, f) => { one = all.find((x) => x.id === id); if (one) f(one.id); });\nsocket.on("b", (one, f) => f(one));`)}`,
    ],
    [
      "a flag that is set back before its run ends",
      `let busy = false;\n${listening(`socket.on("a", (x, f) => { if (busy) return; busy = true; socket.emit("b", x); f(busy); busy = false; });`)}`,
    ],
    [
      "constants that are made on first use",
      `let words;\n${listening(`socket.on("a", (f) => { if (!words) words = ["a", "b"]; f(words); });`)}`,
    ],
    [
      "that a loop sets, and that is read behind it",
      listening(`socket.on("a", (f) => { for (i = 0; i < 3; i++) socket.emit("spawn", i); f(i); });`),
    ],
    ["that a loop sets before it reads it", listening(`for (i = 0; i < 3; i++) socket.emit("spawn", i);`)],
    [
      "a part of what the app never sets",
      listening(`socket.on("a", (x, f) => { somebodysList.push(x); f(somebodysList.length); });`),
    ],
    [
      "of the listener, from disconnecting to disconnect",
      listening(
        `let rooms;\nsocket.on("disconnecting", () => { rooms = [...socket.rooms]; });\nsocket.on("disconnect", () => io.to(rooms).emit("left", socket.id));`,
      ),
    ],
    [
      "a field that a constructor sets",
      `class Store { constructor(file) { this.file = "db/" + file; } path(name) { return this.file + name; } }\nconst shared = new Store("a");\n${listening(`socket.on("a", (f) => f(new Store("b").path("c"), shared.path("d")));`)}`,
    ],
    [
      "a shared map",
      `const m = io.shared("m");\n${listening(`socket.on("a", async (x, f) => { await m.set(x, 1); await m.delete("y"); f(await m.count()); });`)}`,
    ],
    [
      "of Node's own server",
      `let open = 0;\nserver.on("connection", (tcp) => { open++; tcp.on("close", () => open--); });\nserver.on("listening", () => console.log(open));`,
    ],
    [
      "of another class with the same field",
      `class A { list = []; } class B { list = []; add(x) { this.list.push(x); return this.list; } }\nconst a = new A();\n${listening(`socket.on("a", (x, f) => f(new B().add(x), a.list));`)}`,
    ],
  ])("is not: %s", (_, text) => {
    expect(found(text)).toEqual([]);
  });
});

it("follows imports and requires into the app's own files, and names their lines", () => {
  expect(
    found(
      `const { add, count } = require("./people");\n${listening(`socket.on("a", (x, f) => { add(x); f(count()); });`)}`,
      {
        "people.js": `\nconst people = [];\nconst add = (x) => people.push(x);\nmodule.exports = { add, count: () => people.length };\n`,
      },
    ),
  ).toEqual(["people.js:2 module-state people"]);
  const entry = appOf({
    "server.ts": `import { Server } from "nonsticky";\nimport * as store from "./store.js";\nexport const io = new Server();\n${listening(`socket.on("a", (x: string, f: (n: number) => void) => { store.people.push(x); f(store.people.length); });`)}`,
    "store.ts": `export const people: string[] = [];\n`,
  });
  expect(diagnose(entry)).toMatchObject([
    { file: path.join(path.dirname(entry), "store.ts"), line: 1, name: "people" },
  ]);
});

describe("a handler that is registered", () => {
  const n = "let n = 0;\n";
  const counting = "(f) => f(++n)";

  it.each([
    [
      "by a loop over the entries of an object",
      `const all = { a: ${counting}, b(f) { f(n); } };\n${listening(`for (const [name, handler] of Object.entries(all)) socket.on(name, handler);`)}`,
    ],
    [
      "by forEach over them",
      `const all = { a: ${counting} };\n${listening(`Object.entries(all).forEach(([name, handler]) => socket.on(name, (...args) => handler(...args)));`)}`,
    ],
    [
      "by its name in an object",
      `const all = { a: ${counting} };\n${listening(`for (const name of Object.keys(all)) socket.on(name, all[name]);`)}`,
    ],
    [
      "out of a list of objects",
      `const all = [{ event: "a", run: ${counting} }];\n${listening(`all.forEach((one) => socket.on(one.event, one.run));`)}`,
    ],
    [
      "out of a list of objects that are taken apart",
      `const all = [{ event: "a", run: ${counting} }];\n${listening(`for (const { event, run } of all) socket.on(event, run);`)}`,
    ],
    [
      "out of a list of pairs",
      `const all = [["a", ${counting}]];\n${listening(`for (const [event, run] of all) socket.on(event, run);`)}`,
    ],
    [
      "by functions of a list that get the socket",
      `const install = (socket) => socket.on("a", ${counting});\n${listening(`for (const one of [install]) one(socket);`)}`,
    ],
    [
      "bound to the socket",
      `const all = { a: ${counting} };\n${listening(`Object.entries(all).forEach(([name, handler]) => socket.on(name, handler.bind(socket)));`)}`,
    ],
  ])("%s is followed", (_, text) => {
    expect(found(n + text)).toEqual(["server.js:4 module-state n"]);
  });

  it.each([
    ["names", `exports.a = ${counting};`],
    ["an object", `module.exports = { a: ${counting} };`],
  ])("out of the exports of a module, as %s, is followed", (_, exported) => {
    const text = `const all = require("./all");\n${listening(`for (const [name, handler] of Object.entries(all)) socket.on(name, handler);`)}`;
    expect(found(text, { "all.js": `let n = 0;\n${exported}` })).toEqual(["all.js:1 module-state n"]);
  });

  it.each([
    [
      "a class",
      `class Counter implements Handler { run(f: (n: number) => void) { f(++n); } }\nconst all: Handler[] = [new Counter()];`,
    ],
    ["an object", `const counter: Handler = { run: (f) => f(++n) };\nconst all: Handler[] = [counter];`],
    ["a list", `const all: Handler[] = [{ run: (f) => f(++n) }];`],
    [
      "a class of an abstract one",
      `class Counter extends Base { run(f: (n: number) => void) { f(++n); } }\nconst all: Base[] = [new Counter()];`,
    ],
  ])("and that an interface only names is followed to %s", (_, made) => {
    const entry = appOf({
      "server.ts": `import { Server } from "socket.io";
interface Handler { run(f: (n: number) => void): void; }
abstract class Base { abstract run(f: (n: number) => void): void; }
let n = 0;
${made}
const io = new Server(3000);
io.on("connection", (socket) => { for (const one of all) socket.on("a", (f) => one.run(f)); });
`,
    });
    expect(diagnose(entry)).toMatchObject([{ line: 4, pattern: "module-state", name: "n" }]);
  });
});

describe("a habit of a process that stays", () => {
  it.each<[string, string, string[]]>([
    [
      "a loop of the module that emits",
      `setInterval(() => io.emit("tick"), 100);`,
      ["server.js:4 timer setInterval"],
    ],
    [
      "a loop of the listener",
      listening(
        `const t = setInterval(() => socket.emit("tick"), 100);\nsocket.on("disconnect", () => clearInterval(t));`,
      ),
      ["server.js:5 timer setInterval"],
    ],
    [
      "a timer of a handler that emits later",
      listening(`socket.on("a", () => { setTimeout(() => socket.emit("b"), 100); });`),
      ["server.js:5 timer setTimeout"],
    ],
    [
      "a schedule in the process",
      `require("node-cron").schedule("* * * * *", () => io.emit("tick"));`,
      ['server.js:4 timer require("node-cron").schedule'],
    ],
    [
      "a subscription in the listener",
      `const bus = require("./bus");\n${listening(`bus.on("x", (x) => socket.emit("x", x));`)}`,
      ["server.js:6 subscription bus.on"],
    ],
    [
      "a subscription of the module",
      `const sub = require("redis").createClient();\nsub.subscribe("x", (x) => io.emit("x", x));`,
      ["server.js:5 subscription sub.subscribe"],
    ],
    [
      "a subscription of the module to an emitter of the app that something else than packets emits by",
      `const bus = new (require("events"))();\nrequire("redis").createClient().subscribe("x", (x) => bus.emit("x", x));\nbus.on("x", (x) => io.emit("x", x));`,
      ["server.js:6 subscription bus.on"],
    ],
    [
      "a subscription to an emitter of the app, in the listener",
      `const bus = new (require("events"))();\n${listening(`bus.on("x", (x) => socket.emit("x", x)); socket.on("a", () => bus.emit("x"));`)}`,
      ["server.js:6 subscription bus.on"],
    ],
    [
      "what a listener of an emitter of the app changes for handlers that emit by it",
      `const bus = new (require("events"))(); let n = 0;\nbus.on("x", () => { n += 1; });\n${listening(`socket.on("a", (f) => { bus.emit("x"); f(n); });`)}`,
      ["server.js:4 module-state n"],
    ],
    [
      "a write in the listener",
      `const db = require("./db");\n${listening(`db.visits.insertOne({ id: socket.id });`)}`,
      ["server.js:6 listener-effect db.visits.insertOne"],
    ],
    [
      "an adapter",
      `io.adapter(require("@socket.io/redis-adapter").createAdapter());`,
      ['server.js:4 adapter io.adapter(require("@socket.io/redis-adapter").createAdapter'],
    ],
    [
      "the rooms of an adapter",
      listening(`socket.on("a", (r, f) => f(io.of("/").adapter.rooms.get(r).size));`),
      [`server.js:5 adapter io.of("/").adapter`],
    ],
    [
      "the map of sockets",
      listening(`socket.on("a", (f) => f(io.sockets.sockets.size));`),
      ["server.js:5 local-sockets io.sockets.sockets"],
    ],
    [
      "the count of clients",
      listening(`socket.on("a", (f) => f(io.engine.clientsCount));`),
      ["server.js:5 local-sockets io.engine.clientsCount"],
    ],
    [
      "a session in memory",
      `const session = require("express-session");\nrequire("express")().use(session({ secret: "x" }));`,
      ["server.js:5 session session"],
    ],
    [
      "a promise that nobody awaits",
      listening(`socket.on("a", (x) => { fetch("http://x/" + x).then(() => socket.emit("b")); });`),
      [`server.js:5 floating-promise fetch("http://x/" + x).then`],
    ],
    [
      "a file that a handler writes",
      `const fs = require("fs");\n${listening(`socket.on("a", (x) => fs.writeFileSync("a.json", x));`)}`,
      ["server.js:6 local-file fs.writeFileSync"],
    ],
    [
      "bytes from clients",
      listening(`socket.on("a", (x) => { if (Buffer.isBuffer(x)) socket.emit("b"); });`),
      ["server.js:5 binary-sender x"],
    ],
  ])("is named: %s", (_, text, expected) => {
    expect(
      found(text, {
        "bus.js": `module.exports = new (require("events"))();`,
        "db.js": `module.exports = { visits: require("mongodb").collection };`,
      }),
    ).toEqual(expected);
  });

  it.each<[string, string]>([
    ["an adapter that is looked at", listening(`console.log(io.of("/").adapter);`)],
    ["rooms that are told of", `io.of("/").adapter.on("create-room", (room) => io.emit("room", room));`],
    [
      "timers of the table",
      `const t = io.timer("t", async () => io.emit("late"));\nio.every("e", 1000, () => io.emit("tick"));\n${listening(`socket.on("a", () => t.set("k", { in: 10 }));`)}`,
    ],
    [
      "a pause",
      listening(`socket.on("a", async (f) => { await new Promise((r) => setTimeout(r, 10)); f(); });`),
    ],
    [
      "a time limit",
      listening(
        `socket.on("a", async (f) => { const c = new AbortController(); const t = setTimeout(() => c.abort(), 10); clearTimeout(t); f(); });`,
      ),
    ],
    ["a log line now and then", `setInterval(() => console.log(process.memoryUsage().rss), 1000);`],
    ["a signal", `process.on("SIGTERM", () => io.emit("bye"));`],
    [
      "handlers of the socket and of its connection",
      listening(`socket.conn.on("upgrade", () => socket.emit("b"));\nsocket.on("a", () => {});`),
    ],
    [
      "a write that is guarded",
      `const db = require("mongodb").collection;\n${listening(`if (!socket.recovered) db.insertOne({});`)}`,
    ],
    [
      "a session with a store",
      `const session = require("express-session");\nsession({ secret: "x", store: new Map() });`,
    ],
    [
      "the namespace by its older name",
      listening(
        `socket.on("a", () => io.sockets.emit("b"));\nsocket.on("b", () => io.sockets.in("r").emit("c"));`,
      ),
    ],
    [
      "promises that are awaited or returned",
      listening(
        `socket.on("a", async (x) => { await fetch(x).then(String); });\nsocket.on("b", (x) => fetch(x).then(() => socket.emit("c")));`,
      ),
    ],
    [
      "promises of the library",
      listening(
        `socket.on("a", (f) => { io.fetchSockets().then((all) => f(all.length)); socket.join("x"); });`,
      ),
    ],
    [
      "a function that awaits the library alone",
      `async function tell(room) { const all = await io.in(room).fetchSockets(); io.to(room).emit("n", all.length); }\n${listening(`socket.on("a", (r) => { tell(r); });`)}`,
    ],
    [
      "a file that is read",
      `const fs = require("fs");\n${listening(`socket.on("a", (f) => f(fs.readFileSync("a.json", "utf8")));`)}`,
    ],
    [
      "a listener of an emitter of the app, which handlers emit by",
      `const { EventEmitter } = require("node:events"); const bus = new EventEmitter();\nbus.on("saved", (x) => io.emit("saved", x));\n${listening(`socket.on("a", (x) => { bus.emit("saved", x); });`)}`,
    ],
    [
      "a listener of an emitter that is a field, and one of another event that nobody hears",
      `class Game extends require("events") {}\nconst app = { game: new Game() };\napp.game.addListener("won", (x) => io.emit("won", x));\nsetInterval(() => app.game.emit("tick"), 9);\n${listening(`socket.on("a", (x) => { app.game.emit("won", x); });`)}`,
    ],
  ])("is not: %s", (_, text) => {
    expect(found(text)).toEqual([]);
  });
});
