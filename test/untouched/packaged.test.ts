import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageDir } from "../../infra/local/installation.ts";
import { bundleFunctions } from "../../infra/local/lambda/bundler.ts";
import { startStack } from "../../infra/local/local.ts";
import type { LocalRuntime } from "../../infra/local/options.ts";
import { readTopology } from "../../infra/local/service/read-topology.ts";
import { Clients, next } from "../testing/clients.ts";

const root = path.resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
let serviceDir: string;
/** What the last packaging said. */
let said = "";
const clients = new Clients();

/** A service with the plugin's source, whose app finds the packages of this repository. */
beforeAll(async () => {
  await mkdir(path.join(root, ".cache"), { recursive: true });
  serviceDir = await mkdtemp(path.join(root, ".cache/packaged-"));
  await mkdir(path.join(serviceDir, "node_modules"));
  await symlink(path.join(root, "node_modules/serverless"), path.join(serviceDir, "node_modules/osls"));
  await cp(path.join(import.meta.dirname, "apps"), path.join(serviceDir, "src"), { recursive: true });
  const plugin = JSON.stringify(path.join(root, "infra/plugin/serverless-plugin.ts"));
  await writeFile(path.join(serviceDir, "plugin.mjs"), `export { default } from ${plugin};`);
  await writeFile(
    path.join(serviceDir, "src/plain.cjs"),
    `const load = require; const io = load("socket.io", {})(3000, { path: "/chat" }); io.on("connection", () => {});`,
  );
  await writeFile(path.join(serviceDir, "src/broken.cjs"), `throw new Error("my own mistake");`);
});
afterAll(() => rm(serviceDir, { recursive: true, force: true }));

async function packageService(settings: object): Promise<Template> {
  const configuration = {
    service: "shop",
    frameworkVersion: "^4.3.1",
    plugins: ["./plugin.mjs"],
    custom: { nonsticky: { replace: ["socket.io"], ...settings } },
    provider: { name: "aws", region: "us-east-1" },
  };
  await writeFile(path.join(serviceDir, "serverless.json"), JSON.stringify(configuration));
  const framework = path.join(root, "node_modules/.bin/serverless");
  const command = ["--import", import.meta.resolve("tsx"), framework, "package"];
  const { stdout, stderr } = await run(process.execPath, command, {
    cwd: serviceDir,
    env: { PATH: process.env.PATH, HOME: serviceDir, CI: "true" },
  });
  said = stdout + stderr;
  const template = path.join(serviceDir, ".serverless/cloudformation-template-update-stack.json");
  return JSON.parse(await readFile(template, "utf8")) as Template;
}

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>
  >;
}

function actionsOf({ Resources }: Template, id: string): string[] {
  const { Policies, PolicyDocument } = Resources[id]!.Properties as {
    Policies?: { PolicyDocument: { Statement: { Action: string | string[] }[] } }[];
    PolicyDocument?: { Statement: { Action: string | string[] }[] };
  };
  const documents = Policies?.map((policy) => policy.PolicyDocument) ?? [PolicyDocument!];
  return documents.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action)).sort();
}

const routesOf = ({ Resources }: Template): unknown[] =>
  Object.values(Resources)
    .filter(({ Type, Properties }) => {
      const { Ref } = Object(Properties["ApiId"]) as { Ref?: string };
      return Type === "AWS::ApiGatewayV2::Route" && Ref === "HttpApi";
    })
    .map(({ Properties }) => Properties["RouteKey"])
    .sort();

