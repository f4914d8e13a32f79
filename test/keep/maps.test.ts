import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { sourceLocation } from "../../lib/bundling/source-location.ts";
import { keepVariables } from "../../infra/keep/keep.ts";
import { appOf } from "../doctor/app-files.ts";

const text = `"use strict";
const io = require("socket.io")(0);
let users = [], count = 0;
io.on("connection", (socket) => {
  socket.on("go", (name) => { users = users.concat(name); count++; throw new Error(\`bad \${count}\`); });
});
module.exports = { io, here: __filename };
`;

/** Where a text of the bundle was in the source: line and column, from 0. */
function originOf(bundle: string, wanted: string, map: SourceMap): readonly number[] {
  const line = bundle.split("\n").findIndex((one) => one.includes(wanted));
  const column = bundle.split("\n")[line]?.indexOf(wanted) ?? -1;
  const entry = map.findEntry(line, column) as { originalLine: number; originalColumn: number };
  return [entry.originalLine, entry.originalColumn];
}

it("leads from the bundle back to the app's own lines", async () => {
  const file = appOf({ "server.js": text });
  const { contents, plugins } = keepVariables(file);

  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    format: "cjs",
    platform: "node",
    external: ["socket.io", "nonsticky/live"],
    sourcemap: true,
    outfile: "out.js",
    write: false,
    plugins: [sourceLocation({ rewritten: contents }), ...plugins],
  });

  const [map, bundle] = [".map", ".js"].map(
    (end) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "",
  );
  const payload = JSON.parse(map ?? "") as ConstructorParameters<typeof SourceMap>[0];
  expect(payload.sources.filter((source) => source.endsWith("server.js"))).toHaveLength(1);
  const at = (wanted: string) => originOf(bundle ?? "", wanted, new SourceMap(payload));
  const lines = readFileSync(file, "utf8").split("\n");
  expect(at("throw new Error")).toEqual([4, lines[4]?.indexOf("throw")]);
  expect(at("socket.on(")).toEqual([4, lines[4]?.indexOf("socket.on")]);
  expect(at("users.value = users")).toEqual([4, lines[4]?.indexOf("users = users")]);
  expect(at("io.on(")).toEqual([3, 0]);
});
