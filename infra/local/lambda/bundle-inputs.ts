import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Metafile } from "esbuild";
import { codeDir, extension, isBuilt, packageDir, workingDir } from "../installation.ts";

/** Content hash of every source that the bundles of an app were made of, by its path, and of what made them. */
export async function hashInputs(
  appFile: string,
  built: readonly Metafile[],
  keep: boolean,
): Promise<Record<string, string>> {
  const own = built
    .flatMap(({ inputs }) => Object.keys(inputs))
    .filter((file) => !/node_modules\/|^nonsticky-(app|keep):/.test(file));
  const inside = [
    path.join(codeDir, `infra/local/lambda/bundler${extension}`),
    ...["app-plugin", "app-format", "left-outside", "source-location"].map((name) =>
      path.join(codeDir, `lib/bundling/${name}${extension}`),
    ),
    ...["own-names", "plain-own-names"].map((name) =>
      path.join(codeDir, `infra/bundling/${name}${extension}`),
    ),
    ...(keep ? [...(await listSources("infra/keep")), ...(await listSources("infra/doctor"))] : []),
  ];
  const manifests = manifestsOf(appFile).map((file) => path.relative(workingDir, file));
  const hashes = [
    ...own,
    ...manifests,
    ...(isBuilt ? [] : inside.map((file) => path.relative(workingDir, file))),
  ].map(async (file) => [file, await hashFile(path.resolve(workingDir, file))] as const);
  return Object.fromEntries(await Promise.all(hashes));
}

/** What says whether an app is of modules: the nearest package.json, and wherever a nearer one could be. */
function manifestsOf(appFile: string): readonly string[] {
  const folder = path.dirname(appFile);
  const file = path.join(folder, "package.json");
  const isLast = existsSync(file) || folder === path.dirname(folder);
  return isLast ? [file] : [file, ...manifestsOf(folder)];
}

async function listSources(folder: string): Promise<readonly string[]> {
  const names = await readdir(path.join(codeDir, folder));
  return names.filter((name) => name.endsWith(extension)).map((name) => path.join(codeDir, folder, name));
}

/**
 * Stands for everything in `node_modules`: the lockfile. A project may use another package manager, and this package
 * be linked into it; then nothing does, and nothing is reused.
 */
export async function readVersions(): Promise<string | undefined> {
  if (!isBuilt) return hashFile(path.join(packageDir, "package-lock.json"));
  const found = await readFile("node_modules/.package-lock.json").catch(() => undefined);
  return found === undefined ? undefined : hash(found);
}

export async function hashFile(file: string): Promise<string> {
  return readFile(file).then(hash, () => "absent");
}

export const hash = (content: string | Buffer): string =>
  createHash("sha256").update(content).digest("hex").slice(0, 20);
