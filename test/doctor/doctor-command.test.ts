import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { diagnose } from "../../infra/doctor/doctor.ts";
import { DoctorError } from "../../infra/doctor/doctor-error.ts";
import { parseDoctorOptions } from "../../infra/doctor/doctor-options.ts";
import { toText } from "../../infra/doctor/report.ts";
import { heal } from "../../infra/doctor/doctor-command.ts";
import { appOf } from "./app-files.ts";

const root = path.resolve(import.meta.dirname, "../..");

function doctor(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "bin/nonsticky.ts", "doctor", ...args],
    { cwd: root, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const counting = `const io = require("socket.io")(3000);
let n = 0;
io.on("connection", (socket) => {
  let isNamed = false;
  socket.on("name", (name, done) => {
    if (!isNamed) n += 1;
    isNamed = true;
    done({ n, isNamed });
  });
});
`;

it("ends with 1 where something is, and says it as JSON", () => {
  const file = appOf({ "a.js": counting });

  const { status, stdout } = doctor(file, "--json");

  const findings = [
    {
      file: path.relative(root, file),
      line: 2,
      pattern: "module-state",
      name: "n",
      message: expect.stringMatching(/^n is changed by "name" in line 6; /),
    },
    {
      file: path.relative(root, file),
      line: 4,
      pattern: "listener-variable",
      name: "isNamed",
      message: expect.stringContaining("socket.data.isNamed"),
    },
  ];
  expect(JSON.parse(stdout)).toEqual({ findings });
  expect(status).toBe(1);
});

it("ends with 2 for a file that does not parse, and says where", () => {
  const { status, stdout, stderr } = doctor(appOf({ "a.js": "let x = ;\n" }), "--json");

  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^expected .*a\.js to parse, got at line 1, column 9: Expression expected\.\n$/);
});

it("shows the rewrite as a diff", () => {
  const text = toText(diagnose(appOf({ "a.js": counting })));

  expect(text).toContain("  - let isNamed = false;\n  + socket.data.isNamed ??= false;\n");
  expect(text).toMatch(/\n2 findings in 1 file; --fix rewrites 1 of them$/);
});

it("says so where nothing is found", () => {
  const clean = `require("socket.io")(3000).on("connection", (socket) => socket.on("a", (f) => f(1)));\n`;

  expect(toText(diagnose(appOf({ "a.js": clean })))).toBe(
    "nothing found: what of the app can be followed relies on no process that stays; nonsticky dev looks while it runs",
  );
});

it.each<[string, readonly string[], string]>([
  ["no file", [], "expected one module to look at, got 0"],
  ["two files", ["a.js", "b.js"], "expected one module to look at, got 2"],
  [
    "an option that does not exist",
    ["a.js", "--colour"],
    "expected the options below, got: Unknown option '--colour'",
  ],
])("refuses %s", (_, args, message) => {
  expect(() => parseDoctorOptions(args)).toThrow(message);
});

it.each<[string, string, string]>([
  ["a file that is not there", "nowhere.js", "expected a module, got nowhere.js, which does not exist"],
  ["a folder", "infra", "expected a module, got infra, which is none"],
  ["something else than code", "README.md", "expected a module of JavaScript or TypeScript, got README.md"],
])("refuses %s", (_, file, message) => {
  expect(() => diagnose(file)).toThrow(new DoctorError(message));
});

