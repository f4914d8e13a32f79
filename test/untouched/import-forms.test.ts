import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Server as HttpServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { serve } from "nonsticky/testing";
import { Clients } from "../testing/clients.ts";

/** Its `server` is handed to who runs it officially. */
const rest = `
  io.on("connection", (socket) => socket.on("ask", (answer) => answer("yes")));
  server.listen(0, () => globalThis.listened?.(server));`;

/** How an app comes to its server. */
const commonJs: Readonly<Record<string, string>> = {
  'require("socket.io")(server)': `const io = require("socket.io")(server);`,
  "require(`socket.io`)(server)": "const io = require(`socket.io`)(server);",
  'require("socket.io", …)(server)': `const io = require("socket.io", { cors: "*" })(server);`,
  'require("socket.io", …)(server), over lines': `const io = require(
    "socket.io", // options
    { pingTimeout: (1, 2) },
  )(server);`,
  'new require("socket.io")(server)': `const io = new require("socket.io")(server);`,
  'new (require("socket.io").Server)(server)': `const io = new (require("socket.io").Server)(server);`,
  'require("socket" + ".io")(server)': `const io = require("socket" + ".io")(server);`,
  'require?.("socket.io")(server)': `const io = require?.("socket.io")(server);`,
  'module.require("socket.io")(server)': `const io = module.require("socket.io")(server);`,
  "a require by another name": `const load = require; const io = load("socket.io")(server);`,
  "a require of a list": `const [io] = ["socket.io"].map((name) => require(name)(server));`,
  createRequire: `const io = require("module").createRequire(__filename)("socket.io")(server);`,
  "new sio.Server(server)": `const sio = require("socket.io"); const io = new sio.Server(server);`,
  "sio(server)": `const sio = require("socket.io"); const io = sio(server);`,
  "sio(port), attached": `const sio = require("socket.io"); const io = sio(); io.attach(server);`,
  'import("socket.io")': `import("socket.io").then(({ Server }) => start(new Server(server)));
    function start(io) { ${rest} } return;`,
};
const modules: Readonly<Record<string, string>> = {
  "import { Server }": `import { Server } from "socket.io"; const io = new Server(server);`,
  "import * as sio": `import * as sio from "socket.io"; const io = new sio.Server(server);`,
  'await import("socket.io") in a module': `const { Server } = await import("socket.io"); const io = new Server(server);`,
  "createRequire in a module": `import { createRequire } from "node:module";
    const io = createRequire(import.meta.url)("socket.io")(server);`,
};
const typescript: Readonly<Record<string, string>> = {
  "import sio, by TypeScript": `import sio from "socket.io"; const io = sio(server);`,
  "import sio = require(…)": `import sio = require("socket.io"); const io = sio(server);`,
  "import { Server, type Socket }": `import { Server, type Socket } from "socket.io"; const io = new Server(server);`,
};
const works: readonly (readonly [form: string, extension: string, source: string])[] = [
  ...Object.entries(commonJs).map(
    ([form, text]) =>
      [form, "cjs", `const server = require("http").createServer(); ${text} ${rest}`] as const,
  ),
  ...Object.entries(modules).map(
    ([form, text]) =>
      [
        form,
        "mjs",
        `import http from "node:http"; const server = http.createServer(); ${text} ${rest}`,
      ] as const,
  ),
  ...Object.entries(typescript).map(
    ([form, text]) =>
      [form, "cts", `import http from "http"; const server = http.createServer(); ${text} ${rest}`] as const,
  ),
];

const clients = new Clients();
let directory: string;
let stop: (() => unknown) | undefined;

beforeAll(async () => {
  directory = await mkdtemp(path.join(import.meta.dirname, "apps/forms-"));
});
afterEach(async () => {
  clients.closeAll();
  await stop?.();
  stop = undefined;
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Not as Vite has it, whose own an `import` in this file would be. */
async function importByNode(file: string): Promise<unknown> {
  const importer = await write("cjs", "module.exports = (url) => import(url);");
  const byNode = createRequire(importer)(importer) as (url: string) => Promise<unknown>;
  return byNode(pathToFileURL(file).href);
}

let written = 0;
async function write(extension: string, source: string): Promise<string> {
  const file = path.join(directory, `app-${(written += 1)}.${extension}`);
  await writeFile(file, source);
  return file;
}

/** By Node, of whose modules the file is one; TypeScript's as its compiler has it. */
async function startOfficially(extension: string, source: string): Promise<string> {
  const compiled = () =>
    ts.transpileModule(source, {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        esModuleInterop: true,
        target: ts.ScriptTarget.ES2022,
      },
    }).outputText;
  const file = extension === "cts" ? await write("cjs", compiled()) : await write(extension, source);
  const scope = globalThis as { listened?: (server: HttpServer) => void };
  const listening = new Promise<HttpServer>((resolve) => (scope.listened = resolve));
  try {
    if (extension === "mjs") await importByNode(file);
    else createRequire(file)(file);
    const server = await listening;
    stop = () => {
      server.close();
      return once(server, "close");
    };
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  } finally {
    delete scope.listened;
  }
}

async function startHere(extension: string, source: string): Promise<string> {
  const { url, close } = await serve(await write(extension, source), { replace: ["socket.io"] });
  stop = close;
  return url;
}

const ask = (url: string): Promise<unknown> =>
  clients
    .connect(url, { transports: ["websocket"] })
    .timeout(8_000)
    .emitWithAck("ask");

it.each(works)("%s is a server here as officially", async (_, extension, source) => {
  expect(await ask(await startOfficially(extension, source))).toBe("yes");
  clients.closeAll();
  await stop?.();

  expect(await ask(await startHere(extension, source))).toBe("yes");
});

it.each([
  ["sio.default", `const io = require("socket.io").default(server);`],
  ["sio.listen", `const io = require("socket.io").listen(server);`],
  ["new sio", `const sio = require("socket.io"); const io = new sio(server);`],
])("%s is none, here as officially", async (_, text) => {
  const source = `const server = require("http").createServer(); ${text} ${rest}`;
  await expect(startOfficially("cjs", source)).rejects.toThrow(TypeError);
  await expect(startHere("cjs", source)).rejects.toThrow(/is not a (function|constructor)/);
});

it("names what may have come in the place of a server, where an import of a computed name has", async () => {
  const source = `import http from "node:http"; const server = http.createServer(); const name = "socket.io";
    const { Server } = await import(name); const io = new Server(server); ${rest}`;

  await expect(startHere("mjs", source)).rejects.toThrow(
    /got neither; socket\.io itself is loaded here: .*import\(\)/,
  );
});

it("leaves what the test itself requires alone", async () => {
  await startHere(
    "cjs",
    `const server = require("http").createServer(); const io = require("socket.io", 1)(server); ${rest}`,
  );
  const official = createRequire(import.meta.url)("socket.io") as object;

  expect(Object.keys(official)).toEqual(["Server", "Namespace", "Socket"]);
});
