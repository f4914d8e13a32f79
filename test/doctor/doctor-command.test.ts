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
