/**
 * Runs the official protocol suites against the local runtime: `SUITES_DIR=<clone of socketio/socket.io> npm run
 * test:suites [-- --runs N] [NAME …]`, where a name is `eio4`, `eio3` or `sio5`. The suites and their tools are
 * unpacked into a temporary folder; nothing of them is kept.
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
  /** On the command line. */
  readonly key: string;
  /** Where it lies in the repository of socket.io. */
  readonly folder: string;
  readonly app: string;
  readonly path: string;
  readonly rows: number;
  /** How many of them send raw binary frames over WebSocket. */
  readonly binaryRows: number;
  /** It listens for the first message after an await, and loses one that comes with the handshake's answer. */
  readonly isLate?: boolean;
}

const suites: readonly Suite[] = [
  {
    name: "Engine.IO v4",
    key: "eio4",
    folder: "docs/engine.io-protocol/v4-test-suite",
    app: "engine-echo.ts",
    path: "/engine.io",
    rows: 25,
    binaryRows: 1,
  },
  {
    name: "Engine.IO v3",
    key: "eio3",
    folder: "docs/engine.io-protocol/v3-test-suite",
    app: "engine-v3-echo.ts",
    path: "/engine.io",
    rows: 23,
    binaryRows: 1,
    isLate: true,
  },
  {
    name: "Socket.IO v5",
    key: "sio5",
    folder: "docs/socket.io-protocol/v5-test-suite",
    app: "socketio-suite.ts",
    path: "/socket.io",
    rows: 32,
    binaryRows: 2,
  },
];

/** API Gateway refuses binary frames of clients with 1003; `--allow-binary-frames` makes the local gateway take them. */
const BINARY_ROWS = "WebSocket.*binary|binary attachments";

/**
 * Rows that race by nature: they send two things at once, on two ways, and expect one of them to come first. Of the last
 * test/engine/polling/late-get.test.ts shows both ends.
 */
const RACING_ROWS =
  /duplicate poll requests|close HTTP long-polling .*forcefully close|ignores? HTTP requests with same sid after upgrade/;

/** Gives a suite that is late a WebSocket whose messages wait for what was awaited before them. */
const DEFERRED_MESSAGES = [
  "globalThis.WebSocket = WebSocket;",
  "globalThis.WebSocket = class extends WebSocket { constructor(url) { super(url, { allowSynchronousEvents: false }) } };",
] as const;

const TOOLS = ["mocha@9.2.2", "chai@4.3.6", "chai-string@1.5.0", "node-fetch@3.2.0", "ws@8.21.0"];

const run = promisify(execFile);

async function main(): Promise<void> {
  const { values, positionals: keys } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: "string", default: "5" },
      "allow-binary-frames": { type: "boolean", default: false },
    },
  });
  const allowBinaryFrames = values["allow-binary-frames"];
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new Error(`expected --runs to be a positive number, got ${values.runs}`);
  }
  const unknown = keys.find((key) => !suites.some((suite) => suite.key === key));
  if (unknown !== undefined) throw new Error(`expected names of suites, got ${unknown}`);
  const repository = process.env["SUITES_DIR"];
  if (repository === undefined) {
    throw new Error("expected SUITES_DIR to name a clone of github.com/socketio/socket.io, got nothing");
  }
  const folder = await mkdtemp(join(tmpdir(), "protocol-suites-"));
  try {
    await writeFile(join(folder, "package.json"), '{"private":true,"type":"module"}');
    await run("npm", ["install", "--silent", "--no-audit", "--no-fund", ...TOOLS], { cwd: folder });
    let failed = false;
    for (const suite of suites.filter(({ key }) => keys.length === 0 || keys.includes(key)))
      failed = !(await playSuite(suite, resolve(repository), folder, { runs, allowBinaryFrames })) || failed;
    process.exitCode = failed ? 1 : 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Play {
  readonly runs: number;
  readonly allowBinaryFrames: boolean;
}

async function playSuite(
  suite: Suite,
  repository: string,
  folder: string,
  { runs, allowBinaryFrames }: Play,
): Promise<boolean> {
  const app = fileURLToPath(new URL(`../test/conformance/apps/${suite.app}`, import.meta.url));
  // Parked polls hold an instance each; a row that has to wait for another one to start runs out of its two seconds.
  const runtime = await startLocal({ app, path: suite.path, instances: 4, allowBinaryFrames });
  const expected = suite.rows - (allowBinaryFrames ? 0 : suite.binaryRows);
  try {
    const file = await unpack(suite, repository, folder, runtime.url);
    let good = true;
    for (let attempt = 1; attempt <= runs; attempt++) {
      const leftOut = allowBinaryFrames ? undefined : BINARY_ROWS;
      const first = await runMocha(folder, file, { leftOut });
      const racing = first.failures.filter(({ title }) => RACING_ROWS.test(title));
      const again =
        racing.length === 0 ? undefined : await runMocha(folder, file, { only: RACING_ROWS.source });
      const failures = [...first.failures.filter((one) => !racing.includes(one)), ...(again?.failures ?? [])];
      const passes = expected - failures.length;
      const retried =
        racing.length === 0 ? "" : `, retried once: ${racing.map(({ title }) => title).join("; ")}`;
      console.log(
        `${suite.name}, run ${attempt} of ${runs}: ${passes} of ${suite.rows} rows pass (${suite.rows - expected} left out${retried})`,
      );
      for (const { title, message } of failures) console.log(`  failed: ${title}: ${message}`);
      good &&= failures.length === 0 && first.passes + first.failures.length === expected;
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
    const text = stdout.replace(line, `const URL = "${url}"`);
    await writeFile(join(target, name), suite.isLate ? text.replace(...DEFERRED_MESSAGES) : text);
  }
  return join(target, "test-suite.js");
}

interface Outcome {
  readonly passes: number;
  readonly failures: readonly { readonly title: string; readonly message: string }[];
}

interface Selection {
  readonly leftOut?: string | undefined;
  readonly only?: string;
}

/** Mocha's JSON report goes to standard output; its exit status is the number of failures. */
async function runMocha(folder: string, file: string, { leftOut, only }: Selection): Promise<Outcome> {
  const mocha = join(folder, "node_modules", "mocha", "bin", "mocha");
  const selection = [
    ...(leftOut === undefined ? [] : ["--invert", "--grep", leftOut]),
    ...(only === undefined ? [] : ["--grep", only]),
  ];
  const args = [mocha, "--exit", "--reporter", "json", ...selection, file];
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
  const failures = report.failures.map(({ fullTitle, err }) => ({
    title: fullTitle,
    message: err.message ?? "no message",
  }));
  return { passes: report.stats.passes, failures };
}

await main();
