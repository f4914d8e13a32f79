import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { measureImports } from "./import-time.ts";

/**
 * Packages the service and prints what each function weighs, and what its import takes beside that of an empty module. A
 * cold start reads and compiles the whole bundle, so one that outgrows its budget fails here. Times depend on the
 * machine, so they are only told: docs/decisions/0023-cold-start.md.
 */

const budgetBytes = 370_000;
const importRounds = 7;
const emptyModule = "data:text/javascript,export default 0";

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
const bundles = Object.entries(metafile.outputs).filter(([file]) => /\.[mc]js$/.test(file));
const imports = measureImports(
  [emptyModule, ...bundles.map(([file]) => path.join(root, file))],
  importRounds,
);
const emptyMs = imports.get(emptyModule)?.medianMs ?? NaN;
let overBudget = false;
console.log(
  "function      sources    minified      zipped   (bytes)      import: median, least (ms of CPU), ratio",
);
console.log("empty".padEnd(66) + toTimes(emptyModule));
for (const [file, output] of bundles) {
  const name = path.parse(file).name;
  const sources = Object.keys(output.inputs).reduce(
    (sum, input) => sum + (metafile.inputs[input]?.bytes ?? 0),
    0,
  );
  const zipped = statSync(path.join(root, ".serverless", `${name}.zip`)).size;
  console.log(
    name.padEnd(10) +
      [sources, output.bytes, zipped].map((bytes) => String(bytes).padStart(11)).join(" ") +
      " ".repeat(21) +
      toTimes(path.join(root, file)),
  );
  const adapter = Object.keys(output.inputs).find((input) => input.includes("node_modules/serverless-http/"));
  if (adapter !== undefined && name !== "http") {
    overBudget = true;
    console.error(`expected nothing of an app's own routes in ${name}, got ${adapter}`);
  }
  if (output.bytes < budgetBytes) continue;
  overBudget = true;
  console.error(`expected ${name} to stay under ${budgetBytes} bytes minified, got ${output.bytes}`);
}
process.exitCode = overBudget ? 1 : 0;

function toTimes(file: string): string {
  const { medianMs, leastMs } = imports.get(file) ?? { medianMs: NaN, leastMs: NaN };
  return [medianMs, leastMs, medianMs / emptyMs].map((value) => value.toFixed(1).padStart(7)).join("");
}
