import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A copy of examples/starter outside the repository, which depends on this package as it would be published. */
export interface StarterProject {
  readonly project: string;
  install(): Promise<void>;
  remove(): void;
}

/** No account, and no settings of this repository's own npm. */
export const starterEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(AWS_|npm_|NONSTICKY_|NODE_OPTIONS)/.test(name)),
);

const root = path.dirname(import.meta.dirname);

/** Builds and packs the package for it. `packages` are installed besides, in the versions that this repository has. */
export async function createStarterProject(packages: readonly string[] = []): Promise<StarterProject> {
  const folder = mkdtempSync(path.join(tmpdir(), "nonsticky-starter-"));
  const project = path.join(folder, "starter");
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    copyStarter(project, await pack(folder), packages);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    project,
    install: () => npm(project, ["install", "--prefer-offline", "--no-audit", "--no-fund"], starterEnv),
    remove,
  };
}

async function pack(folder: string): Promise<string> {
  await npm(root, ["pack", "--pack-destination", folder, "--loglevel=error"], process.env);
  const [tarball] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  if (tarball === undefined) throw new Error(`expected npm pack to write a tarball to ${folder}, got none`);
  return tarball;
}

function npm(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn("npm", args, { cwd, env, stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`expected npm ${args[0]} to succeed, got exit code ${code}`));
    });
  });
}

function copyStarter(project: string, tarball: string, packages: readonly string[]): void {
  cpSync(path.join(root, "examples/starter"), project, {
    recursive: true,
    filter: (file) => !/node_modules|\.serverless/.test(path.basename(file)),
  });
  const file = path.join(project, "package.json");
  const manifest = readManifest(file);
  manifest.dependencies["nonsticky"] = `file:../${tarball}`;
  const { devDependencies } = readManifest(path.join(root, "package.json"));
  for (const name of packages) manifest.dependencies[name] = devDependencies[name] ?? "";
  writeFileSync(file, JSON.stringify(manifest));
}

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const readManifest = (file: string): Manifest => JSON.parse(readFileSync(file, "utf8")) as Manifest;
