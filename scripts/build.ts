import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { compileOwn } from "../infra/local/service/read-topology.ts";

/**
 * Builds what the package consists of besides its YAML: dist/. All of it is what `tsc` makes of the sources, but for
 * the JavaScript files among them, what `nonsticky cost` reckons with, and the stack as the framework resolves it,
 * so that `nonsticky dev` needs no framework.
 */

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const compiler = path.join(root, "node_modules/typescript/bin/tsc");
const built = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (built.status !== 0) process.exit(built.status ?? 1);

const copied = ["infra/concurrency-warning.js", "infra/cost/calls.json", "infra/cost/prices-us-east-1.json"];
for (const file of copied) copyFileSync(path.join(root, file), path.join(dist, file));
chmodSync(path.join(dist, "bin/nonsticky.js"), 0o755);

const services = path.join(dist, "infra/local/service");
mkdirSync(services, { recursive: true });
for (const ordering of ["fifo", "direct"] as const) {
  const service = await compileOwn(root, ordering);
  writeFileSync(path.join(services, `${ordering}.json`), JSON.stringify(service));
}
