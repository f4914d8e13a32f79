import { describe, expect, it } from "vitest";
import { diagnose } from "../../infra/doctor/doctor.ts";
import { appOf } from "./app-files.ts";

const head = `const { Server } = require("socket.io");\nconst io = new Server(3000);\n`;

function found(text: string, file = "server.js", opening = head): readonly string[] {
  return diagnose(appOf({ [file]: opening + text })).map(
    ({ line, pattern, name }) => `${line} ${pattern} ${name}`,
  );
}

const typed = `import { Server, Socket } from "socket.io";\nconst io = new Server(3000);\n`;
const handlers = `this.s.on("add", () => { this.count += 1; }); this.s.on("get", (f) => f(this.count));`;

describe("what an object keeps that a connection makes for itself", () => {
  it.each([
    ["its constructor was given", `constructor(s) { this.s = s; this.count = 0; ${handlers} }`],
    ["a method of it listens to", `constructor(s) { this.s = s; this.count = 0; } start() { ${handlers} }`],
    [
      "a method of it takes out of it",
      `constructor(s) { this.socket = s; this.count = 0; } start() { const { socket } = this; socket.on("add", () => this.add()); socket.on("get", (f) => f(this.count)); } add() { this.count += 1; }`,
    ],
  ])("is found, whose socket %s", (_, body) => {
    const app = `class Connection { ${body} }\nio.on("connection", (s) => new Connection(s).start?.());`;

    expect(found(app)).toEqual(["3 listener-variable this.count"]);
  });

  it("is found where the socket is a parameter of its own", () => {
    const app = `class Connection { count = 0; constructor(private readonly s: Socket) { this.s.on("add", () => { this.count += 1; }); this.s.on("get", (f) => f(this.count)); } }
io.on("connection", (one) => new Connection(one));`;

    expect(found(app, "server.ts", typed)).toEqual(["3 listener-variable this.count"]);
  });
});

describe("what an object keeps that another was given", () => {
  const presence = `class Presence { constructor() { this.total = 0; } join() { this.total += 1; } }\n`;

  it.each([
    [
      "in its constructor",
      `class Gateway { constructor(p) { this.p = p; } init() { io.on("connection", (s) => { s.on("in", () => this.p.join()); s.on("get", (f) => f(this.p.total)); }); } }
new Gateway(new Presence()).init();`,
    ],
    [
      "by way of another",
      `class Gateway { constructor(p) { this.p = p; } init() { io.on("connection", (s) => { s.on("in", () => this.p.join()); s.on("get", (f) => f(this.p.total)); }); } }
function start(presence) { new Gateway(presence).init(); }
start(new Presence());`,
    ],
    [
      "as a parameter",
      `function listen(p) { io.on("connection", (s) => { s.on("in", () => p.join()); s.on("get", (f) => f(p.total)); }); }
listen(new Presence());`,
    ],
  ])("is found: %s", (_, app) => {
    expect(found(presence + app)).toEqual(["3 module-state this.total"]);
  });

  it("is found where that other one changes it by itself", () => {
    const app = `class Gateway { constructor() { this.history = []; } }
class Connection { constructor(gw, s) { this.gw = gw; this.s = s; } start() { const { gw } = this; this.s.on("say", (t) => this.gw.history.push(t)); this.s.on("get", (f) => f(gw.history.length)); } }
const gw = new Gateway();
io.on("connection", (s) => new Connection(gw, s).start());`;

    expect(found(app)).toEqual(["3 module-state this.history"]);
  });

  it("is nobody's where nothing was given", () => {
    const app = `function listen(p) { io.on("connection", (s) => { s.on("in", () => p.join()); }); }\nmodule.exports = listen;`;

    expect(found(presence + app)).toEqual([]);
  });
});
