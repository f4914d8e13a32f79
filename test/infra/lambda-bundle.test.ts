import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bundle } from "../../infra/bundle.ts";
import { writeService } from "./small-service.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "nonsticky-lambda-bundle-"));
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** Of the app, bundled for Lambda: what `print` logs of it, as `io`. */
async function run(files: Readonly<Record<string, string>>, print: string): Promise<unknown> {
  const serviceDir = await writeService(root, files);
  await bundle({ serviceDir, handlers: ["functions/inbox.handler"], onLambda: true });
  const code = `const { handler } = await import(process.argv[1]); const io = handler(); ${print}`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", code, path.join(serviceDir, ".build/functions/inbox.mjs")],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

it("gives own code what Node's modules export, by name and as a whole", async () => {
  const lib = `
    import { createHash } from "node:crypto";
    import http, { METHODS } from "node:http";
    export const all = () => [createHash("sha256").update("a").digest("hex"), METHODS === http.METHODS];`;
  const files = { "service/lib/index.ts": lib, "service/app.ts": `export { all as io } from "nonsticky";` };

  const printed = await run(files, "console.log(JSON.stringify(io()))");

  expect(printed).toEqual(["ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", true]);
});

it("loads what only some packets need of Node when the first of them is there", async () => {
  const lib = `
    import { promisify } from "node:util";
    import { gzip, gunzipSync } from "node:zlib";
    import { deserialize, serialize } from "node:v8";
    const compress = promisify(gzip);
    export const pack = async (value) =>
      deserialize(gunzipSync(await compress(serialize(value))));`;
  const files = { "service/lib/index.ts": lib, "service/app.ts": `export { pack as io } from "nonsticky";` };
  const print = `
    const loaded = () => ["zlib", "v8"].filter((name) => process.moduleLoadList.includes("NativeModule " + name));
    const before = loaded(), packed = await io(new Map([["a", 1]]));
    console.log(JSON.stringify([before, [...packed], loaded()]));`;

  const printed = await run(files, print);

  expect(printed).toEqual([[], [["a", 1]], ["zlib", "v8"]]);
});

it("leaves to an app what others change of Node's modules later", async () => {
  const app = `
    import { createServer } from "node:http";
    export const io = () => createServer();`;
  const print = `
    const { default: http } = await import("node:http");
    http.createServer = () => "another's";
    console.log(JSON.stringify(io()));`;

  expect(await run({ "service/app.ts": app }, print)).toBe("another's");
});

it.each([
  ["esm-debug", "esm"],
  ["another", "another"],
])("takes of a parser whose build for Node is %s the one that is %s", async (built, taken) => {
  const parser = "service/node_modules/socket.io-parser";
  const files = {
    [`${parser}/package.json`]: JSON.stringify({
      name: "socket.io-parser",
      exports: { import: { node: `./build/${built}/index.js`, default: "./build/esm/index.js" } },
    }),
    ...Object.fromEntries(
      [built, "esm"].map((one) => [
        `${parser}/build/${one}/index.js`,
        `export const name = ${JSON.stringify(one)};`,
      ]),
    ),
    "service/app.ts": `export { name as io } from "socket.io-parser";`,
  };

  expect(await run(files, "console.log(JSON.stringify(io))")).toBe(taken);
});
