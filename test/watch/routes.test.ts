import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serve } from "nonsticky/testing";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(import.meta.dirname, "routes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const express = `const app = require("express")(); const users = require("express").Router();
  app.use((request, response, next) => next()); app.use("/users", users);
  users.post("/:name", (request, response) => { names.push(request.params.name); response.sendStatus(204); });`;
const plain = `const app = (request, response) => { names.push(request.url); response.end(); };`;

it.each([
  ["Express", express],
  ["Express 4", express.replaceAll('"express"', '"express4"')],
  ["plain http", plain],
])("names what a route changes, of an app of %s", async (_, app) => {
  const file = path.join(folder, "server.cjs");
  await writeFile(
    file,
    `const names = [];\n${app}
     const server = require("http").createServer(app); const io = require("socket.io")(server);
     io.on("connection", (socket) => socket.on("names", (answer) => answer(names))); server.listen(3000);`,
  );
  const server = await serve(file, { replace: ["socket.io"], instances: 3, watch: true });

  await (await fetch(`${server.url}/users/ada`, { method: "POST" })).arrayBuffer();

  await expect(server.close()).rejects.toMatchObject({
    code: "testing.lost_variable",
    message: expect.stringMatching(
      /server\.cjs:1 names \(Array\) changed while POST \/users was handled; .* io\.shared\("names"\)/,
    ) as string,
  });
});
