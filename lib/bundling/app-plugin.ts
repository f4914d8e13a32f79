import path from "node:path";
import type { Plugin } from "esbuild";
import { readManifest } from "./app-format.ts";

/** How an app's module is taken into a bundle. */
export interface AppPluginOptions {
  /** The app's module, absolute. */
  readonly appFile: string;
  /** This package's own name. */
  readonly name: string;
  /** What an import of this package, or of a file of it such as `./testing`, is: a file, or what another plugin resolves. */
  readonly resolveSelf: (subpath: string) => string | undefined;
  /** Packages in whose place this one is imported: `socket.io`. */
  readonly replace: readonly string[];
  /** The file of `hostProcess`, with extension; absent where somebody else hosts the app. */
  readonly hostFile?: string;
}

const APP = "nonsticky-app";

/**
 * `#app` is the app, whatever it exports, loaded as one that is hosted; this package's name, and the names that are replaced,
 * are this very code, wherever the importing file lies. What `require` gives is a function that makes a server, as in
 * Socket.IO.
 */
export function appPlugin({ appFile, name, resolveSelf, replace, hostFile }: AppPluginOptions): Plugin {
  const sources: Readonly<Record<string, string>> = {
    // Two modules: what a module imports runs before what it does itself.
    host: hostFile === undefined ? "" : hostSource(hostFile, replace),
    app: `
      import ${quote(`${APP}:host`)};
      import * as app from ${quote(`./${path.basename(appFile)}`)};
      export const io = app.io, engine = app.engine;
      export default app.default;`,
    imported: `
      export * from ${quote(`${APP}:self`)};
      export { default } from ${quote(`${APP}:callable`)};`,
    callable: `
      import * as self from ${quote(`${APP}:self`)};
      export default Object.assign((server, options) => new self.Server(server, options), self);`,
    required: `
      const self = require(${quote(`${APP}:self`)});
      module.exports = Object.assign((server, options) => new self.Server(server, options), self);`,
  };
  const names = [name, ...replace].map((one) => one.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return {
    name: APP,
    setup(setup) {
      setup.onResolve({ filter: /^#app$/ }, () => ({ path: "app", namespace: APP }));
      setup.onResolve({ filter: /^nonsticky-app:/ }, ({ path: specifier }) => {
        const wanted = specifier.slice(APP.length + 1);
        if (wanted !== "self") return { path: wanted, namespace: APP, sideEffects: wanted !== "callable" };
        const file = resolveSelf("");
        return file === undefined ? undefined : toResult(file);
      });
      setup.onResolve({ filter: new RegExp(`^(${names.join("|")})$`) }, ({ kind }) => ({
        path: kind === "require-call" ? "required" : "imported",
        namespace: APP,
      }));
      setup.onResolve({ filter: new RegExp(`^${names[0]}/`) }, ({ path: specifier }) => {
        const file = resolveSelf(specifier.slice(name.length));
        return file === undefined ? undefined : toResult(file);
      });
      setup.onLoad({ filter: /./, namespace: APP }, async ({ path: wanted }) => {
        const resolveDir = path.dirname(appFile);
        const contents = sources[wanted] ?? "";
        if (wanted !== "app") return { contents, resolveDir };
        // A package that says its files do nothing by themselves: this one is asked for all that it does.
        const { sideEffects } = await readManifest(resolveDir);
        return {
          contents: sideEffects === undefined ? contents : `${contents} globalThis.nonsticky$app = app;`,
          resolveDir,
        };
      });
    },
  };
}

/** Whether imports can have that name, without a file of the package. */
export const isPackageName = (name: string): boolean => /^(@[\w.-]+\/)?[\w-][\w.-]*$/.test(name);

/** A file, or `namespace:path` of another plugin. */
function toResult(file: string): { path: string; namespace?: string } {
  const [, namespace, inner] = /^([a-z-]{2,}):(.*)$/.exec(file) ?? [];
  return namespace === undefined || inner === undefined ? { path: file } : { path: inner, namespace };
}

/** Who replaces nothing pays nothing for it. */
function hostSource(hostFile: string, replace: readonly string[]): string {
  const host = `import { hostProcess } from ${quote(hostFile)};`;
  if (replace.length === 0) return `${host} hostProcess();`;
  const requires = path.join(path.dirname(hostFile), `replaced-requires${path.extname(hostFile)}`);
  return `${host}
    import { replaceRequires } from ${quote(requires)};
    import callable from ${quote(`${APP}:callable`)};
    replaceRequires(hostProcess(), ${JSON.stringify(replace)}, callable);`;
}

const quote = (text: string): string => JSON.stringify(text);
