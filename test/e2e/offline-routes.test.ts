import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findFreePort } from "../../scripts/free-port.ts";
import { eventually } from "../support/waiting.ts";
import { Clients, next } from "../testing/clients.ts";

const root = path.resolve(import.meta.dirname, "../..");
const clients = new Clients();
let folder: string;
let offline: ChildProcess;
let output = "";
let http: string;
let websocket: string;

/** A service with the plugin's source and serverless-offline, and the untouched app with its routes. */
beforeAll(async () => {
  await mkdir(path.join(root, ".cache"), { recursive: true });
  folder = await mkdtemp(path.join(root, ".cache/offline-"));
  await mkdir(path.join(folder, "node_modules"));
  await symlink(path.join(root, "node_modules/serverless"), path.join(folder, "node_modules/osls"));
  await cp(path.join(root, "test/untouched/apps"), path.join(folder, "src"), { recursive: true });
  const plugin = JSON.stringify(path.join(root, "infra/plugin/serverless-plugin.ts"));
  await writeFile(path.join(folder, "plugin.mjs"), `export { default } from ${plugin};`);
  const service = {
    service: "shop",
    frameworkVersion: "^4.3.1",
    plugins: ["./plugin.mjs", "serverless-offline"],
    custom: { nonsticky: { app: "src/whole.cjs", replace: ["socket.io"] } },
    provider: { name: "aws", region: "us-east-1" },
  };
  await writeFile(path.join(folder, "serverless.json"), JSON.stringify(service));
  const ports = (await Promise.all([findFreePort(), findFreePort(), findFreePort()])).map(String);
  const [httpPort = "", websocketPort = "", lambdaPort = ""] = ports;
  [http, websocket] = [`http://127.0.0.1:${httpPort}`, `ws://127.0.0.1:${websocketPort}`];
  const named = ["--httpPort", httpPort, "--websocketPort", websocketPort, "--lambdaPort", lambdaPort];
  offline = spawn(
    process.execPath,
    [
      "--import",
      import.meta.resolve("tsx"),
      path.join(root, "node_modules/.bin/serverless"),
      "offline",
      ...named,
    ],
    {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  for (const stream of [offline.stdout, offline.stderr])
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const isOver = () => output.split("ready io(").length === 3 || offline.exitCode !== null;
  await eventually(isOver, () => `got ${output}`, 90_000);
}, 120_000);
afterAll(async () => {
  clients.closeAll();
  if (offline.exitCode === null) {
    offline.kill("SIGTERM");
    await once(offline, "close");
  }
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const post = (route: string, body: unknown): Promise<Response> =>
  fetch(http + route, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

it("serves the routes of an untouched app, whose sessions its sockets have, and who hear what routes emit", async () => {
  expect(await (await fetch(http)).text(), output).toContain("<title>A page</title>");
  expect((await fetch(`${http}/nowhere`)).status).toBe(404);
  const login = await post("/sessions", { user: "Ada" });
  const cookie = login.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  const more = { extraHeaders: { cookie }, timeout: 30_000 };
  const sockets = [
    clients.connect(http, { ...more, transports: ["polling"] }),
    clients.connect(websocket, { ...more, transports: ["websocket"], path: "/" }),
  ];
  for (const one of sockets) expect(await one.timeout(30_000).emitWithAck("who"), output).toBe("Ada");

  const heard = Promise.all(sockets.map((one) => next(one, "news")));
  expect((await post("/news", { headline: "hello" })).status).toBe(204);
  expect(await heard).toEqual([[{ headline: "hello" }], [{ headline: "hello" }]]);
}, 120_000);
