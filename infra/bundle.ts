import { cp, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { Metafile } from "esbuild";
import { buildInFormat, extensionOf, type AppFormat } from "../lib/bundling/app-format.ts";
import { appPlugin } from "../lib/bundling/app-plugin.ts";
import { leftOutside, withDependencies } from "../lib/bundling/left-outside.ts";
import { buildMinified, type MinifiedOptions } from "./bundling/minified.ts";
import { isOwnOf } from "./bundling/own-names.ts";
import { forLambda } from "./lambda-bundle.ts";
import { locationBanners, locationDefines, sourceLocation } from "../lib/bundling/source-location.ts";
import type { KeptApp } from "./keep/keep.ts";

/** Installed from npm; otherwise these are the sources. */
const isBuilt = import.meta.url.endsWith(".js");

/** The build directory, relative to the service. Bundles lie in it as their sources lie in the repository. */
export const buildDir = ".build";

/** `functions/inbox.handler` → `functions/inbox` */
export const toModule = (handler: string): string => handler.slice(0, handler.lastIndexOf("."));

/** Where a Lambda Web Function begins, at the root of its archive. */
const WEB_ENTRY = "index.js";

/** Patterns of a function's archive that are modules: servers that lie beside its handler, and are bundled like it. */
const serversIn = (patterns: readonly string[] = []): readonly string[] =>
  patterns.filter((pattern) => /^functions\/[\w-]+$/.test(pattern));

/** The handlers to be bundled for a function: its own, and the servers that its archive names. */
export const handlersOf = ({ handler, package: given }: Packaged): readonly string[] => [
  handler,
  ...serversIn(given?.patterns).map((module) => `${module}.handler`),
];

/** What a function's archive has: its bundles with their maps, and what it names besides. */
export function filesOf(definition: Packaged, extension: string): readonly string[] {
  const servers = serversIn(definition.package?.patterns);
  const bundles = handlersOf(definition).map((handler) => toModule(handler) + extension);
  const others = (definition.package?.patterns ?? []).filter((pattern) => !servers.includes(pattern));
  return ["!**", ...bundles.flatMap((file) => [file, `${file}.map`]), ...others];
}

/** A function as the framework has it. */
interface Packaged {
  readonly handler: string;
  readonly package?: { readonly patterns?: readonly string[] };
}

/** Writes where a server's archive begins, if one of the functions has a server: the runtime looks for no other name. */
export async function writeWebEntry(
  definitions: readonly Packaged[],
  outdir: string,
  extension: string,
): Promise<void> {
  const [server] = definitions.flatMap(({ package: given }) => serversIn(given?.patterns));
  if (server !== undefined)
    await writeFile(path.join(outdir, WEB_ENTRY), `import("./${server}${extension}");\n`);
}

export interface BundleOptions {
  readonly serviceDir: string;
  /** As in serverless.yml. */
  readonly handlers: readonly string[];
  /** The app's module, absolute or relative to the service; empty for what package.json says `#app` is. */
  readonly app?: string;
  /** Packages whose imports are this package's: `socket.io`. */
  readonly replace?: readonly string[];
  /** Packages that stay outside, besides those with native code; on Lambda they are copied to lie beside the bundles. */
  readonly external?: readonly string[];
  /** Relative to the service. */
  readonly outdir?: string;
  /** Where this package is installed; by default the service is this repository. */
  readonly packageDir?: string;
  /** What packets change in the app's variables is kept. */
  readonly keep?: boolean;
  /** The bundles run on Lambda and nowhere else. */
  readonly onLambda?: boolean;
}

export interface Bundled {
  /** Modules, or CommonJS, as the app is. */
  readonly format: AppFormat;
  /** What must lie beside the bundles, relative to their directory: packages, and native code that is no package's. */
  readonly beside: readonly string[];
  /** Of esbuild. */
  readonly metafile: Metafile;
  /** Of `keep`: what became of each variable. */
  readonly kept?: Pick<KeptApp, "kept" | "left">;
}

/**
 * Bundles entry points into one file each, with its source map beside it. Throws what esbuild throws, and with `keep` a
 * `KeepError`.
 */
export async function bundle({
  serviceDir,
  handlers,
  app,
  replace = [],
  external = [],
  outdir = buildDir,
  packageDir = serviceDir,
  keep = false,
  onLambda = false,
}: BundleOptions): Promise<Bundled> {
  const condition = isBuilt ? "default" : "nonsticky-source";
  const { name, exports, imports } = await readPackage(packageDir);
  const toEntry = (module: string) => path.join(packageDir, isBuilt ? `dist/${module}.js` : `${module}.ts`);
  const hostFile = toEntry("lib/engine/hosted-app");
  const appFile = path.resolve(serviceDir, app || (imports?.["#app"] ?? ""));
  /** Of this package's own code. */
  const ownDir = path.resolve(serviceDir, hostFile, "../..") + path.sep;
  const outside = new Map<string, string>();
  const kept = keep ? await keepVariablesOf(appFile) : undefined;
  const options: Omit<MinifiedOptions, "format" | "banner"> = {
    loader: { ".node": "copy" },
    absWorkingDir: serviceDir,
    entryPoints: handlers.map((handler) => ({ in: toEntry(toModule(handler)), out: toModule(handler) })),
    outdir,
    bundle: true,
    target: "node20",
    // The SDK's ES modules, which esbuild can shake; otherwise it takes their CommonJS, a fifth more in all. The
    // condition is esbuild's own, but goes as soon as another one is named.
    conditions: isBuilt ? ["module"] : [condition, "module"],
    mainFields: ["module", "main"],
    logLevel: "silent",
    define: locationDefines,
    plugins: [
      appPlugin({
        appFile,
        name,
        resolveSelf: (subpath) => {
          const file = exports[`.${subpath}`]?.[condition];
          return file === undefined ? undefined : path.join(packageDir, file);
        },
        replace,
        hostFile: path.resolve(serviceDir, hostFile),
      }),
      leftOutside({
        external,
        ...(onLambda ? { onPackage: (one, directory) => void outside.set(one, directory) } : {}),
      }),
      sourceLocation({
        ...(onLambda ? { base: serviceDir } : {}),
        own: ownDir,
        ...(kept === undefined ? {} : { rewritten: kept.contents }),
      }),
      ...(kept === undefined ? [] : kept.plugins),
      ...(onLambda ? forLambda(ownDir) : []),
    ],
    isOwn: isOwnOf(path.resolve(serviceDir, packageDir)),
  };
  const built = await buildInFormat(appFile, (format) =>
    buildMinified({
      ...options,
      format,
      outExtension: { ".js": extensionOf(format) },
      banner: locationBanners[format],
    }),
  );
  const target = path.resolve(serviceDir, outdir);
  const native = Object.keys(built.metafile.outputs)
    .filter((file) => file.endsWith(".node"))
    .map((file) => path.relative(target, path.resolve(serviceDir, file)));
  const packages = withDependencies(outside);
  for (const [one, directory] of packages) {
    await cp(directory, path.join(target, "node_modules", one), { recursive: true, dereference: true });
  }
  return {
    ...built,
    beside: [...native, ...[...packages.keys()].map((one) => `node_modules/${one}/**`)],
    ...(kept === undefined ? {} : { kept }),
  };
}

/**
 * Puts the stock client, which the poll function serves as files, beside the bundles. Maps stay out: they are most of
 * its weight.
 */
export async function copyClient(outdir: string): Promise<void> {
  const source = path.dirname(createRequire(import.meta.url).resolve("socket.io-client/package.json"));
  await cp(source, path.join(outdir, "node_modules/socket.io-client"), {
    recursive: true,
    filter: (file) => {
      const relative = path.relative(source, file);
      return ["", "package.json", "dist"].includes(relative) || /^dist\/[^/]+\.js$/.test(relative);
    },
  });
}

/** It reads apps with the compiler of TypeScript, which takes its time to load. */
async function keepVariablesOf(appFile: string) {
  const { keepVariables } = await import("./keep/keep.ts");
  return keepVariables(appFile);
}

interface PackageJson {
  readonly name: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly imports?: Readonly<Record<string, string>>;
}

async function readPackage(directory: string): Promise<PackageJson> {
  return JSON.parse(await readFile(path.join(directory, "package.json"), "utf8")) as PackageJson;
}
