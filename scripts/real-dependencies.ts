/**
 * Apps with the dependencies that bundlers stumble over, installed from the registry into a folder of their own, on the local
 * runtime: native code (bcrypt), drivers that are not installed (knex, sequelize), sessions, decorators of the app's own
 * tsconfig and modules that are asked for by name (NestJS), and a global that was never declared. `npm run test:dependencies`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { io as connect } from "socket.io-client";
import ts from "typescript";
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

/** Compiled as `nest build` does: what is injected is found by the types of constructors. */
const compiled = `
import "reflect-metadata";
import { Controller, Get, Injectable, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from "@nestjs/websockets";
import type { Server } from "socket.io";
import { AwaitedIoAdapter } from "./awaited-io-adapter";
@Injectable()
class Answers {
  async find() { await new Promise((resolve) => { require("node:http").get("http://127.0.0.1:1").on("error", resolve); }); return "yes"; }
}
@WebSocketGateway()
class Chat {
  asked = 0;
  @WebSocketServer() server!: Server;
  constructor(private readonly answers: Answers) {}
  @SubscribeMessage("ask") async ask() {
    this.asked += 1;
    const data = await this.answers.find();
    this.server.emit("asked");
    return { event: "answer", data };
  }
}
@Controller()
class Pages {
  constructor(private readonly chat: Chat) {}
  @Get("page") page() { return [this.chat.asked]; }
}
@Module({ providers: [Answers, Chat], controllers: [Pages] })
class App {}
async function bootstrap() {
  const app = await NestFactory.create(App, { logger: ["error"] });
  app.useWebSocketAdapter(new AwaitedIoAdapter(app));
  await app.listen(3000);
}
void bootstrap();
`;

/** A block of code of docs/migrating.md. */
function documented(start: string): string {
  const text = readFileSync(path.resolve(import.meta.dirname, "../docs/migrating.md"), "utf8");
  const block = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].find(([, code]) => code?.includes(start));
  if (block?.[1] === undefined) throw new Error(`expected ${start} in docs/migrating.md, got none`);
  return block[1];
}

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
  compile("awaited-io-adapter", documented("class AwaitedIoAdapter"));
  compile("compiled", compiled);
  const lines = await check("compiled.js", undefined, [0]);
  const says = (text: string) => lines.some((line) => line.includes(text));
  if (says("core.stray_effect")) throw new Error(`expected no stray effect, got ${lines.join("\n")}`);
  if (!says('compiled.ts:14 Chat.asked (number) changed while \\"ask\\" was handled'))
    throw new Error(`expected a warning of Chat.asked, got ${lines.join("\n") || "nothing"}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** As `tsc` does with emitDecoratorMetadata. */
function compile(name: string, source: string): void {
  writeFileSync(path.join(folder, `${name}.ts`), source);
  const { outputText, sourceMapText } = ts.transpileModule(source, {
    fileName: `${name}.ts`,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      sourceMap: true,
    },
  });
  writeFileSync(path.join(folder, `${name}.js`), outputText);
  writeFileSync(path.join(folder, `${name}.js.map`), sourceMapText ?? "");
}

/** Resolves with what the functions have logged. */
async function check(name: string, source: string | undefined, page: unknown): Promise<readonly string[]> {
  const app = path.join(folder, name);
  if (source !== undefined) writeFileSync(app, source);
  const lines: string[] = [];
  const log = (line: string) => {
    lines.push(line);
    console.error(line);
  };
  const runtime = await startLocal({ app, replace: ["socket.io"], watch: true, log });
  try {
    expectEqual(await (await fetch(`${runtime.url}/page`)).json(), page, `the page of ${name}`);
    const socket = connect(runtime.url);
    const answer = await new Promise((resolve, reject) => {
      socket.once("answer", resolve);
      socket.emit("ask");
      setTimeout(() => reject(new Error(`expected ${name} to answer in 20 s`)), 20_000).unref();
    });
    socket.close();
    await runtime.idle();
    expectEqual(answer, "yes", `the answer of ${name}`);
    console.log(`${name}: its page and its packets are answered`);
    return lines;
  } finally {
    await runtime.stop();
  }
}

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  throw new Error(`expected ${what} to be ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}
