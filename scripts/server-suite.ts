/**
 * Runs socket.io's own server suite against `nonsticky/testing`: `SUITES_DIR=<clone of socketio/socket.io> npm run
 * test:server-suite [-- --official]`. The tests are unpacked into a temporary folder; nothing of them is kept. What does
 * not pass must be what scripts/server-suite/deviations.ts tells, and the other way round. `--official` is the control.
 */
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { build, type Plugin } from "esbuild";
import { deviations } from "./server-suite/deviations.ts";

const TAG = "socket.io@4.8.3";
const TESTS = "packages/socket.io/test/";

/** What the tests need besides socket.io and its client. */
const TOOLS = [
  "mocha@11.7.5",
  "expect.js@0.3.1",
  "supertest@6.3.4",
  "superagent@8.1.2",
  "socket.io-client-v2@npm:socket.io-client@2.5.0",
  "socket.io-adapter@2.5.6",
];
/** For uWebSockets.js, which is a native server and not on npm. */
const LEFT_OUT = 'require("./uws");';
/** Runs a file of TypeScript that requires the package it lies in. */
const UNRUNNABLE = [{ title: "close graceful close should stop socket and timers" }];
/** A test that fails here waits for what never comes. The slowest that passes takes a second. */
const TIMEOUT_MS = 3_000;

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { official: { type: "boolean", default: false } } });
  const given = process.env["SUITES_DIR"];
  if (given === undefined) {
    throw new Error("expected SUITES_DIR to name a clone of github.com/socketio/socket.io, got nothing");
  }
  const folder = await mkdtemp(join(tmpdir(), "server-suite-"));
  try {
    await writeFile(join(folder, "package.json"), '{"private":true}');
    await run("npm", ["install", "--silent", "--no-audit", "--no-fund", ...TOOLS], { cwd: folder });
    await unpack(resolve(given), folder);
    await bundle(folder, values.official);
    process.exitCode = judge(await runMocha(folder), values.official) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpack(repository: string, folder: string): Promise<void> {
  const list = await run("git", ["-C", repository, "ls-tree", "-r", "--name-only", TAG, TESTS]);
  for (const file of list.stdout.trim().split("\n")) {
    const target = join(folder, "test", file.slice(TESTS.length));
    await mkdir(dirname(target), { recursive: true });
    const shown = await run("git", ["-C", repository, "show", `${TAG}:${file}`], {
      encoding: "buffer",
      maxBuffer: 64 * 1024 * 1024,
    }).catch(() => undefined);
    await writeFile(target, shown?.stdout ?? substitute(file));
  }
  // Its version is what the tests expect in the ETag of the client's files.
  const client = await readFile(join(root, "node_modules/socket.io-client/package.json"), "utf8");
  const { version } = JSON.parse(client) as { version: string };
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, version }));
}

/** Clones that were made without large files lack two, of which any will do. */
function substitute(file: string): Buffer {
  if (file.endsWith("big.jpg")) return randomBytes(300_000);
  if (file.endsWith("big.json"))
    return Buffer.from(JSON.stringify(Array.from({ length: 20_000 }, (_, n) => n)));
  throw new Error(`expected ${file} in the repository at ${TAG}, got nothing`);
}

/** All tests as one file, in which `..` is the server that is asked. */
async function bundle(folder: string, isOfficial: boolean): Promise<void> {
  const index = join(folder, "test", "index.ts");
  const text = await readFile(index, "utf8");
  if (!text.includes(LEFT_OUT)) throw new Error(`expected test/index.ts to contain ${LEFT_OUT}`);
  await writeFile(index, text.replace(LEFT_OUT, ""));
  const inRepository = (name: string) => join(root, "scripts/server-suite", name);
  const server: Plugin = {
    name: "server",
    setup(bundling) {
      bundling.onResolve({ filter: /^(\.\.|\.\.\/\.\.)$/ }, ({ importer }) => {
        if (!importer.startsWith(folder)) return undefined;
        if (!isOfficial) return { path: inRepository("attached-server.ts") };
        return { path: join(root, "node_modules/socket.io/dist/index.js"), external: true };
      });
      bundling.onResolve({ filter: /^socket\.io-client$/ }, ({ importer }) =>
        importer.startsWith(folder) ? { path: inRepository("text-frames-client.ts") } : undefined,
      );
    },
  };
  await build({
    entryPoints: [index],
    outfile: join(folder, "test", "suite.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    conditions: ["nonsticky-source"],
    define: { "import.meta.url": JSON.stringify(new URL("../package.json", import.meta.url).href) },
    external: ["mocha", "expect.js", "supertest", "superagent", "socket.io-client-v2", "socket.io-adapter"],
    plugins: [server],
    logLevel: "error",
  });
}

interface Report {
  readonly passes: readonly { readonly fullTitle: string }[];
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

async function runMocha(folder: string): Promise<Report> {
  const mocha = join(folder, "node_modules", "mocha", "bin", "mocha.js");
  const outside = join(folder, "mocha-outside.cjs");
  await writeFile(outside, await readFile(join(root, "scripts/server-suite/mocha-outside.cjs")));
  const report = join(folder, "report.json");
  const options = ["--exit", "--timeout", String(TIMEOUT_MS), "--require", outside];
  const output = ["--reporter", "json", "--reporter-option", `output=${report}`];
  const child = spawn(process.execPath, [mocha, ...options, ...output, "suite.cjs"], {
    cwd: join(folder, "test"),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  await new Promise<void>((done, fail) => {
    child.once("error", fail);
    child.once("close", () => done());
  });
  const text = await readFile(report, "utf8").catch(() => {
    throw new Error(`expected a report of mocha, got: ${Buffer.concat(errors).toString()}`);
  });
  return JSON.parse(text) as Report;
}

function judge({ passes, failures }: Report, isOfficial: boolean): boolean {
  const told = isOfficial ? UNRUNNABLE : deviations.flatMap(({ tests }) => tests.map((title) => ({ title })));
  const failed = failures.map(({ fullTitle, err }) => ({
    title: fullTitle.replace(/^socket\.io /, ""),
    message: (err.message ?? "no message").split("\n")[0] ?? "",
  }));
  const untold = subtract(failed, told);
  const passing = subtract(told, failed);
  console.log(`${TAG}: ${passes.length} of ${passes.length + failures.length} tests pass`);
  if (!isOfficial) {
    for (const { reason, tests } of deviations) console.log(`  ${tests.length} not: ${reason}`);
  }
  for (const { title, message } of untold) console.log(`NOT told: ${title}: ${message}`);
  for (const { title } of passing) console.log(`passes, told not to: ${title}`);
  return untold.length === 0 && passing.length === 0;
}

/** Some titles are there twice. */
function subtract<T extends { title: string }>(all: readonly T[], others: readonly { title: string }[]): T[] {
  const left = others.map(({ title }) => title);
  return all.filter(({ title }) => {
    const at = left.indexOf(title);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

await main();
