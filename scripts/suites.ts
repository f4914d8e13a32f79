/**
 * Runs the official protocol suites against the local runtime: `SUITES_DIR=<clone of socketio/socket.io> npm run
 * test:suites [-- --runs N]`. The suites and their tools are unpacked into a temporary folder; nothing of them is kept.
 */
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { startLocal } from "../infra/local/local.ts";

interface Suite {
  readonly name: string;
  /** Where it lies in the repository of socket.io. */
  readonly folder: string;
  readonly app: string;
  readonly path: string;
  /** How many rows there are, and how many use nothing that is left out below. */
  readonly rows: number;
  readonly expected: number;
}

const suites: readonly Suite[] = [
  {
    name: "Engine.IO v4",
    folder: "docs/engine.io-protocol/v4-test-suite",
    app: "engine-echo.ts",
    path: "/engine.io",
    rows: 25,
    expected: 8,
  },
  {
    name: "Socket.IO v5",
    folder: "docs/socket.io-protocol/v5-test-suite",
    app: "socketio-suite.ts",
    path: "/socket.io",
    rows: 32,
    expected: 20,
  },
];

/** Polling and the upgrade from it, and binary WebSocket frames from the client, which API Gateway refuses. */
const LEFT_OUT = "HTTP long-polling|upgrade|binary attachments|sends and receives a binary packet";

const TOOLS = ["mocha@9.2.2", "chai@4.3.6", "chai-string@1.5.0", "node-fetch@3.2.0", "ws@8.21.0"];

const run = promisify(execFile);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: "string", default: "3" } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new Error(`expected --runs to be a positive number, got ${values.runs}`);
  }
  const repository = process.env["SUITES_DIR"];
  if (repository === undefined) {
    throw new Error("expected SUITES_DIR to name a clone of github.com/socketio/socket.io, got nothing");
  }
  const folder = await mkdtemp(join(tmpdir(), "protocol-suites-"));
  try {
    await writeFile(join(folder, "package.json"), '{"private":true,"type":"module"}');
    await run("npm", ["install", "--silent", "--no-audit", "--no-fund", ...TOOLS], { cwd: folder });
    let failed = false;
    for (const suite of suites)
      failed = !(await playSuite(suite, resolve(repository), folder, runs)) || failed;
    process.exitCode = failed ? 1 : 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function playSuite(suite: Suite, repository: string, folder: string, runs: number): Promise<boolean> {
  const app = fileURLToPath(new URL(`../test/conformance/apps/${suite.app}`, import.meta.url));
  const runtime = await startLocal({ app, path: suite.path });
  try {
    const file = await unpack(suite, repository, folder, runtime.url);
    let good = true;
    for (let attempt = 1; attempt <= runs; attempt++) {
      const { passes, failures } = await runMocha(folder, file);
      const leftOut = suite.rows - suite.expected;
      console.log(
        `${suite.name}, run ${attempt} of ${runs}: ${passes} of ${suite.expected} rows pass (${leftOut} of ${suite.rows} left out)`,
      );
      for (const failure of failures) console.log(`  failed: ${failure}`);
      good &&= passes === suite.expected && failures.length === 0;
    }
    return good;
  } finally {
    await runtime.stop();
  }
}

async function unpack(suite: Suite, repository: string, folder: string, url: string): Promise<string> {
  const target = join(folder, suite.path.slice(1));
  await mkdir(target, { recursive: true });
  for (const name of ["node-imports.js", "test-suite.js"]) {
    const { stdout } = await run("git", ["-C", repository, "show", `HEAD:${suite.folder}/${name}`]);
    const line = 'const URL = "http://localhost:3000"';
    if (name === "test-suite.js" && !stdout.includes(line)) {
      throw new Error(`expected ${suite.folder}/${name} to contain ${line}, got another text`);
    }
    await writeFile(join(target, name), stdout.replace(line, `const URL = "${url}"`));
  }
  return join(target, "test-suite.js");
}

interface Outcome {
  readonly passes: number;
  readonly failures: readonly string[];
}

/** Mocha's JSON report goes to standard output; its exit status is the number of failures. */
async function runMocha(folder: string, file: string): Promise<Outcome> {
  const mocha = join(folder, "node_modules", "mocha", "bin", "mocha");
  const args = [mocha, "--exit", "--reporter", "json", "--invert", "--grep", LEFT_OUT, file];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  const text = Buffer.concat(chunks).toString("utf8");
  const report = JSON.parse(text.slice(text.indexOf("{\n"))) as {
    stats: { passes: number };
    failures: { fullTitle: string; err: { message?: string } }[];
  };
  const failures = report.failures.map(
    ({ fullTitle, err }) => `${fullTitle}: ${err.message ?? "no message"}`,
  );
  return { passes: report.stats.passes, failures };
}

await main();
