import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * `npm run check:package`: packs, and has publint and arethetypeswrong look at the tarball, which is what users get.
 * The package has ES modules only, so that is the profile; and nothing may be in it that users have no use for.
 */

const root = path.dirname(import.meta.dirname);
const folder = mkdtempSync(path.join(tmpdir(), "nonsticky-package-"));
/** All that is published besides dist/lib, dist/infra and dist/functions, which tsc makes of what is named here. */
const published =
  /^package\/(dist\/(bin|functions|infra|lib)\/|infra\/.+\.(yml|js|cjs)$|infra\/inspector\/[^/]+\.(html|css|js)$|lib\/.+\.ts$|(LICENSE|README\.md|package\.json|serverless\.yml)$)/;

try {
  execFileSync("npm", ["pack", "--pack-destination", folder, "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [name = ""] = readdirSync(folder);
  const tarball = path.join(folder, name);
  const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
  const others = files.filter(
    (file) => !published.test(file) || /\.test\.|(^|\/)(test|bench|examples)\//.test(file),
  );
  if (others.length > 0) throw new Error(`expected nothing else in the package, got ${others.join(", ")}`);
  run("publint", tarball, "--strict");
  run("attw", tarball, "--profile", "esm-only");
  console.log(`${name}: ${files.length} files`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(path.join(root, "node_modules/.bin", command), args, { cwd: root, stdio: "inherit" });
}
