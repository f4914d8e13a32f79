/**
 * Apps with the dependencies that bundlers stumble over, installed from the registry into a folder of their own, on the local
 * runtime: native code (bcrypt), drivers that are not installed (knex, sequelize), sessions, decorators of the app's own
 * tsconfig and modules that are asked for by name (NestJS), and a global that was never declared. `npm run test:dependencies`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { io as connect } from "socket.io-client";
import { startLocal } from "../infra/local/local.ts";

const packages = [
  "bcrypt@6.0.0",
  "knex@3.3.0",
  "pg@8.23.1",
  "sequelize@6.37.8",
  "express@5.3.0",
  "express-session@1.19.0",
  "@nestjs/common@12.5.1",
  "@nestjs/core@12.5.1",
  "@nestjs/platform-express@12.5.1",
  "@nestjs/platform-socket.io@12.1.1",
  "@nestjs/websockets@12.1.1",
  "reflect-metadata",
  "rxjs@7",
];

const libraries = `
const bcrypt = require("bcrypt");
const knex = require("knex")({ client: "pg", connection: "postgres://nobody@127.0.0.1:1/none" });
const { DataTypes, Model } = require("sequelize");
const express = require("express");
undeclared = 1;
const app = express();
app.use(require("express-session")({ secret: "swordfish", resave: false, saveUninitialized: false }));
const server = require("http").createServer(app);
const io = require("socket.io")(server);
app.get("/page", async (request, response) => {
  request.session.visits = (request.session.visits ?? 0) + 1;
  const hash = await bcrypt.hash("secret", 4);
  const isSame = await bcrypt.compare("secret", hash);
  const sql = knex("users").where({ id: 1 }).toString();
  response.json([isSame, sql, typeof Model, DataTypes.STRING.key, undeclared, request.session.visits]);
});
io.on("connection", (socket) => socket.on("ask", () => socket.emit("answer", "yes")));
server.listen(3000);
`;

const nest = `
import "reflect-metadata";
import { Controller, Get, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { SubscribeMessage, WebSocketGateway } from "@nestjs/websockets";
@WebSocketGateway()
class Chat {
  @SubscribeMessage("ask") ask() { return { event: "answer", data: "yes" }; }
}
@Controller()
class Pages {
  @Get("page") page() { return ["page"]; }
}
@Module({ providers: [Chat], controllers: [Pages] })
class App {}
async function bootstrap() {
  const app = await NestFactory.create(App, { logger: ["error"] });
  await app.listen(3000);
}
void bootstrap();
`;

const folder = mkdtempSync(path.join(tmpdir(), "nonsticky-dependencies-"));
try {
  writeFileSync(path.join(folder, "package.json"), `{ "name": "dependencies", "private": true }`);
  const compilerOptions = { module: "commonjs", target: "es2022", experimentalDecorators: true };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const installed = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--silent", ...packages], {
    cwd: folder,
    stdio: "inherit",
  });
  if (installed.status !== 0) throw new Error("expected npm to install, got a failure");
  const sql = 'select * from "users" where "id" = 1';
  await check("libraries.cjs", libraries, [true, sql, "function", "STRING", 1, 1]);
  await check("nest.ts", nest, ["page"]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function check(name: string, source: string, page: unknown): Promise<void> {
  const app = path.join(folder, name);
  writeFileSync(app, source);
  const runtime = await startLocal({ app, replace: ["socket.io"], log: (line) => console.error(line) });
  try {
    expectEqual(await (await fetch(`${runtime.url}/page`)).json(), page, `the page of ${name}`);
    const socket = connect(runtime.url);
    const answer = await new Promise((resolve, reject) => {
      socket.once("answer", resolve);
      socket.emit("ask");
      setTimeout(() => reject(new Error(`expected ${name} to answer in 20 s`)), 20_000).unref();
    });
    socket.close();
    expectEqual(answer, "yes", `the answer of ${name}`);
    console.log(`${name}: its page and its packets are answered`);
  } finally {
    await runtime.stop();
  }
}

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  throw new Error(`expected ${what} to be ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}
