import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildFailure } from "esbuild";

/** What a bundle is made of: CommonJS runs as such, without the strictness of modules. */
export type AppFormat = "esm" | "cjs";

/**
 * How Node would take an app's module: by its extension, by the `type` of the package that it is in, and JavaScript without
 * a type by whether it has `import` or `export`.
 */
export async function formatOf(appFile: string): Promise<AppFormat> {
  const extension = path.extname(appFile);
  if (/^\.m[jt]s$/.test(extension)) return "esm";
  if (/^\.c[jt]s$/.test(extension)) return "cjs";
  const { type } = await readManifest(path.dirname(appFile));
  if (type !== undefined) return type === "module" ? "esm" : "cjs";
  if (/^\.tsx?$/.test(extension)) return "cjs";
  return /^\s*(import|export)\b(?!\s*\()/m.test(await readFile(appFile, "utf8")) ? "esm" : "cjs";
}

/** Builds in the app's own format, and as modules what only they can have: an `await` outside of any function. */
export async function buildInFormat<T>(
  appFile: string,
  build: (format: AppFormat) => Promise<T>,
): Promise<T & { readonly format: AppFormat }> {
  const format = await formatOf(appFile);
  try {
    return { ...(await build(format)), format };
  } catch (error) {
    const { errors = [] } = error as Partial<BuildFailure>;
    if (format === "esm" || !errors.some(({ text }) => text.startsWith("Top-level await"))) throw error;
    return { ...(await build("esm")), format: "esm" };
  }
}

/** `.mjs`, or `.cjs`: the file says what it is wherever it lies. */
export const extensionOf = (format: AppFormat): string => (format === "esm" ? ".mjs" : ".cjs");

/** The nearest package.json of a folder; empty where there is none. */
export async function readManifest(directory: string): Promise<{ type?: string; sideEffects?: unknown }> {
  const text = await readFile(path.join(directory, "package.json"), "utf8").catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as { type?: string };
  const parent = path.dirname(directory);
  return parent === directory ? {} : readManifest(parent);
}