it("rewrites what is mechanical, and returns the rest", () => {
  const file = appOf({
    "a.js": `const io = require("socket.io")(3000);
io.adapter(require("@socket.io/redis-adapter").createAdapter());
io.on("connection", (socket) => {
  let name;
  socket.on("name", (value) => {
    name = value;
  });
  socket.on("whisper", async (id, text, done) => {
    io.sockets.sockets.get(id).emit("whisper", { name, text });
    done(io.engine.clientsCount, io.sockets.adapter.rooms.get(id)?.size || 0);
  });
  socket.on("kick", (id) => io.sockets.sockets.get(id).disconnect(true));
  socket.on("count", (done) => done(io.sockets.sockets.size));
});
`,
  });

  expect(heal(file)).toMatchObject([{ line: 11, pattern: "local-sockets" }]);
  expect(readFileSync(file, "utf8")).toBe(`const io = require("socket.io")(3000);
io.on("connection", (socket) => {
  socket.on("name", (value) => {
    socket.data.name = value;
  });
  socket.on("whisper", async (id, text, done) => {
    io.to(id).emit("whisper", { name: socket.data.name, text });
    done((await io.fetchSockets()).length, (await io.in(id).count()));
  });
  socket.on("kick", (id) => io.in(id).disconnectSockets(true));
  socket.on("count", (done) => done(io.sockets.sockets.size));
});
`);
});

const listening = (body: string): string =>
  `require("socket.io")(1).on("connection", (socket) => {\n${body}\n});\n`;

it.each<[string, string, RegExp]>([
  [
    "an instance of a class",
    `let a = null;
  class User { greet() {} }
  socket.on("in", () => { a = new User(); });
  socket.on("x", (f) => f(a.name));`,
    /socket\.data keeps what JSON gives back, and it holds an instance of User in line 4: keep there the data that it is made of, and make it again in each handler$/,
  ],
  [
    "an instance of a class of a package",
    `const { Chess } = require("chess.js");
  let a;
  socket.on("in", () => { a = new Chess(); });
  socket.on("x", (f) => f(a && 1));`,
    /it holds a Chess in line 4: keep there the data that it is made of, and make it again/,
  ],
  [
    "what is called a method of that no data has",
    `let a = null;
  socket.on("in", async (id) => { a = await require("./users").find(id); });
  socket.on("x", (f) => f(a.board.draw()));`,
    /it holds something with a method draw in line 4: keep there the data/,
  ],
  [
    "what is compared to a class",
    `let a = null;
  socket.on("in", (x) => { a = x; });
  socket.on("x", (f) => f(a instanceof Error));`,
    /it holds an instance of Error in line 4: keep there the data/,
  ],
  [
    "a Map",
    `let a = null;
  socket.on("in", () => { a = new Map(); });
  socket.on("x", (f) => f(a.size));`,
    /it holds a Map in line 3: keep an object or a list in socket\.data\.a, or text\. With --keep the app stays as it is$/,
  ],
  [
    "a Map that it is from the first",
    `const a = new Map();
  socket.on("in", (x) => { a.set(x, 1); });
  socket.on("x", (f) => f([...a]));`,
    /it holds a Map in line 2: keep an object or a list in socket\.data\.a, or text\. With --keep/,
  ],
  [
    "a Date in a list",
    `let a = [];
  socket.on("in", () => { a.push(new Date()); });
  socket.on("x", (f) => f(a));`,
    /it holds a Date in line 3: keep an object or a list in socket\.data\.a, or text\. With --keep/,
  ],
  [
    "a function",
    `let a = null;
  socket.on("in", (n) => { a = () => n; });
  socket.on("x", (f) => f(a && 1));`,
    /it holds a function in line 3: keep there what it needs to know, and call a function of the module$/,
  ],
  [
    "an acknowledgement that is called later",
    `let a = null;
  socket.on("in", (x, ack) => { a = ack; });
  socket.on("x", (f) => { a("done"); f(); });`,
    /it holds a function in line 4: keep there what it needs to know/,
  ],
  [
    "a timer",
    `let a = null;
  socket.on("in", () => { a = setTimeout(() => {}, 5); });
  socket.on("x", (f) => { clearTimeout(a); f(); });`,
    /it holds a timer in line 3: keep there the data|it holds a timer in line 3/,
  ],
  [
    "a socket",
    `let a = null;
  socket.on("in", () => { a = socket; });
  socket.on("x", (f) => f(a.id));`,
    /And it holds a socket in line 3, of which no other packet has any use: let it join a room, and send to the room$/,
  ],
  [
    "a socket in an object",
    `let a = {};
  socket.on("in", () => { a = { with: socket }; });
  socket.on("x", (f) => f(a));`,
    /And it holds a socket in line 3/,
  ],
  [
    "a bigint",
    `let a = 0n;
  socket.on("in", () => { a += 1n; });
  socket.on("x", (f) => f(String(a)));`,
    /it holds a bigint in line 2/,
  ],
])("leaves a variable of the listener alone that holds %s, and says why", (_, body, message) => {
  const text = listening(body);
  const file = appOf({ "a.js": text });

  const found = heal(file).filter(({ pattern }) => pattern === "listener-variable");

  expect(found).toMatchObject([{ name: "a", message: expect.stringMatching(message) as string }]);
  expect(readFileSync(file, "utf8")).toBe(text);
});

