import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serve } from "nonsticky/testing";
import { Clients } from "../testing/clients.ts";

let folder: string;
const clients = new Clients();

/** What calls an app from behind functions of its own: bound, in closures, in a list, a moment later. */
const framework = `
const shared = { everything: [] };
exports.gateway = (io, gateway) => {
  shared.everything.push(gateway);
  const callbacks = Object.getOwnPropertyNames(Object.getPrototypeOf(gateway))
    .filter((name) => name !== "constructor")
    .map((name) => ({ name, callback: async (...args) => gateway[name].apply(gateway, args) }));
  io.on("connection", (socket) => {
    for (const { name, callback } of callbacks) {
      const bound = callback.bind(null);
      socket.on(name, (...args) => void Promise.resolve().then(() => bound(...args)));
    }
  });
};
exports.wrap = (instance, name) => (async (...args) => instance[name](...args)).bind(null);
exports.compose = (...middlewares) => {
  const composed = middlewares.slice();
  const dispatch = (index, request, response) =>
    composed[index](request, response, () => dispatch(index + 1, request, response));
  return (request, response) => dispatch(0, request, response);
};
`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(import.meta.dirname, "frameworks-"));
  await mkdir(path.join(folder, "node_modules/framework"), { recursive: true });
  await writeFile(path.join(folder, "node_modules/framework/index.cjs"), framework);
  const manifest = { name: "framework", version: "1.0.0", main: "index.cjs" };
  await writeFile(path.join(folder, "node_modules/framework/package.json"), JSON.stringify(manifest));
});
afterAll(async () => {
  clients.closeAll();
  await rm(folder, { recursive: true, force: true });
});

async function serveApp(text: string) {
  const file = path.join(folder, "server.cjs");
  await writeFile(file, text);
  return serve(file, { replace: ["socket.io"], instances: 2, watch: true });
}

it("names a field of an object whose methods a framework calls", async () => {
  const server = await serveApp(
    `const { gateway } = require("framework"); const io = require("socket.io")(3000);
     class Log { lines = []; }
     class Chat {
       users = [];
       log = new Log();
       join(name, answer) { this.users.push(name); this.log.lines.push(name); answer(this.users.length); }
     }
     gateway(io, new Chat());`,
  );
  const client = clients.connect(server.url);
  expect(await client.timeout(8_000).emitWithAck("join", "ada")).toBe(1);
  client.close();

  const failure = await server.close().then(
    () => "nothing",
    ({ message }: Error) => message,
  );

  expect(failure).toMatch(/server\.cjs:4 Chat\.users \(Array\) changed while "join" was handled; /);
  expect(failure).toMatch(/server\.cjs:2 Chat\.log\.lines \(Array\) changed while "join" was handled; /);
});

it("names a field of an object that a listener of the app's calls through a framework", async () => {
  const server = await serveApp(
    `const { wrap } = require("framework"); const io = require("socket.io")(3000);
     class Chat { users = []; join(name, answer) { this.users.push(name); answer(this.users.length); } }
     const chat = new Chat();
     const callbacks = [wrap(chat, "join")];
     const bind = (socket) => { for (const callback of callbacks) socket.on("join", (...args) => callback(...args)); };
     io.on("connection", (socket) => bind(socket));`,
  );
  const client = clients.connect(server.url);
  expect(await client.timeout(8_000).emitWithAck("join", "ada")).toBe(1);
  client.close();

  await expect(server.close()).rejects.toMatchObject({
    message: expect.stringMatching(
      /server\.cjs:2 Chat\.users \(Array\) changed while "join" was handled; /,
    ) as string,
  });
});

it("names a variable of a middleware that a framework has composed", async () => {
  const server = await serveApp(
    `const { compose } = require("framework"); const seen = [];
     const app = compose((request, response, next) => next(), (request, response) => { seen.push(request.url); response.end(); });
     const server = require("http").createServer(app); require("socket.io")(server); server.listen(3000);`,
  );

  await (await fetch(`${server.url}/page`)).arrayBuffer();

  await expect(server.close()).rejects.toMatchObject({
    code: "testing.lost_variable",
    message: expect.stringMatching(
      /server\.cjs:1 seen \(Array\) changed while GET \/page was handled; /,
    ) as string,
  });
});
