import { cp, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
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
 * `#app` is. `handlers` are as in serverless.yml. `outdir` is relative to the service. `packageDir` is where this
 * package is installed; without it, the service is this repository. `onLambda`: the bundles run on Lambda and nowhere
 * else. Resolves to esbuild's metafile.
 *
 * @param {{ serviceDir: string, handlers: readonly string[], app?: string, outdir?: string, packageDir?: string, onLambda?: boolean }} options
 */
export async function bundle({ serviceDir, handlers, app, outdir = buildDir, packageDir, onLambda = false }) {
  const condition = packageDir === undefined ? "nonsticky-source" : "default";
  const toEntry = (module) =>
    packageDir === undefined ? `./${module}.ts` : path.join(packageDir, `dist/${module}.js`);
  const { metafile } = await build({
    absWorkingDir: serviceDir,
    entryPoints: handlers.map((handler) => ({ in: toEntry(toModule(handler)), out: toModule(handler) })),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    // The SDK's ES modules, which esbuild can shake; otherwise it takes their CommonJS, a fifth more in all. The
    // condition is esbuild's own, but goes as soon as another one is named.
    conditions: packageDir === undefined ? [condition, "module"] : ["module"],
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
    plugins: [
      resolveApp(serviceDir, app),
      await resolveSelf(packageDir ?? serviceDir, condition),
      ...(onLambda ? [credentialsOfLambda] : []),
    ],
  });
  return metafile;
}

/**
 * Puts the stock client, which the poll function serves as files, beside the bundles. Maps stay out: they are most of
 * its weight.
 *
 * @param {string} outdir
 */
export async function copyClient(outdir) {
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
const credentialsOfLambda = {
  name: "credentials-of-lambda",
  setup(setup) {
    setup.onResolve({ filter: new RegExp(`^${CREDENTIALS}$`) }, async ({ resolveDir, kind, pluginData }) => {
      if (pluginData === CREDENTIALS) return undefined;
      const { path: file } = await setup.resolve(CREDENTIALS, { resolveDir, kind, pluginData: CREDENTIALS });
      return { path: CREDENTIALS, namespace: "lambda", pluginData: path.dirname(file), sideEffects: false };
    });
    setup.onLoad({ filter: /./, namespace: "lambda" }, ({ pluginData: resolveDir }) => ({
      contents: `export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";`,
      resolveDir,
    }));
  },
};

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

/**
 * An app under a package.json of its own, or outside the repository, does not find this package by its name; or it
 * finds another copy of it.
 */
async function resolveSelf(packageDir, condition) {
  const { name, exports } = JSON.parse(await readFile(path.join(packageDir, "package.json"), "utf8"));
  return {
    name: "self",
    setup(setup) {
      setup.onResolve({ filter: new RegExp(`^${name}(/|$)`) }, (args) => {
        const file = exports[`.${args.path.slice(name.length)}`]?.[condition];
        return file === undefined ? undefined : { path: path.join(packageDir, file) };
      });
    },
  };
}
