import { readdirSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const functions = readdirSync(path.join(root, "functions")).map((file) => path.parse(file).name);

/** What each function is there for. */
const handlersOf: Readonly<Record<string, readonly string[]>> = {
  connect: ["connect-handler"],
  fanout: ["fan-out-handler"],
  heartbeat: ["heartbeat-handler"],
  http: ["http-handler"],
  inbox: ["inbox-handler"],
  poll: ["poll-handler"],
  "poll-server": ["poll-handler", "poll-server"],
};

it("gives each function its own handler, and none of another's", async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: functions.map((name) => `functions/${name}.ts`),
    outdir: "none",
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "external",
    external: ["#app"],
  });

  const found = Object.entries(metafile.outputs).map(([file, { inputs }]) => {
    const names = Object.keys(inputs).map((input) => path.parse(input).name);
    return [path.parse(file).name, names.filter((name) => /-handler$|^poll-server$/.test(name))] as const;
  });
  // The entry point of the server has the server's name.
  const sorted = found.map(([name, handlers]) => [name, [...new Set(handlers)].toSorted()]);
  expect(Object.fromEntries(sorted)).toEqual(handlersOf);
});