/** The archives of the last packaging, unpacked as Lambda does, on this machine's gateway, queue and table. */
async function startPackaged(): Promise<LocalRuntime> {
  const unpacked = path.join(serviceDir, "unpacked");
  for (const name of ["connect", "poll", "inbox", "heartbeat", "http"]) {
    await run("unzip", ["-q", "-o", path.join(serviceDir, `.serverless/${name}.zip`), "-d", unpacked]);
  }
  expect((await readdir(unpacked)).sort()).toEqual(["functions", "node_modules", "src"]);
  const topology = await readTopology(packageDir, "fifo");
  const options = {
    app: path.join(serviceDir, "src/whole.cjs"),
    env: { LAMBDA_TASK_ROOT: unpacked },
    publicDir: path.join(serviceDir, "none"),
    log: () => undefined,
  };
  return startStack(topology, options, async (request) => {
    const bundles = await bundleFunctions(request);
    const code = request.functions.map(({ key, handler }) => {
      const bundleFile = path.join(unpacked, `${handler.replace(/\.\w+$/, "")}.cjs`);
      return [key, { ...bundles.code.get(key)!, bundleFile }] as const;
    });
    return { ...bundles, code: new Map(code) };
  });
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("serverless package", { timeout: 180_000 }, () => {
  it("has functions for an untouched app with routes, which play the whole of it", async () => {
    const template = await packageService({ app: "src/whole.cjs", include: ["src/public"] });

    expect(routesOf(template)).toEqual(["$default", "ANY /socket.io", "ANY /socket.io/{proxy+}"]);
    // A route may do what an emitter may, and write its log.
    expect(actionsOf(template, "HttpRole")).toEqual(
      [...actionsOf(template, "NonstickyEmitPolicy"), "logs:CreateLogStream", "logs:PutLogEvents"].sort(),
    );
    const { url, stop } = await startPackaged();
    try {
      // Where it was packaged: on Lambda nothing else is there, and its folder is another one.
      await rm(path.join(serviceDir, "src/public"), { recursive: true });
      const page = await fetch(url);
      expect([page.status, await page.text()]).toEqual([
        200,
        expect.stringContaining("<title>A page</title>") as string,
      ]);
      expect((await fetch(`${url}/nowhere`)).status).toBe(404);

      const login = await post(`${url}/sessions`, { user: "Ada" });
      const cookie = login.headers.getSetCookie().map((one) => one.split(";")[0]);
      const options = { extraHeaders: { cookie: cookie.join("; ") } };
      const sockets = ["polling", "websocket"].map((one) =>
        clients.connect(url, { ...options, transports: [one] }),
      );
      for (const one of sockets) expect(await one.timeout(8_000).emitWithAck("who")).toBe("Ada");

      const heard = Promise.all(sockets.map((one) => next(one, "news")));
      expect((await post(`${url}/news`, { headline: "hello" })).status).toBe(204);
      expect(await heard).toEqual([[{ headline: "hello" }], [{ headline: "hello" }]]);
    } finally {
      clients.closeAll();
      await stop();
    }
  });

  it("has nothing for an app without routes, and serves it at its own path", async () => {
    const template = await packageService({ app: "src/plain.cjs" });

    expect(routesOf(template)).toEqual(["ANY /chat", "ANY /chat/{proxy+}"]);
    expect(Object.keys(template.Resources).filter((id) => /^Http(Role|Lambda|Log)/.test(id))).toEqual([]);
  });

  it("warns of routes that the path of the clients hides", async () => {
    await writeFile(
      path.join(serviceDir, "src/hidden.cjs"),
      `const app = require("express")(); app.get("/socket.io/stats", () => {});
       const server = require("http").createServer(app); require("socket.io")(server); server.listen(3000);`,
    );

    await packageService({ app: "src/hidden.cjs" });

    expect(said).toContain("whose requests are its clients', got /socket.io/stats: nobody gets there");
  });

  it("keeps an app's variables where it is asked to, and says and writes down which", async () => {
    await writeFile(
      path.join(serviceDir, "src/counting.cjs"),
      ["const io = require('socket.io')(3000);", "let count = 0;"]
        .concat("io.on('connection', (socket) => {", "  let name = 'nobody';")
        .concat(
          "  socket.on('add', (who) => { count += 1; name = who; socket.emit('sum', count, name); });",
          "});",
        )
        .join("\n"),
    );

    await packageService({ app: "src/counting.cjs", keep: true });

    expect(said).toContain("src/counting.cjs:2 kept count (number, 1 writer)");
    expect(said).toContain("src/counting.cjs:4 kept name (string of each socket, 1 writer)");
    const report = await readFile(path.join(serviceDir, ".serverless/nonsticky/keep.json"), "utf8");
    const file = "src/counting.cjs";
    expect(JSON.parse(report)).toMatchObject({
      kept: [
        { file, line: 2, name: "count", scope: "app", writers: 1 },
        { file, line: 4, name: "name", scope: "socket", writers: 1 },
      ],
      left: [],
    });
  });

  it.each([
    ["throws while it is loaded", { app: "src/broken.cjs" }, "my own mistake"],
    ["makes no server", { app: "plugin.mjs" }, "expected the app"],
    [
      "is served elsewhere than it says",
      { app: "src/plain.cjs", path: "/socket.io" },
      'new Server({ path: "/chat" }), got /socket.io',
    ],
    [
      "has no such file to take along",
      { app: "src/plain.cjs", include: ["pages"] },
      "expected pages of custom.nonsticky.include",
    ],
  ])("refuses an app that %s", async (_, settings, message) => {
    await expect(packageService(settings)).rejects.toMatchObject({
      stdout: expect.stringContaining(message) as string,
    });
  });
});
