import { existsSync, readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import type { Plugin } from "esbuild";

export interface LeftOutsideOptions {
  /** Packages that somebody wants outside. */
  readonly external: readonly string[];
  /** Named as they are installed where the bundle runs; absent: found where they are now. */
  readonly onPackage?: (name: string, directory: string) => void;
}

/**
 * Packages that a bundle cannot have: those with native code, which look for their own files, and those that are asked for.
 * What a package requires and is not installed is left to run time, where it was optional: drivers of databases, most of all.
 */
export function leftOutside({ external, onPackage }: LeftOutsideOptions): Plugin {
  return {
    name: "left-outside",
    setup(setup) {
      setup.onResolve(
        { filter: /^(@[\w.-]+\/)?[\w-]/ },
        ({ path: specifier, importer, resolveDir, kind }) => {
          if (kind === "entry-point" || isBuiltin(specifier) || isOfStack.test(importer)) return undefined;
          const [name = specifier] = /^(@[^/]+\/)?[^/]+/.exec(specifier) ?? [];
          const directory = findPackage(name, resolveDir);
          if (directory === undefined) {
            const isLeft = kind !== "import-statement" && /[\\/]node_modules[\\/]/.test(importer);
            return isLeft ? { path: specifier, external: true } : undefined;
          }
          if (!external.includes(name) && !isNative(directory)) return undefined;
          onPackage?.(name, directory);
          if (onPackage !== undefined) return { path: specifier, external: true };
          return { path: createRequire(path.join(resolveDir, "x")).resolve(specifier), external: true };
        },
      );
    },
  };
}

/** The folders of packages, with those of all that they depend on as far as it is installed: what travels with a bundle. */
export function withDependencies(packages: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  const add = (name: string, directory: string): void => {
    if (all.get(name) !== undefined) return;
    all.set(name, directory);
    const { dependencies = {}, optionalDependencies = {} } = readManifestOf(directory);
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = findPackage(dependency, directory);
      // One that is installed inside of its user is copied with it.
      if (found !== undefined && !found.startsWith(directory + path.sep)) add(dependency, found);
    }
  };
  for (const [name, directory] of packages) add(name, directory);
  return all;
}

interface Manifest {
  readonly gypfile?: boolean;
  readonly binary?: unknown;
  readonly napi?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** By what packages with native code say of themselves, or load it with. */
function isNative(directory: string): boolean {
  const known = natives.get(directory);
  if (known !== undefined) return known;
  const { gypfile, binary, napi, dependencies = {} } = readManifestOf(directory);
  const loaders = ["node-gyp-build", "bindings", "prebuild-install", "@mapbox/node-pre-gyp"];
  const found =
    gypfile === true ||
    binary !== undefined ||
    napi !== undefined ||
    loaders.some((loader) => loader in dependencies) ||
    ["binding.gyp", "prebuilds"].some((file) => existsSync(path.join(directory, file)));
  natives.set(directory, found);
  return found;
}

const natives = new Map<string, boolean>();

const readManifestOf = (directory: string): Manifest =>
  JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as Manifest;

function findPackage(name: string, from: string): string | undefined {
  const directory = path.join(from, "node_modules", name);
  if (existsSync(path.join(directory, "package.json"))) return directory;
  const parent = path.dirname(from);
  return parent === from ? undefined : findPackage(name, parent);
}

/** Nothing of these is native, and they import each other by the hundreds. */
const isOfStack = /[\\/]node_modules[\\/](@aws-sdk|@smithy|@aws-lambda-powertools|@aws-crypto)[\\/]/;
