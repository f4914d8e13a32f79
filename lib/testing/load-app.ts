import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BuildFailure, Plugin } from "esbuild";
import { buildInFormat, extensionOf } from "../bundling/app-format.ts";
import { appPlugin } from "../bundling/app-plugin.ts";
import { leftOutside } from "../bundling/left-outside.ts";
import { locationBanners, locationDefines, sourceLocation } from "../bundling/source-location.ts";
import type { KeptApp } from "../../infra/keep/keep.ts";
import { appOfModule } from "../engine/app-of-module.ts";
import type { EngineApp } from "../engine/engine.ts";
import { hostWithin, type HostedApp } from "../engine/hosted-app.ts";
import { replaceRequires } from "../engine/replaced-requires.ts";
import { TestingError } from "./errors.ts";

/** What this package exports, by the subpaths that an app may import: "" and "/live". */
export type Library = Readonly<Record<string, object>> & {
  readonly "": { readonly Server: new (...args: never[]) => object };
};

export interface LoadOptions {
  readonly instances: number;
  /** Packages in whose place this one is imported. */
  readonly replace: readonly string[];
  /** What packets change in the app's variables is kept. */
  readonly keep: boolean;
  /** What this package exports: the very classes that serve the app. */
  readonly library: Library;
}

/**
 * Loads the app in a file, once for each instance, with everything that it imports, packages and CommonJS included, as
 * processes of their own would. Resolves with the apps, and with what removes the files that were built for them. Throws
 * `testing.no_app`, `testing.not_kept`, `config.no_app`, `config.several_apps`, and what the app throws.
 */
export async function loadApps(
  file: string | URL,
  options: LoadOptions,
): Promise<{ readonly apps: readonly EngineApp[]; readonly dispose: () => Promise<void> }> {
  const { instances, replace, library } = options;
  const appFile = typeof file === "string" ? path.resolve(file) : fileURLToPath(file);
  // Inside of the project, where packages that are left outside are found.
  const cache = path.resolve("node_modules/.cache/nonsticky");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, "served-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const { bundled, isModule } = await buildApp(appFile, folder, options);
    Object.assign(globalThis, { [LIBRARY]: library });
    const apps: EngineApp[] = [];
    // One after the other: an app may be slow to start, and is only asked when it has.
    for (let index = 0; index < instances; index += 1) {
      const copy = path.join(folder, `instance-${index}${path.extname(bundled)}`);
      await copyFile(bundled, copy);
      const load = async (host: HostedApp): Promise<unknown> => {
        if (replace.length > 0) replaceRequires(host, replace, toCallable(library[""]));
        return isModule
          ? await import(/* @vite-ignore */ pathToFileURL(copy).href)
          : createRequire(copy)(copy);
      };
      const [module, host] = await hostWithin(load);
      apps.push(appOfModule(module) ?? (await host.find()));
    }
    return { apps, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** What `require("socket.io")` gives, with this package's classes. */
function toCallable(library: Library[""]): unknown {
  return Object.assign(
    (...args: readonly unknown[]) => Reflect.construct(library.Server, args) as unknown,
    library,
  );
}

/** Under which a bundle finds the library of the test. */
const LIBRARY = "nonsticky$library";

async function buildApp(appFile: string, outdir: string, { replace, keep, library }: LoadOptions) {
  const { build } = await import("esbuild");
  const kept = keep ? await keepVariablesOf(appFile) : undefined;
  const app = appPlugin({
    appFile,
    name: "nonsticky",
    resolveSelf: (subpath) => (subpath in library ? `${NAMESPACE}:nonsticky${subpath}` : undefined),
    replace,
  });
  try {
    const { format } = await buildInFormat(appFile, (format) =>
      build({
        absWorkingDir: process.cwd(),
        entryPoints: [{ in: "#app", out: "app" }],
        outdir,
        outExtension: { ".js": extensionOf(format) },
        bundle: true,
        platform: "node",
        target: "node20",
        format,
        keepNames: true,
        sourcemap: "inline",
        logLevel: "silent",
        define: locationDefines,
        loader: { ".node": "copy" },
        banner: { js: locationBanners[format] },
        plugins: [
          bridge(library),
          app,
          leftOutside({ external: [] }),
          sourceLocation(kept === undefined ? {} : { rewritten: kept.contents }),
          ...(kept?.plugins ?? []),
        ],
      }),
    );
    return { bundled: path.join(outdir, `app${extensionOf(format)}`), isModule: format === "esm" };
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined) throw error;
    const lines = errors.map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
    );
    throw new TestingError("testing.no_app", `expected ${appFile} to build, got\n${lines.join("\n")}`);
  }
}

const NAMESPACE = "nonsticky-library";

/** It reads apps with the compiler of TypeScript, which takes its time to load. */
async function keepVariablesOf(appFile: string): Promise<KeptApp> {
  const { keepVariables } = await import("../../infra/keep/keep.ts");
  try {
    return keepVariables(appFile);
  } catch (error) {
    const { name, message } = error as Error;
    if (!/^(Keep|Doctor)Error$/.test(name)) throw error;
    throw new TestingError("testing.not_kept", message, { cause: error });
  }
}

/** Classes of the process's own, which a bundle would otherwise have a second time. */
function bridge(library: Library): Plugin {
  const lineFor = (subpath: string) => (name: string) =>
    `export const ${name} = globalThis.${LIBRARY}[${JSON.stringify(subpath)}].${name};`;
  return {
    name: NAMESPACE,
    setup(setup) {
      setup.onLoad({ filter: /^/, namespace: NAMESPACE }, ({ path: name }) => {
        const subpath = name.slice("nonsticky".length);
        return {
          contents: Object.keys(library[subpath] ?? {})
            .map(lineFor(subpath))
            .join("\n"),
        };
      });
    },
  };
}
