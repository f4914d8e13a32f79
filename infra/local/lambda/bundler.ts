import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, type BuildFailure, type Plugin } from "esbuild";
import { buildInFormat, extensionOf, type AppFormat } from "../../../lib/bundling/app-format.ts";
import { appPlugin } from "../../../lib/bundling/app-plugin.ts";
import { leftOutside } from "../../../lib/bundling/left-outside.ts";
import { locationBanners, locationDefines, sourceLocation } from "../../../lib/bundling/source-location.ts";
import { isOwnOf } from "../../bundling/own-names.ts";
import { plainOwnNames } from "../../bundling/plain-own-names.ts";
import { cacheDir, codeDir, extension, isBuilt, packageDir, workingDir } from "../installation.ts";
import { LocalError } from "../local-error.ts";
import type { FunctionSpec } from "../topology.ts";
import { hash, hashFile, hashInputs, readVersions } from "./bundle-inputs.ts";
import type { FunctionCode } from "./instance.ts";

export interface BundleRequest {
  readonly appFile: string;
  /** Packages whose imports are this package's. */
  readonly replace: readonly string[];
  /** Packages that stay outside of the bundles. */
  readonly external: readonly string[];
  /** What packets change in the app's variables is kept. */
  readonly keep: boolean;
  readonly functions: readonly FunctionSpec[];
}

export interface Bundles {
  readonly code: ReadonlyMap<string, FunctionCode>;
  readonly dynamoServerFile: string;
  readonly guardFile: string;
  /** Sources whose change means new bundles; nothing of `node_modules`. */
  readonly inputs: readonly string[];
  /** For people: what became of each variable, with `keep`. */
  readonly kept: readonly string[];
}

interface Manifest {
  /** Content hash of every source by its path. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly format: AppFormat;
  readonly kept: readonly string[];
  /** Named by content, so that instances of an older bundle keep their files. */
  readonly dir: string;
}

const HOUR_MS = 3_600_000;

/**
 * Bundles the functions around an app, the inside of an instance, and the DynamoDB process. A bundle is named by what
 * asked for it and reused while no source has changed, so a second start builds nothing.
 */
export async function bundleFunctions(request: BundleRequest): Promise<Bundles> {
  const { appFile, replace, external, keep, functions } = request;
  const versions = await readVersions();
  const key = hash(
    [
      appFile,
      ...replace,
      "",
      ...external,
      String(keep),
      ...functions.map(({ handler }) => handler),
      versions,
    ].join("\n"),
  );
  const manifestFile = path.join(cacheDir, `${key}.json`);
  let manifest = versions === undefined ? undefined : await readManifest(manifestFile);
  if (manifest === undefined || !(await isCurrent(manifest))) {
    manifest = await buildInto(key, request);
    await writeFile(`${manifestFile}.${process.pid}`, JSON.stringify(manifest));
    await rename(`${manifestFile}.${process.pid}`, manifestFile);
    await removeOld(key, manifest.dir);
  }
  const dir = path.join(cacheDir, manifest.dir);
  const processes = isBuilt ? builtProcesses : bundledProcesses(dir);
  const code = functions.map(({ key: functionKey, handler }) => {
    const { module, exportName } = splitHandler(handler);
    const bundleFile = path.join(dir, module + extensionOf(manifest.format));
    return [functionKey, { bootstrapFile: processes.bootstrap, bundleFile, exportName }] as const;
  });
  return {
    code: new Map<string, FunctionCode>(code),
    dynamoServerFile: processes.dynamodb,
    guardFile: processes.guard,
    inputs: Object.keys(manifest.inputs).map((input) => path.resolve(workingDir, input)),
    kept: manifest.kept,
  };
}

/** Programs that run in processes of their own. Node reads no TypeScript, so the repository bundles them. */
const processSources = {
  bootstrap: path.join(codeDir, `infra/local/lambda/bootstrap${extension}`),
  guard: path.join(codeDir, `infra/local/lambda/guard${extension}`),
  dynamodb: path.join(codeDir, `infra/local/dynamodb/server${extension}`),
};
type Processes = typeof processSources;
const builtProcesses: Processes = processSources;
const bundledProcesses = (dir: string): Processes => ({
  bootstrap: path.join(dir, "bootstrap.mjs"),
  guard: path.join(dir, "guard.mjs"),
  dynamodb: path.join(dir, "dynamodb.mjs"),
});

