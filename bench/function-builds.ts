import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type * as bundling from "../infra/bundle.ts";

const root = path.dirname(import.meta.dirname);

/** Bundles the functions of this tree, as for Lambda, with the bench's app; resolves with their folder. */
export const buildPresent = (): Promise<string> => buildTree(root);

/**
 * The same of a commit of this repository's history, with the packages that are installed here.
 * Throws where the history does not have it, as in a shallow clone.
 */
export async function buildCommit(commit: string): Promise<string> {
  const tree = path.join(root, ".cache/bench-function", commit);
  if (!existsSync(path.join(tree, "package.json"))) {
    rmSync(tree, { recursive: true, force: true });
    mkdirSync(tree, { recursive: true });
    const archive = spawnSync("git", ["archive", commit], { cwd: root, maxBuffer: 2 ** 28 });
    if (archive.status !== 0)
      throw new Error(`expected ${commit} in the history of this clone, got ${archive.stderr.toString()}`);
    spawnSync("tar", ["-x"], { cwd: tree, input: archive.stdout });
    symlinkSync(path.join(root, "node_modules"), path.join(tree, "node_modules"));
  }
  return buildTree(tree);
}

async function buildTree(tree: string): Promise<string> {
  const { bundle } = (await import(
    pathToFileURL(path.join(tree, "infra/bundle.ts")).href
  )) as typeof bundling;
  const outdir = path.join(tree, ".cache/bench");
  await bundle({
    serviceDir: tree,
    handlers: ["functions/connect.handler", "functions/inbox.handler"],
    app: path.join(root, "bench/apps/calls.ts"),
    outdir,
    onLambda: true,
  });
  return path.join(outdir, "functions");
}
