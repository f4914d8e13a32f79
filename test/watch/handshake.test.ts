import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serve } from "nonsticky/testing";
import { Clients } from "../testing/clients.ts";

let folder: string;
const clients = new Clients();

beforeAll(async () => {
  folder = await mkdtemp(path.join(import.meta.dirname, "handshake-"));
});
afterAll(async () => {
  clients.closeAll();
  await rm(folder, { recursive: true, force: true });
});

const asking = `new Server({ allowRequest: (request, decide) => { seen.push(request.url); decide(null, true); } })`;
const passing = `new Server(); io.engine.use((request, response, next) => { seen.push(request.url); next(); })`;

it.each([
  ["allowRequest", "websocket", asking],
  ["allowRequest", "polling", asking],
  ["io.engine.use", "websocket", passing],
  ["io.engine.use", "polling", passing],
])("names what %s changes, of a client that comes by %s", async (event, transport, made) => {
  const file = path.join(folder, "server.cjs");
  await writeFile(
    file,
    `const { Server } = require("socket.io"); const seen = [];\nconst io = ${made}; io.listen(3000);`,
  );
  const server = await serve(file, { replace: ["socket.io"], instances: 2, watch: true });
  const client = clients.connect(server.url, { transports: [transport] });
  await new Promise((resolve) => client.once("connect", () => resolve(undefined)));
  client.close();

  await expect(server.close()).rejects.toMatchObject({
    code: "testing.lost_variable",
    message: expect.stringMatching(
      new RegExp(String.raw`server\.cjs:1 seen \(Array\) changed while ${event} was handled; `),
    ) as string,
  });
});
