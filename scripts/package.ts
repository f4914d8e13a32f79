import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";

/**
 * Packages the service and prints what each function weighs. A cold start reads and compiles the whole bundle, so one
 * that outgrows its budget fails here.
 */

const budgetBytes = 900_000;

/** The part of esbuild's metafile that is read here; infra/bundle-plugin.js writes it. */
interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly bytes: number; readonly inputs: Readonly<Record<string, unknown>> }>
  >;
  readonly inputs: Readonly<Record<string, { readonly bytes: number }>>;
}

const root = path.dirname(import.meta.dirname);
const packaged = spawnSync("npx", ["serverless", "package", ...process.argv.slice(2)], {
  cwd: root,
  stdio: ["ignore", "inherit", "inherit"],
});
if (packaged.status !== 0) process.exit(packaged.status ?? 1);

const metafile = JSON.parse(readFileSync(path.join(root, ".build/meta.json"), "utf8")) as Metafile;
let overBudget = false;
console.log("function      sources    minified      zipped   (bytes)");
for (const [file, output] of Object.entries(metafile.outputs)) {
  if (!file.endsWith(".mjs")) continue;
  const name = path.basename(file, ".mjs");
  const sources = Object.keys(output.inputs).reduce(
    (sum, input) => sum + (metafile.inputs[input]?.bytes ?? 0),
    0,
  );
  const zipped = statSync(path.join(root, ".serverless", `${name}.zip`)).size;
  console.log(
    name.padEnd(10) + [sources, output.bytes, zipped].map((bytes) => String(bytes).padStart(11)).join(" "),
  );
  if (output.bytes < budgetBytes) continue;
  overBudget = true;
  console.error(`expected ${name} to stay under ${budgetBytes} bytes minified, got ${output.bytes}`);
}
process.exitCode = overBudget ? 1 : 0;
