import { execFile } from "node:child_process";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundle, filesOf, handlersOf, writeWebEntry } from "../../infra/bundle.ts";
import { extensionOf } from "../../lib/bundling/app-format.ts";
import { writeService } from "./small-service.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "nonsticky-bundle-"));
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function run(serviceDir: string, app?: string): Promise<unknown> {
  await bundle({ serviceDir, handlers: ["functions/inbox.handler"], ...(app === undefined ? {} : { app }) });
  const module = (await import(path.join(serviceDir, ".build/functions/inbox.mjs"))) as {
    handler(): unknown;
  };
  return module.handler();
}

it("bundles the sources of the app that package.json names", async () => {
  const serviceDir = await writeService(root);

  expect(await run(serviceDir)).toMatchObject({ name: "source" });
});

it("bundles another app, from outside the repository too, with this very library", async () => {
  const serviceDir = await writeService(root, {
    "elsewhere/package.json": `{ "name": "elsewhere", "type": "module" }`,
    "elsewhere/app.ts": `
      import { Server } from "nonsticky";
      import { place } from "nonsticky/lambda";
      export const io = Object.assign(new Server(), { place });
    `,
  });

  expect(await run(serviceDir, path.join(root, "elsewhere/app.ts"))).toMatchObject({
    name: "source",
    place: "lambda",
  });
});

it("bundles CommonJS that requires a module of Node", async () => {
  const serviceDir = await writeService(root, {
    "service/node_modules/old/package.json": `{ "name": "old", "main": "old.js" }`,
    "service/node_modules/old/old.js": `exports.separator = require("path").sep;`,
    "service/app.ts": `import old from "old"; export const io = old;`,
  });

  expect(await run(serviceDir)).toMatchObject({ separator: path.sep });
});

it.each([
  ["a byte order mark", "\uFEFF"],
  ["a shebang", "#!/usr/bin/env node\n"],
  ["a shebang behind a byte order mark", "\uFEFF#!/usr/bin/env node\r\n"],
])("bundles an app that asks where it is and begins with %s", async (_, start) => {
  const serviceDir = await writeService(root, {
    "service/app.ts": `${start}export const io = import.meta.filename;`,
  });

  expect(await run(serviceDir)).toBe(path.join(serviceDir, "app.ts"));
});

it("leaves out what nothing uses, and maps the rest to its sources", async () => {
  const serviceDir = await writeService(root, {
    "service/app.ts": `export const io = "kept-by-the-handler"; export const unused = "used-by-nobody";`,
  });

  await run(serviceDir);

  const built = await readFile(path.join(serviceDir, ".build/functions/inbox.mjs"), "utf8");
  const map = JSON.parse(await readFile(path.join(serviceDir, ".build/functions/inbox.mjs.map"), "utf8"));
  expect(built).toContain("kept-by-the-handler");
  expect(built).not.toContain("used-by-nobody");
  expect(map.sources).toContain("../../app.ts");
});

it("says which file is missing", async () => {
  const serviceDir = await writeService(root);

  await expect(bundle({ serviceDir, handlers: ["functions/absent.handler"] })).rejects.toThrow(
    "functions/absent.ts",
  );
  await expect(run(serviceDir, "no-such-app.ts")).rejects.toThrow("no-such-app.ts");
});

it.each([
  [true, "the environment's"],
  [false, "whichever there are"],
])(
  "gives the SDK's clients, where it runs on Lambda is %s, %s credentials",
  async (onLambda, credentials) => {
    const sdk = "service/node_modules/@aws-sdk";
    const serviceDir = await writeService(root, {
      [`${sdk}/credential-provider-node/package.json`]: `{ "main": "index.js" }`,
      [`${sdk}/credential-provider-node/index.js`]: `exports.defaultProvider = () => "whichever there are";`,
      [`${sdk}/credential-provider-env/package.json`]: `{ "main": "index.js" }`,
      [`${sdk}/credential-provider-env/index.js`]: `exports.fromEnv = () => "the environment's";`,
      "service/app.ts": `
      import { defaultProvider } from "@aws-sdk/credential-provider-node";
      export const io = defaultProvider();
    `,
    });

    await bundle({ serviceDir, handlers: ["functions/inbox.handler"], onLambda });

    const { handler } = (await import(path.join(serviceDir, ".build/functions/inbox.mjs"))) as {
      handler(): unknown;
    };
    expect(handler()).toBe(credentials);
  },
);