async function buildInto(
  key: string,
  { appFile, replace, external, keep, functions }: BundleRequest,
): Promise<Manifest> {
  const outdir = path.join(cacheDir, `${key}.${process.pid}.${Date.now()}`);
  await mkdir(outdir, { recursive: true });
  const common = {
    absWorkingDir: workingDir,
    outdir,
    platform: "node",
    target: "node20",
    bundle: true,
    logLevel: "silent",
  } as const;
  try {
    const kept = keep ? await keepVariablesOf(appFile) : undefined;
    const appPlugins = [
      await takeApp(appFile, replace),
      leftOutside({ external }),
      sourceLocation({
        own: path.join(codeDir, `lib${path.sep}`),
        ...(kept === undefined ? {} : { rewritten: kept.contents }),
      }),
      ...(kept?.plugins ?? []),
    ];
    const [{ metafile, format }, processes] = await Promise.all([
      buildInFormat(appFile, (format) =>
        build({
          ...common,
          format,
          outExtension: { ".js": extensionOf(format) },
          entryPoints: functions.map(({ handler }) => {
            const { module } = splitHandler(handler);
            return { in: path.join(codeDir, `${module}${extension}`), out: module };
          }),
          splitting: format === "esm",
          conditions: isBuilt ? ["module"] : ["nonsticky-source", "module"],
          mainFields: ["module", "main"],
          sourcemap: true,
          sourcesContent: false,
          keepNames: true,
          define: locationDefines,
          loader: { ".node": "copy" },
          banner: { js: locationBanners[format] },
          plugins: [...appPlugins, plainOwnNames(isOwnOf(packageDir))],
          metafile: true,
        }),
      ),
      isBuilt
        ? undefined
        : build({
            ...common,
            format: "esm",
            outExtension: { ".js": ".mjs" },
            entryPoints: processSources,
            packages: "external",
            metafile: true,
          }),
    ]);
    const built = [metafile, ...(processes === undefined ? [] : [processes.metafile])];
    const inputs = await hashInputs(appFile, built, keep);
    const dir = `${key}-${hash(JSON.stringify(inputs))}`;
    await rename(outdir, path.join(cacheDir, dir)).catch(() => rm(outdir, { recursive: true, force: true }));
    return { inputs, format, kept: kept?.lines ?? [], dir };
  } catch (error) {
    await rm(outdir, { recursive: true, force: true });
    throw toLocalError(appFile, error);
  }
}

/** It reads apps with the compiler of TypeScript, which takes its time to load. */
async function keepVariablesOf(appFile: string) {
  const [{ keepVariables }, { toLines }] = await Promise.all([
    import("../../keep/keep.ts"),
    import("../../keep/report.ts"),
  ]);
  const app = keepVariables(appFile);
  return { ...app, lines: toLines(app) };
}

async function takeApp(appFile: string, replace: readonly string[]): Promise<Plugin> {
  const packageJson = JSON.parse(await readFile(path.join(packageDir, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, { "nonsticky-source"?: string; default?: string }>;
  };
  const condition = isBuilt ? "default" : "nonsticky-source";
  return appPlugin({
    appFile,
    name: packageJson.name,
    resolveSelf: (subpath) => {
      const file = packageJson.exports[`.${subpath}`]?.[condition];
      return file === undefined ? undefined : path.join(packageDir, file);
    },
    replace,
    hostFile: path.join(codeDir, `lib/engine/hosted-app${extension}`),
  });
}

function toLocalError(appFile: string, error: unknown): unknown {
  const failure = error as Partial<BuildFailure> & Partial<Error>;
  if (/^(Keep|Doctor)Error$/.test(failure.name ?? "")) return new LocalError(failure.message);
  if (!Array.isArray(failure.errors)) return error;
  const lines = failure.errors.map(({ text, location }) =>
    location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
  );
  return new LocalError(`expected ${appFile} to build, got\n${lines.join("\n")}`);
}

/** Earlier builds of the same request after an hour, when nothing starts from them any more; others after a week. */
async function removeOld(key: string, current: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (name === current || name.startsWith("service-")) continue;
    const file = path.join(cacheDir, name);
    const found = await stat(file).catch(() => undefined);
    const ageMs = found === undefined ? 0 : Date.now() - found.mtimeMs;
    if (ageMs > (name.startsWith(`${key}-`) ? HOUR_MS : 7 * 24 * HOUR_MS)) {
      await rm(file, { recursive: true, force: true });
    }
  }
}

async function isCurrent({ inputs, dir }: Manifest): Promise<boolean> {
  if ((await stat(path.join(cacheDir, dir)).catch(() => undefined)) === undefined) return false;
  const checks = Object.entries(inputs).map(
    async ([file, expected]) => (await hashFile(path.resolve(workingDir, file))) === expected,
  );
  return (await Promise.all(checks)).every(Boolean);
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  return readFile(file, "utf8")
    .then((text) => JSON.parse(text) as Manifest)
    .catch(() => undefined);
}

function splitHandler(handler: string): { readonly module: string; readonly exportName: string } {
  const at = handler.lastIndexOf(".");
  return { module: handler.slice(0, at), exportName: handler.slice(at + 1) };
}
