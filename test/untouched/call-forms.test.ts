import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { serve, type TestServer } from "nonsticky/testing";
import { Clients } from "../testing/clients.ts";

const clients = new Clients();
let directory: string;
let server: TestServer | undefined;

beforeAll(async () => {
  // Where packages of this repository are found.
  directory = await mkdtemp(path.join(import.meta.dirname, "apps/written-"));
});
afterEach(async () => {
  clients.closeAll();
  await server?.close();
  server = undefined;
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function start(
  name: string,
  source: string,
  { instances = 1, replace = ["socket.io"] }: { instances?: number; replace?: string[] } = {},
): Promise<TestServer> {
  const file = path.join(directory, name);
  await writeFile(file, source);
  server = await serve(file, { replace, instances });
  return server;
}

const ask = (options = {}): Promise<unknown> =>
  clients.connect(server!.url, options).timeout(8_000).emitWithAck("ask");

const answers = `io.on("connection", (socket) => socket.on("ask", (answer) => answer("yes")));`;
const route = `(request, response) => response.end("page")`;

describe("an untouched app", () => {
  it.each([
    [
      "new Server(httpServer)",
      `const server = http.createServer(${route}); const io = new Server(server, {}); ${answers} server.listen(3000);`,
    ],
    [
      "new Server(httpServer), which listens already",
      `const server = http.createServer(${route}).listen(3000); const io = new Server(server); ${answers}`,
    ],
    [
      "require(…)(httpServer)",
      `const server = http.createServer(${route}); const io = require("socket.io")(server); ${answers} server.listen(3000, "0.0.0.0", 10, () => {});`,
    ],
    [
      "io.attach",
      `const server = http.createServer(); const io = new Server(); io.attach(server); server.on("request", ${route}); ${answers} server.listen({ port: 3000 });`,
    ],
    [
      "io.listen",
      `const server = http.createServer(${route}); const io = require("socket.io")(); io.listen(server, { cors: { origin: "*" } }); ${answers} server.listen(3000);`,
    ],
    [
      "handlers bound when it listens",
      `const server = http.createServer(${route}); const io = new Server(server); server.listen(3000, () => setTimeout(() => { ${answers} }));`,
    ],
    [
      "a start that takes its time",
      `setTimeout(() => { const server = http.createServer(${route}); const io = new Server(server); setTimeout(() => { ${answers} server.listen(3000); }, 50); }, 50);`,
    ],
  ])("is found and served beside its routes: %s", async (_, source) => {
    const { url } = await start(
      "routes.cjs",
      `const http = require("http"); const { Server } = require("socket.io"); ${source}`,
    );

    expect(await ask()).toBe("yes");
    expect(await (await fetch(`${url}/page`)).text()).toBe("page");
  });

  it.each([
    [
      "new Server(3000)",
      "cjs",
      `const { Server } = require("socket.io"); const io = new Server(3000); ${answers}`,
    ],
    ["new Server() and listen", "cjs", `const io = require("socket.io")(); ${answers} io.listen("3000");`],
    ["an import", "mjs", `import { Server } from "socket.io"; const io = new Server(3000, {}); ${answers}`],
    [
      "an import after which it waits",
      "mjs",
      `import { Server } from "socket.io"; await new Promise(setImmediate); const io = new Server(3000); ${answers}`,
    ],
    [
      "a default import, as TypeScript has it",
      "ts",
      `import socketio from "socket.io"; const io = (socketio as any)(3000); ${answers.replace("socket)", "socket: any)").replace("answer)", "answer: any)")}`,
    ],
    [
      "all that is exported",
      "cjs",
      `const { Server } = require("socket.io"); const io = (module.exports = new Server(3000)); ${answers} new Server(4000);`,
    ],
    [
      "its exports",
      "cjs",
      `const { Server } = require("socket.io"); const io = (exports.io = new Server(3000)); ${answers} new Server(4000);`,
    ],
    [
      "the default export",
      "mjs",
      `import { Server } from "socket.io"; const io = new Server(3000); ${answers} export default io;`,
    ],
  ])("is found and served without routes: %s", async (_, extension, source) => {
    const { url } = await start(`plain.${extension}`, source);

    expect(await ask({ transports: ["websocket"] })).toBe("yes");
    expect((await fetch(url)).status).toBe(404);
  });

  it("hears that its server listens, where, and that it closes", async () => {
    await start(
      "listening.cjs",
      `const server = require("http").createServer(); const io = require("socket.io")(server);
       server.listen(3456, () => {
         const told = [server.listening, server.address().port];
         server.close(() => told.push(server.listening, server.address()));
         io.on("connection", (socket) => socket.on("ask", (answer) => answer(told)));
       });`,
    );

    expect(await ask()).toEqual([true, 3456, false, null]);
  });

  it("keeps its own path, and what is given to attach", async () => {
    const { url } = await start(
      "path.cjs",
      `const io = require("socket.io")(3000, { path: "/chat" }); ${answers}`,
    );

    expect(await ask({ path: "/chat" })).toBe("yes");
    expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(404);
  });

  it("is loaded once an instance, with every file and package that it imports", async () => {
    await writeFile(path.join(directory, "counter.cjs"), "let count = 0; module.exports = () => ++count;");
    await writeFile(path.join(directory, "counter.mjs"), "let count = 0; export const next = () => ++count;");
    await start(
      "counting.mjs",
      `import { Server } from "socket.io"; import ms from "ms"; import count from "./counter.cjs"; import { next } from "./counter.mjs";
       const io = new Server(3000); let own = 0;
       io.on("connection", (socket) => socket.on("ask", (answer) => {
         ms.asked = (ms.asked ?? 0) + 1;
         answer([++own, count(), next(), ms.asked]);
       }));`,
      { instances: 3 },
    );
    const client = clients.connect(server!.url);
    const counts: number[][] = [];
    for (let times = 0; times < 6; times += 1)
      counts.push((await client.timeout(8_000).emitWithAck("ask")) as number[]);

    for (const row of counts) expect(new Set(row).size).toBe(1);
    // Six packets, and no copy has seen all of them.
    expect(counts.filter(([own]) => own === 1).length).toBeGreaterThan(1);
  });

  it("leaves other servers of the test alone", async () => {
    await start("alone.cjs", `const io = require("socket.io")(3000); ${answers}`);
    const { createServer } = await import("node:http");
    const other = createServer((_, response) => response.end("other")).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };

    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("other");
    await new Promise((resolve) => other.close(resolve));
  });

  it.each([
    [
      "makes two servers and exports neither",
      `const { Server } = require("socket.io"); new Server(3000); new Server(4000);`,
      { code: "config.several_apps" },
    ],
    ["makes none", `exports.a = 1;`, { code: "config.no_app" }],
    ["throws while it is loaded", `throw new Error("my own mistake");`, { message: "my own mistake" }],
    [
      "rejects while it is loaded",
      `exports.io = null; require("./no-such-file");`,
      { code: "testing.no_app" },
    ],
    ["does not parse", `const = 1;`, { code: "testing.no_app" }],
  ])("is refused when it %s", async (_, source, error) => {
    await expect(start("wrong.cjs", source)).rejects.toMatchObject(error);
  });

  it.each([
    [
      "where nothing is replaced, and says what to replace",
      [],
      'got neither; a Server of socket.io\'s is one where that is replaced: --replace socket.io, elsewhere the option replace: ["socket.io"]',
    ],
    ["with no such hint where it is", ["socket.io"], "got neither"],
  ])("is refused when it makes no server, %s", async (_, replace, message) => {
    const source =
      replace.length === 0 ? `new (require("socket.io").Server)(require("http").createServer());` : "";

    await expect(start(`none-${replace.length}.cjs`, source, { replace })).rejects.toMatchObject({
      code: "config.no_app",
      message: `expected the app to make a \`new Server()\`, or its module to export \`io\` or \`engine\`, ${message}`,
    });
  });

  it("is refused when there is no such file", async () => {
    await expect(serve("no/such.ts")).rejects.toMatchObject({ code: "testing.no_app" });
  });
});