it.each([
  ["app.ts", "esm"],
  ["app.cts", "cjs"],
])("lays a server beside a handler, which begins at index.js, for %s", async (app, format) => {
  const serviceDir = await writeService(root, {
    "service/app.cts": `import { Server } from "nonsticky"; export const io = new Server();`,
    "service/functions/poll.ts": `import { io } from "#app"; export const handler = (): unknown => io;`,
    "service/functions/poll-server.ts": `import { io } from "#app"; console.log("serves", io.name);`,
  });
  const patterns = ["node_modules/client/**", "functions/poll-server", "index.js"];
  const poll = { handler: "functions/poll.handler", package: { patterns } };
  const outdir = path.join(serviceDir, ".build");

  const built = await bundle({ serviceDir, handlers: handlersOf(poll), app });
  const extension = extensionOf(built.format);
  await writeWebEntry([poll], outdir, extension);

  expect(built.format).toBe(format);
  expect(filesOf(poll, extension)).toEqual([
    "!**",
    ...["poll", "poll-server"].flatMap((name) => [
      `functions/${name}${extension}`,
      `functions/${name}${extension}.map`,
    ]),
    "node_modules/client/**",
    "index.js",
  ]);
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(outdir, "index.js")]);
  expect(stdout).toBe("serves source\n");
});

describe("what this package imports of the SDK", () => {
  const lambda = `
    export const late = () => import("./late.ts").then(({ value }) => value);
    export const place: string = "lambda";`;
  const files = {
    "service/lib/lambda.ts": lambda,
    "service/lib/late.ts": `import { value } from "@aws-sdk/client-dynamodb"; export { value };`,
    "service/app.ts": `
      import { late } from "nonsticky/lambda";
      import { value } from "@aws-sdk/client-dynamodb";
      export const io = async () => [value, await late()];`,
  };
  const sdk = (value: string) => ({
    "node_modules/@aws-sdk/client-dynamodb/package.json": `{ "main": "index.js" }`,
    "node_modules/@aws-sdk/client-dynamodb/index.js": `exports.value = ${JSON.stringify(value)};`,
  });
  const within = (directory: string, own: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(own).map(([file, text]) => [`${directory}/${file}`, text]));
  const print = `const { handler } = await import(process.argv[1]); console.log(JSON.stringify(await handler()()))`;
  const start = (file: string, env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, ["--input-type=module", "--eval", print, file], { env, encoding: "utf8" });

  it("is left to the runtime on Lambda, and not looked for before it is needed; the app's is the app's", async () => {
    const serviceDir = await writeService(root, {
      ...files,
      ...within("service", sdk("the app's")),
      ...within("runtime", sdk("the runtime's")),
    });
    await bundle({
      serviceDir,
      handlers: ["functions/inbox.handler"],
      onLambda: true,
      outdir: "../deployed",
    });
    const file = path.join(root, "deployed/functions/inbox.mjs");

    const { stdout } = start(file, { ...process.env, NODE_PATH: path.join(root, "runtime/node_modules") });
    const without = start(file, { ...process.env, NODE_PATH: "" });

    expect(stdout.trim()).toBe(JSON.stringify(["the app's", "the runtime's"]));
    expect(without.stderr).toContain("Cannot find module '@aws-sdk/client-dynamodb'");
    expect(without.stderr).toContain("at async");
  });

  it("is in the bundle anywhere else", async () => {
    const serviceDir = await writeService(root, { ...files, ...within("service", sdk("the app's")) });
    await bundle({ serviceDir, handlers: ["functions/inbox.handler"], outdir: "../local" });

    const { stdout } = start(path.join(root, "local/functions/inbox.mjs"), { ...process.env, NODE_PATH: "" });

    expect(stdout.trim()).toBe(JSON.stringify(["the app's", "the app's"]));
  });
});
