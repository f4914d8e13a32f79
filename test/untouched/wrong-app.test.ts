import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLocal, type LocalRuntime } from "../../infra/local/local.ts";
import { Clients, next } from "../testing/clients.ts";

const clients = new Clients();
const lines: string[] = [];
let directory: string;
let runtime: LocalRuntime;

beforeAll(async () => {
  directory = await mkdtemp(path.join(import.meta.dirname, "apps/written-"));
  const app = path.join(directory, "leaving.cjs");
  await writeFile(
    app,
    `const app = require("express")();
app.get(["/socket.io/stats"], (request, response) => response.end("stats"));
app.get("/socket.io/state", (request, response) => response.end("state"));
app.get("/dev/page", (request, response) => response.end("page of dev"));
app.use(leaveByRoute);
const server = require("http").createServer(app);
const io = require("socket.io")(server);
function leaveByRoute(request, response) {
  if (request.url === "/exit") process.exit(3);
  response.end("page");
}
io.on("connection", (socket) => {
  socket.on("exit", function leaveByHandler() { process.exit(4); });
  socket.on("ask", (answer) => answer("yes"));
});
server.listen(3000);`,
  );
  runtime = await startLocal({ app, replace: ["socket.io"], log: (line) => lines.push(line) });
}, 60_000);
afterAll(async () => {
  clients.closeAll();
  await runtime?.stop();
  await rm(directory, { recursive: true, force: true });
});

const told = (caller: string): string[] =>
  lines.filter((line) => line.includes('"core.process_ended"') && line.includes(caller));

describe("an app that goes wrong", { timeout: 60_000 }, () => {
  it("and ends its process in a route is told with the line that does, its client hears 500, and the next request is answered", async () => {
    const response = await fetch(`${runtime.url}/exit`);

    expect(response.status).toBe(500);
    expect(told("leaveByRoute")).toHaveLength(1);
    expect(told("leaveByRoute")[0]).toMatch(/"exitCode":3/);
    expect(lines).toContainEqual("http Runtime exited with code 3");
    expect(await (await fetch(`${runtime.url}/`)).text()).toBe("page");
  });

  it("is told once of routes that its clients' path hides, and the stage hides none", async () => {
    expect(lines.filter((line) => line.includes("nobody gets there"))).toEqual([
      "expected the routes of the app to be elsewhere than /socket.io, whose requests are its clients', got /socket.io/stats, /socket.io/state: nobody gets there",
    ]);
    expect((await fetch(`${runtime.url}/socket.io/state`)).status).toBe(400);
    expect(await (await fetch(`${runtime.url}/dev/page`)).text()).toBe("page of dev");
  });

  it("and ends its process in a handler is told, the client it was about is closed, and others are served", async () => {
    const [one, other] = [clients.connect(runtime.url), clients.connect(runtime.url)];
    const ask = (client: typeof one) => client.timeout(8_000).emitWithAck("ask");
    await Promise.all([ask(one), ask(other)]);
    const closed = next(one, "disconnect");

    one.emit("exit");

    await closed;
    expect(told("leaveByHandler")).toHaveLength(1);
    expect(await ask(other)).toBe("yes");
  });
});