it("says of objects of a class that io.shared gives back their fields alone", () => {
  const text = `class User { greet() {} }\nconst users = {};\n${listening(`socket.on("in", (id, f) => { users[id] = new User(); f(users); });`)}`;

  expect(diagnose(appOf({ "a.js": text }))).toMatchObject([
    {
      pattern: "module-state",
      message: expect.stringMatching(
        /Keep it in io\.shared\("users"\), or in socket\.data .*, and put plain data in: an instance of User in line 4 would come back without its methods$/,
      ) as string,
    },
  ]);
});

it("leaves a variable alone whose type is a class, in TypeScript, and rewrites one that is an interface", () => {
  const text = `import { Server } from "socket.io";
import { find, type Profile, type User } from "./users.ts";
new Server(1).on("connection", (socket) => {
  let user: User | null = null;
  let profile: Profile | null = null;
  socket.on("in", async (id: string) => {
    user = await find(id);
    profile = user.profile;
  });
  socket.on("x", (f) => f(user, profile));
});
`;
  const users =
    "export interface Profile { name: string }\nexport class User { profile: Profile = { name: '' } }\n" +
    "export const find = async (id: string): Promise<User> => new User();\n";
  const file = appOf({ "a.ts": text, "users.ts": users });

  expect(heal(file)).toMatchObject([
    {
      pattern: "listener-variable",
      name: "user",
      message: expect.stringContaining("an instance of User") as string,
    },
  ]);
  expect(readFileSync(file, "utf8")).toContain("  socket.data.profile ??= null;\n");
});

it.each<[string, string]>([
  [
    "text, lists and numbers with their own methods",
    `let a = []; socket.on("x", (f) => { a.push("b".trim()); f(a.join()); });`,
  ],
  [
    "what came in a packet",
    `let a = null; socket.on("x", (y, f) => { a = { ...y, at: Date.now() }; f(a.name.toUpperCase()); });`,
  ],
  [
    "an awaited answer",
    `let a; socket.on("x", async (id, f) => { a = await fetch(id).then((r) => r.json()); f(a.name); });`,
  ],
])("rewrites a variable that holds %s", (_, body) => {
  const file = appOf({ "a.js": listening(body) });

  expect(heal(file)).toEqual([]);
  expect(readFileSync(file, "utf8")).toContain("socket.data.a");
});

it.each<[string, string]>([
  ["beside another", "let a = 1, b = 2; socket.on('x', (f) => { a += 1; f(a, b); });"],
  ["with a value that JSON has not", "let a = new Date(); socket.on('x', (f) => { f(a); a = 2; });"],
  ["whose name is taken", "let a = 1; socket.on('x', (f) => { a += 1; f(a, socket.data.a); });"],
  [
    "where socket means another",
    "let a = 1; socket.on('x', (f) => { for (const one of [1]) ((socket) => { a += 1; f(a); })(one); });",
  ],
])("leaves a variable alone %s", (_, body) => {
  const text = `require("socket.io")(1).on("connection", (socket) => { ${body} });\n`;
  const file = appOf({ "a.js": text });

  expect(heal(file)).toMatchObject([{ pattern: "listener-variable", name: "a" }]);
  expect(readFileSync(file, "utf8")).toBe(text);
});
