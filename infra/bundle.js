import { readFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

// JavaScript, unlike everything else here: the framework loads its plugins without a TypeScript loader.

/** The build directory, relative to the service. Bundles lie in it as their sources lie in the repository. */
export const buildDir = ".build";

/** @type {(handler: string) => string} `functions/inbox.handler` → `functions/inbox` */
export const toModule = (handler) => handler.slice(0, handler.lastIndexOf("."));

/**
 * Bundles entry points into one ES module each, with its source map beside it.
 *
 * `app` is the module that exports `io`: absolute, or relative to the service; empty for what package.json says
 * `#app` is. `handlers` are as in serverless.yml. Resolves to esbuild's metafile.
 *
 * @param {{ serviceDir: string, handlers: readonly string[], app?: string }} options
 */
export async function bundle({ serviceDir, handlers, app }) {
  const { metafile } = await build({
    absWorkingDir: serviceDir,
    entryPoints: handlers.map((handler) => ({
      in: `./${toModule(handler)}.ts`,
      out: toModule(handler),
    })),
    outdir: buildDir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["nonsticky-source"],
    // The SDK's ES modules, which esbuild can shake; `main` alone would be its CommonJS.
    mainFields: ["module", "main"],
    minify: true,
    keepNames: true,
    legalComments: "none",
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: "silent",
    // CommonJS inside an ES module still asks for Node's own modules by `require`.
    banner: {
      js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);',
    },
    plugins: [resolveApp(serviceDir, app), await resolveSelf(serviceDir)],
  });
  return metafile;
}

/** Maps `#app` to another module than package.json does. */
function resolveApp(serviceDir, app) {
  return {
    name: "app",
    setup(setup) {
      if (!app) return;
      setup.onResolve({ filter: /^#app$/ }, () => ({ path: path.resolve(serviceDir, app) }));
    },
  };
}

/** An app under a package.json of its own, or outside the repository, does not find this package by its name. */
async function resolveSelf(serviceDir) {
  const { name, exports } = JSON.parse(await readFile(path.join(serviceDir, "package.json"), "utf8"));
  return {
    name: "self",
    setup(setup) {
      setup.onResolve({ filter: new RegExp(`^${name}(/|$)`) }, (args) => {
        const source = exports[`.${args.path.slice(name.length)}`]?.["nonsticky-source"];
        return source === undefined ? undefined : { path: path.join(serviceDir, source) };
      });
    },
  };
}
