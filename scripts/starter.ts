import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { io, type Socket } from "socket.io-client";
import { deployOneFunction, deployToFirstCall } from "./starter-deploy.ts";
import { serveOffline } from "./starter-offline.ts";
import { createStarterProject, starterEnv as env } from "./starter-project.ts";

/**
 * `npm run test:starter`: packs this package, installs it into a copy of examples/starter in an empty folder outside the
 * repository, and does there what its README says: types, `serverless package` without credentials, `nonsticky dev`,
 * and a stock client with default options. Prints the time from `npm install` to a connected client.
 */

const starter = await createStarterProject();
const { project } = starter;
/** What somebody adds: a function of their own, in the framework's own way, allowed to emit. */
const addition = `  iam:
    role:
      managedPolicies:
        - Ref: NonstickyEmitPolicy

functions:
  report:
    handler: src/report.handler

package:
  patterns: ["!**", src/report.js]
`;
const service = { folder: project, env };
let runtime: ChildProcess | undefined;

try {
  const startedMs = Date.now();
  await starter.install();
  const installedMs = Date.now();
  const url = await startDev();
  const client = await connect(url, "Ada");
  const connectedMs = Date.now();
  await chat(url, client);
  console.log("a stock client with default options: connected, upgraded, acknowledged, in a room");
  run("tsc");
  console.log("types: right");
  await deployToFirstCall(service);
  console.log("serverless deploy, without functions of its own: as far as the account");
  packageService();
  await deployToFirstCall(service);
  console.log("serverless deploy, with one: as far as the account");
  await deployOneFunction(service, "inbox", "functions/inbox.mjs");
  await deployOneFunction(service, "report", "src/report.js");
  console.log("serverless deploy function, of the stack and of its own: uploaded");
  await serveOffline(service, (url, transport) => connect(url, "Olga", [transport]));
  console.log("serverless offline: connected by polling and by a WebSocket");
  await serveWithoutService();
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  console.log(
    `from npm install to a connected client: ${seconds(connectedMs - startedMs)}` +
      ` (${seconds(installedMs - startedMs)} of them npm)`,
  );
} finally {
  await stopDev();
  starter.remove();
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync("npx", ["--no-install", command, ...args], { cwd: project, env, encoding: "utf8" });
}

/** Started without npx, so that it is the process to end. */
async function startDev(...args: readonly string[]): Promise<string> {
  const bin = path.join(project, "node_modules/.bin/nonsticky");
  const child = spawn(bin, ["dev", "--port", "0", ...args], {
    cwd: project,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  runtime = child;
  const [output] = (await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(([code]) => {
      throw new Error(`expected nonsticky dev to get ready, got exit code ${String(code)}`);
    }),
  ])) as [Buffer];
  const [, url] = /^ready (\S+)\n$/.exec(output.toString()) ?? [];
  if (url === undefined) throw new Error(`expected nonsticky dev to print its URL, got ${output.toString()}`);
  return url;
}

async function stopDev(): Promise<void> {
  if (runtime === undefined || runtime.exitCode !== null) return;
  runtime.kill("SIGTERM");
  await once(runtime, "exit");
}

async function connect(url: string, nickname: string, transports?: readonly string[]): Promise<Socket> {
  const only = transports && { transports: [...transports] };
  const socket = io(url, { auth: { nickname }, forceNew: true, ...only });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.io.once("reconnect_failed", () => reject(new Error(`expected a connection to ${url}`)));
    setTimeout(() => reject(new Error(`expected a connection to ${url} in 30 s`)), 30_000).unref();
  });
  return socket;
}

/** Two in a room: who enters is announced, what is said reaches both, and is acknowledged. */
async function chat(url: string, ada: Socket): Promise<void> {
  const bob = await connect(url, "Bob");
  expectEqual(await ada.timeout(10_000).emitWithAck("enter", "lobby"), 1, "people in the room");
  const entered = next(ada, "entered");
  expectEqual(await bob.timeout(10_000).emitWithAck("enter", "lobby"), 2, "people in the room");
  expectEqual(await entered, ["Bob"], "who entered");
  const heard = Promise.all([next(ada, "said"), next(bob, "said")]);
  await bob.timeout(10_000).emitWithAck("say", "lobby", "hello");
  expectEqual(
    await heard,
    [
      ["Bob", "hello"],
      ["Bob", "hello"],
    ],
    "what was said",
  );
  const transports = [ada, bob].map((socket) => socket.io.engine.transport.name);
  expectEqual(transports, ["websocket", "websocket"], "transports after the upgrade");
  ada.disconnect();
  bob.disconnect();
}

function next(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.once(event, (...args: unknown[]) => resolve(args));
    setTimeout(() => reject(new Error(`expected the event ${event} in 10 s`)), 10_000).unref();
  });
}

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  throw new Error(`expected ${what} to be ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

function packageService(): void {
  appendFileSync(path.join(project, "serverless.yml"), addition);
  writeFileSync(path.join(project, "src/report.js"), "export const handler = () => {};");
  run("serverless", "package");
  const built = path.join(project, ".serverless");
  const template = readJson(path.join(built, "cloudformation-template-update-stack.json")) as {
    readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
  };
  const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
  for (const type of ["Lambda::Function", "SQS::Queue", "DynamoDB::Table", "CloudFront::Distribution"]) {
    if (!types.has(`AWS::${type}`)) throw new Error(`expected an AWS::${type} in the template, got none`);
  }
  const archives = readdirSync(built).filter((file) => file.endsWith(".zip"));
  expectEqual(
    archives.sort(),
    ["connect", "fanout", "heartbeat", "inbox", "poll", "starter"].map((name) => `${name}.zip`),
    "archives",
  );
  expectInside(built, "inbox.zip", "functions/inbox.mjs");
  expectInside(built, "poll.zip", "node_modules/socket.io-client/dist/socket.io.min.js");
  expectInside(built, "starter.zip", "src/report.js");
  const { inputs } = readJson(path.join(built, "nonsticky/meta.json")) as {
    readonly inputs: Readonly<Record<string, unknown>>;
  };
  refuseSdk(Object.keys(inputs));
  console.log(
    `serverless package: ${Object.keys(template.Resources).length} resources, ${archives.join(", ")}`,
  );
}

/** Archives name their files in plain text. */
function expectInside(directory: string, archive: string, file: string): void {
  if (readFileSync(path.join(directory, archive)).includes(file)) return;
  throw new Error(`expected ${file} in ${archive}, got an archive without it`);
}

/** `nonsticky dev` where there is no service yet: the stack as it is in the package. */
async function serveWithoutService(): Promise<void> {
  await stopDev();
  rmSync(path.join(project, "serverless.yml"));
  const client = await connect(await startDev("--app", "src/app.ts"), "Eve");
  expectEqual(await client.timeout(10_000).emitWithAck("enter", "lobby"), 1, "people in the room");
  client.disconnect();
  console.log("nonsticky dev --app, without serverless.yml: connected");
}

/** Requests are signed by hand: what is left of the SDK is in Lambda's runtime, for those who ask for it. */
function refuseSdk(files: readonly string[]): void {
  const ours = files.filter((file) => /node_modules\/socket\.io-parser\//.test(file));
  if (ours.length === 0)
    throw new Error(`expected socket.io-parser in the bundles, got ${files.length} files`);
  const ofSdk = files.filter((file) => /node_modules\/@(aws-sdk|smithy|aws-crypto)\//.test(file));
  if (ofSdk.length > 0) throw new Error(`expected nothing of the AWS SDK in the bundles, got ${ofSdk[0]}`);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
