import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, type BuildFailure, type Metafile, type Plugin } from "esbuild";
import { LocalError } from "../local-error.ts";
import type { FunctionSpec } from "../topology.ts";
import type { FunctionCode } from "./instance.ts";

export interface BundleRequest {
  /** The repository: where handlers are, and what `nonsticky` means. */
  readonly root: string;
  readonly appFile: string;
  readonly functions: readonly FunctionSpec[];
}

export interface Bundles {
  readonly code: ReadonlyMap<string, FunctionCode>;
  readonly dynamoServerFile: string;
  readonly guardFile: string;
  /** Sources whose change means new bundles; nothing of `node_modules`. */
  readonly inputs: readonly string[];
}

interface Manifest {
  /** Content hash of every source by its path. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly appExports: readonly string[] | undefined;
  /** Named by content, so that instances of an older bundle keep their files. */
  readonly dir: string;
}

const cacheDir = ".cache/local";
const local = "infra/local";
const HOUR_MS = 3_600_000;

/**
 * Bundles the functions around an app, the inside of an instance, and the DynamoDB process. A bundle is named by what
 * asked for it and reused while no source has changed, so a second start builds nothing.
 */
export async function bundleFunctions(request: BundleRequest): Promise<Bundles> {
  const { root, appFile, functions } = request;
  const key = hash(
    [appFile, ...functions.map(({ handler }) => handler), await readVersions(root)].join("\n"),
  );
  const cache = path.join(root, cacheDir);
  const manifestFile = path.join(cache, `${key}.json`);
  let manifest = await readManifest(manifestFile);
  if (manifest === undefined || !(await isCurrent(root, manifest))) {
    manifest = await buildInto(cache, key, request);
    await writeFile(`${manifestFile}.${process.pid}`, JSON.stringify(manifest));
    await rename(`${manifestFile}.${process.pid}`, manifestFile);
    await removeOld(cache, key, manifest.dir);
  }
  const dir = path.join(cache, manifest.dir);
  refuseWithoutServer(appFile, manifest.appExports);

  const bootstrapFile = path.join(dir, "bootstrap.mjs");
  const code = functions.map(({ key: functionKey, handler }) => {
    const { module, exportName } = splitHandler(handler);
    return [functionKey, { bootstrapFile, bundleFile: path.join(dir, `${module}.mjs`), exportName }] as const;
  });
  return {
    code: new Map<string, FunctionCode>(code),
    dynamoServerFile: path.join(dir, "dynamodb.mjs"),
    guardFile: path.join(dir, "guard.mjs"),
    inputs: Object.keys(manifest.inputs).map((input) => path.resolve(root, input)),
  };
}

async function buildInto(cache: string, key: string, request: BundleRequest): Promise<Manifest> {
  const { root, appFile, functions } = request;
  const outdir = path.join(cache, `${key}.${process.pid}.${Date.now()}`);
  await mkdir(outdir, { recursive: true });
  const common = {
    absWorkingDir: root,
    outdir,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node20",
    format: "esm",
    bundle: true,
    metafile: true,
    logLevel: "silent",
  } as const;
  const appExports = await readAppExports(root, appFile);
  refuseWithoutServer(appFile, appExports);
  try {
    const [{ metafile }] = await Promise.all([
      build({
        ...common,
        entryPoints: functions.map(({ handler }) => {
          const { module } = splitHandler(handler);
          return { in: path.join(root, `${module}.ts`), out: module };
        }),
        splitting: true,
        conditions: ["nonsticky-source"],
        mainFields: ["module", "main"],
        sourcemap: true,
        sourcesContent: false,
        keepNames: true,
        // CommonJS inside an ES module still asks for Node's own modules by `require`.
        banner: {
          js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);',
        },
        plugins: [await mapSpecifiers(root, appFile)],
      }),
      build({
        ...common,
        entryPoints: [
          { in: path.join(root, local, "lambda/bootstrap.ts"), out: "bootstrap" },
          { in: path.join(root, local, "lambda/guard.ts"), out: "guard" },
          { in: path.join(root, local, "dynamodb/server.ts"), out: "dynamodb" },
        ],
        packages: "external",
      }),
    ]);
    const inputs = await hashInputs(root, metafile);
    const dir = `${key}-${hash(JSON.stringify(inputs))}`;
    await rename(outdir, path.join(cache, dir)).catch(() => rm(outdir, { recursive: true, force: true }));
    return { inputs, appExports, dir };
  } catch (error) {
    await rm(outdir, { recursive: true, force: true });
    throw toLocalError(appFile, error);
  }
}

