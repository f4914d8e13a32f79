import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
let serviceDir: string;
/** What the last packaging said. */
let said = "";

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
    `const io = require("socket.io")(3000, { path: "/chat" }); io.on("connection", () => {});`,
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

describe("serverless package", { timeout: 180_000 }, () => {
  it("has a function for the routes of an untouched app, with its files", async () => {
    const template = await packageService({ app: "src/whole.cjs", include: ["src/public"] });

    expect(routesOf(template)).toEqual(["$default", "ANY /socket.io", "ANY /socket.io/{proxy+}"]);
    // A route may do what an emitter may, and write its log.
    expect(actionsOf(template, "HttpRole")).toEqual(
      [...actionsOf(template, "NonstickyEmitPolicy"), "logs:CreateLogStream", "logs:PutLogEvents"].sort(),
    );
    const unpacked = path.join(serviceDir, "unpacked");
    await run("unzip", ["-q", path.join(serviceDir, ".serverless/http.zip"), "-d", unpacked]);
    expect((await readdir(unpacked)).sort()).toEqual(["functions", "src"]);
    // On Lambda nothing else is there, and its folder is another one.
    await rm(path.join(serviceDir, "src/public"), { recursive: true });
    const { stdout } = await run(
      process.execPath,
      ["-e", INVOKE, path.join(unpacked, "functions/http.cjs")],
      {
        env: { ...ENVIRONMENT, LAMBDA_TASK_ROOT: unpacked },
      },
    );
    const answers = JSON.parse(stdout.trim().split("\n").at(-1)!) as { statusCode: number; body: string }[];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 404]);
    expect(answers[0]!.body).toContain("<title>A page</title>");
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

const ENVIRONMENT = {
  PATH: process.env.PATH,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "none",
  AWS_SECRET_ACCESS_KEY: "none",
  NONSTICKY_TABLE: "table",
  NONSTICKY_CALLBACK_URL: "https://none.invalid/dev",
  NONSTICKY_MAILBOX_URL: "https://none.invalid/queue",
};

/** As Lambda does, with an event of the HTTP API. */
const INVOKE = `
const { handler } = require(process.argv[1]);
const get = (rawPath) => handler({
  version: "2.0", rawPath, rawQueryString: "", headers: {}, isBase64Encoded: false,
  requestContext: { http: { method: "GET", path: rawPath, sourceIp: "192.0.2.1" } },
}, { getRemainingTimeInMillis: () => 20000 });
Promise.all([get("/"), get("/nowhere")]).then((answers) => { console.log(JSON.stringify(answers)); process.exit(0); });
`;
