import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import type { Plugin } from "esbuild";

/** What a bundle is spared that runs on Lambda and nowhere else. @param ownDir of this package's own code */
export const forLambda = (ownDir: string): Plugin[] => [
  sdkOfLambda(ownDir),
  credentialsOfLambda,
  parserWithoutDebug,
  ownBuiltins(ownDir),
  requiredBuiltins,
];

/**
 * What this package itself imports of the SDK stays outside: it is there for `NONSTICKY_AWS_CLIENT=sdk` and for settings that
 * no environment has, and Lambda's Node runtimes have the SDK installed. Required, not imported: only that looks in `NODE_PATH`, and only when it
 * gets there. What an app imports is bundled as ever.
 */
const sdkOfLambda = (ownDir: string): Plugin => ({
  name: "sdk-of-lambda",
  setup(setup) {
    setup.onResolve({ filter: /^@aws-sdk\// }, ({ path: specifier, importer, namespace }) => {
      if (namespace === "sdk-of-lambda") return { path: specifier, external: true };
      return importer.startsWith(ownDir) ? { path: specifier, namespace: "sdk-of-lambda" } : undefined;
    });
    setup.onLoad({ filter: /./, namespace: "sdk-of-lambda" }, ({ path: specifier }) => ({
      contents: `module.exports = require(${JSON.stringify(specifier)});`,
    }));
  },
});

/**
 * What is Node's own is required, not imported. Node makes a module of it for the first import, and reads every export to
 * do so, those among them that load more of Node when they are read: `crypto.webcrypto`, `util.parseArgs`.
 */
const requiredBuiltins: Plugin = {
  name: "required-builtins",
  setup(setup) {
    setup.onResolve({ filter: /^(node:)?[a-z]/ }, ({ path: specifier, kind }) =>
      kind === "import-statement" && isBuiltin(specifier)
        ? { path: specifier, namespace: "required-builtins" }
        : undefined,
    );
    setup.onLoad({ filter: /./, namespace: "required-builtins" }, ({ path: specifier }) => ({
      contents: `module.exports = require(${JSON.stringify(specifier)});`,
    }));
  },
};

/**
 * The same for what this package itself imports, name by name: an object of all that a module exports would be made for each
 * file that imports it. What no first packet needs is required when it is called.
 */
const ownBuiltins = (ownDir: string): Plugin => ({
  name: "own-builtins",
  setup(setup) {
    setup.onResolve({ filter: /^node:/ }, ({ path: specifier, kind, importer }) =>
      kind === "import-statement" && importer.startsWith(ownDir) && isBuiltin(specifier)
        ? { path: specifier, namespace: "own-builtins", sideEffects: false }
        : undefined,
    );
    setup.onLoad({ filter: /./, namespace: "own-builtins" }, ({ path: specifier }) => {
      const quoted = JSON.stringify(specifier);
      const names = Object.keys(require(specifier) as object).filter((name) => /^[a-z]\w*$/i.test(name));
      if (LATE.has(specifier)) {
        const toLate = (name: string) => `(...args) => require(${quoted}).${name}(...args)`;
        return { contents: names.map((name) => `export const ${name} = ${toLate(name)};`).join("\n") };
      }
      const named = names.map((name) => `export const ${name} = /* @__PURE__ */ take("${name}");`);
      return {
        contents: `const module = require(${quoted}), take = (name) => module[name];
          export default module;
          ${named.join("\n")}`,
      };
    });
  },
});

const require = createRequire(import.meta.url);

/** What packs values that JSON does not have, and what compresses polls. Nothing but functions is taken of them. */
const LATE: ReadonlySet<string> = new Set(["node:v8", "node:zlib"]);

/**
 * `socket.io-parser` as its authors publish it for browsers: it is the same but for lines of `debug`, which come with
 * packages of their own and with Node's terminals.
 */
const parserWithoutDebug: Plugin = {
  name: "parser-without-debug",
  setup(setup) {
    setup.onResolve({ filter: /^socket\.io-parser$/ }, async ({ resolveDir, kind, importer, pluginData }) => {
      if (pluginData === PARSER || kind !== "import-statement") return undefined;
      const { path: file } = await setup.resolve(PARSER, { resolveDir, kind, importer, pluginData: PARSER });
      return { path: file.replace(/([\\/]esm)-debug([\\/]index\.js)$/, "$1$2") };
    });
  },
};

const PARSER = "socket.io-parser";

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
