import { cp, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild";
import { buildInFormat, extensionOf, type AppFormat } from "../lib/bundling/app-format.ts";
import { appPlugin } from "../lib/bundling/app-plugin.ts";
import { locationBanners, locationDefines, sourceLocation } from "../lib/bundling/source-location.ts";

/** The build directory, relative to the service. Bundles lie in it as their sources lie in the repository. */
export const buildDir = ".build";

/** `functions/inbox.handler` → `functions/inbox` */
export const toModule = (handler: string): string => handler.slice(0, handler.lastIndexOf("."));

export interface BundleOptions {
  readonly serviceDir: string;
  /** As in serverless.yml. */
  readonly handlers: readonly string[];
  /** The app's module, absolute or relative to the service; empty for what package.json says `#app` is. */
  readonly app?: string;
  /** Packages whose imports are this package's: `socket.io`. */
  readonly replace?: readonly string[];
  /** Relative to the service. */
  readonly outdir?: string;
  /** Where this package is installed; without it, the service is this repository. */
  readonly packageDir?: string;
  /** The bundles run on Lambda and nowhere else. */
  readonly onLambda?: boolean;
}

export interface Bundled {
  /** Modules, or CommonJS, as the app is. */
  readonly format: AppFormat;
  /** Of esbuild. */
  readonly metafile: Metafile;
}

/** Bundles entry points into one file each, with its source map beside it. */
export async function bundle({
  serviceDir,
  handlers,
  app,
  replace = [],
  outdir = buildDir,
  packageDir,
  onLambda = false,
}: BundleOptions): Promise<Bundled> {
  const condition = packageDir === undefined ? "nonsticky-source" : "default";
  const ownDir = packageDir ?? serviceDir;
  const { name, exports, imports } = await readPackage(ownDir);
  const toEntry = (module: string) =>
    packageDir === undefined ? `./${module}.ts` : path.join(packageDir, `dist/${module}.js`);
  const hostFile = toEntry("lib/engine/hosted-app");
  const appFile = path.resolve(serviceDir, app || (imports?.["#app"] ?? ""));
  const options: BuildOptions = {
    absWorkingDir: serviceDir,
    entryPoints: handlers.map((handler) => ({ in: toEntry(toModule(handler)), out: toModule(handler) })),
    outdir,
    bundle: true,
    platform: "node",
    target: "node20",
    // The SDK's ES modules, which esbuild can shake; otherwise it takes their CommonJS, a fifth more in all. The
    // condition is esbuild's own, but goes as soon as another one is named.
    conditions: packageDir === undefined ? [condition, "module"] : ["module"],
    mainFields: ["module", "main"],
    minify: true,
    keepNames: true,
    legalComments: "none",
    sourcemap: true,
    sourcesContent: false,
    logLevel: "silent",
    define: locationDefines,
    plugins: [
      appPlugin({
        appFile,
        name,
        resolveSelf: (subpath) => {
          const file = exports[`.${subpath}`]?.[condition];
          return file === undefined ? undefined : path.join(ownDir, file);
        },
        replace,
        hostFile: path.resolve(serviceDir, hostFile),
      }),
      sourceLocation({
        ...(onLambda ? { base: serviceDir } : {}),
        own: path.resolve(serviceDir, hostFile, "../..") + path.sep,
      }),
      ...(onLambda ? [credentialsOfLambda] : []),
    ],
  };
  return buildInFormat(appFile, (format) =>
    build({
      ...options,
      format,
      outExtension: { ".js": extensionOf(format) },
      banner: { js: locationBanners[format] },
      metafile: true,
    }),
  );
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

const CREDENTIALS = "@aws-sdk/credential-provider-node";

/**
 * Lambda hands a function its credentials in the environment. The SDK would also look for them in profiles, in SSO,
 * and in instance metadata, with clients of four more services: a seventh of a bundle.
 */
const credentialsOfLambda: Plugin = {
  name: "credentials-of-lambda",
  setup(setup) {
    setup.onResolve({ filter: new RegExp(`^${CREDENTIALS}$`) }, async ({ resolveDir, kind, pluginData }) => {
      if (pluginData === CREDENTIALS) return undefined;
      const { path: file } = await setup.resolve(CREDENTIALS, { resolveDir, kind, pluginData: CREDENTIALS });
      return { path: CREDENTIALS, namespace: "lambda", pluginData: path.dirname(file), sideEffects: false };
    });
    setup.onLoad(
      { filter: /./, namespace: "lambda" },
      ({ pluginData: resolveDir }: { pluginData: string }) => ({
        contents: `export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";`,
        resolveDir,
      }),
    );
  },
};

interface PackageJson {
  readonly name: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly imports?: Readonly<Record<string, string>>;
}

async function readPackage(directory: string): Promise<PackageJson> {
  return JSON.parse(await readFile(path.join(directory, "package.json"), "utf8")) as PackageJson;
}