/** `#app` is the app, and `nonsticky` this repository's sources, wherever the importing file lies. */
async function mapSpecifiers(root: string, appFile: string): Promise<Plugin> {
  const packageJson = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, { "nonsticky-source"?: string }>;
  };
  return {
    name: "local-specifiers",
    setup(setup) {
      setup.onResolve({ filter: /^#app$/ }, () => ({ path: appFile }));
      setup.onResolve({ filter: new RegExp(`^${packageJson.name}(/|$)`) }, ({ path: specifier }) => {
        const source =
          packageJson.exports[`.${specifier.slice(packageJson.name.length)}`]?.["nonsticky-source"];
        return source === undefined ? undefined : { path: path.join(root, source) };
      });
    },
  };
}

/** The names an app exports, read without running it; undefined for CommonJS, whose names only running shows. */
async function readAppExports(root: string, appFile: string): Promise<readonly string[] | undefined> {
  try {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [appFile],
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      write: false,
      metafile: true,
      outdir: cacheDir,
      logLevel: "silent",
    });
    const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
    const format = metafile.inputs[output?.entryPoint ?? ""]?.format;
    return format === "cjs" ? undefined : (output?.exports ?? []);
  } catch (error) {
    throw toLocalError(appFile, error);
  }
}

function refuseWithoutServer(appFile: string, names: readonly string[] | undefined): void {
  if (names === undefined || names.includes("io") || names.includes("engine")) return;
  throw new LocalError(
    `expected ${appFile} to export \`io\` or \`engine\`, got exports [${names.join(", ")}]`,
  );
}

function toLocalError(appFile: string, error: unknown): unknown {
  const failure = error as Partial<BuildFailure>;
  if (!Array.isArray(failure.errors)) return error;
  const lines = failure.errors.map(({ text, location }) =>
    location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
  );
  return new LocalError(`expected ${appFile} to build, got\n${lines.join("\n")}`);
}

/** Earlier builds of the same request after an hour, when nothing starts from them any more; others after a week. */
async function removeOld(cache: string, key: string, current: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (name === current || name.startsWith("service-")) continue;
    const file = path.join(cache, name);
    const found = await stat(file).catch(() => undefined);
    const ageMs = found === undefined ? 0 : Date.now() - found.mtimeMs;
    if (ageMs > (name.startsWith(`${key}-`) ? HOUR_MS : 7 * 24 * HOUR_MS)) {
      await rm(file, { recursive: true, force: true });
    }
  }
}

async function isCurrent(root: string, { inputs, dir }: Manifest): Promise<boolean> {
  if ((await stat(path.join(root, cacheDir, dir)).catch(() => undefined)) === undefined) return false;
  const checks = Object.entries(inputs).map(
    async ([file, expected]) => (await hashFile(path.resolve(root, file))) === expected,
  );
  return (await Promise.all(checks)).every(Boolean);
}

async function hashInputs(root: string, { inputs }: Metafile): Promise<Record<string, string>> {
  const own = Object.keys(inputs).filter((file) => !file.includes("node_modules/"));
  const inside = ["lambda/bootstrap.ts", "lambda/guard.ts", "dynamodb/server.ts", "lambda/bundler.ts"].map(
    (file) => `${local}/${file}`,
  );
  const hashes = [...own, ...inside].map(
    async (file) => [file, await hashFile(path.resolve(root, file))] as const,
  );
  return Object.fromEntries(await Promise.all(hashes));
}

/** Stands for everything in `node_modules`. */
const readVersions = (root: string): Promise<string> => hashFile(path.join(root, "package-lock.json"));

async function hashFile(file: string): Promise<string> {
  return readFile(file).then(hash, () => "absent");
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  return readFile(file, "utf8")
    .then((text) => JSON.parse(text) as Manifest)
    .catch(() => undefined);
}

const hash = (content: string | Buffer): string =>
  createHash("sha256").update(content).digest("hex").slice(0, 20);

function splitHandler(handler: string): { readonly module: string; readonly exportName: string } {
  const at = handler.lastIndexOf(".");
  return { module: handler.slice(0, at), exportName: handler.slice(at + 1) };
}
