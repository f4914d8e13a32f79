import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** How this very file is stored: `.ts` in the repository, `.js` where the package is installed. */
export const extension = path.extname(import.meta.url) as ".ts" | ".js";

/** Installed from npm, with `dist/` in place of the sources. */
export const isBuilt = extension === ".js";

/** Holds functions/, lib/ and infra/: the repository, or the package's `dist`. */
export const codeDir = fileURLToPath(new URL("../../", import.meta.url)).replace(/[\\/]$/, "");

/** Holds package.json and serverless.yml. */
export const packageDir = isBuilt ? path.dirname(codeDir) : codeDir;

/** Paths in messages and in what esbuild reports are relative to it. */
export const workingDir = isBuilt ? process.cwd() : packageDir;

/**
 * Where bundles and compiled services are kept. Installed packages may be read-only and are shared by nobody else's
 * bundles, so theirs are in the project, at the place that other tools use.
 */
export const cacheDir = isBuilt
  ? path.resolve("node_modules/.cache/nonsticky")
  : path.join(packageDir, ".cache/local");

/** As it is published. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(path.join(packageDir, "package.json"), "utf8")) as { version: string }).version;

/** Whose code is this package's, where apps may lie beside it. */
export const ownFolders = ["lib", "functions", "infra"].map(
  (folder) => path.join(codeDir, folder) + path.sep,
);
