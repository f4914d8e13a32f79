import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildOptions, Loader, Plugin } from "esbuild";

export interface SourceLocationOptions {
  /** The folder that is unpacked as `LAMBDA_TASK_ROOT`; absent where the sources stay where they are. */
  readonly base?: string;
  /** The folder of this package's own code, which asks where the bundle is. */
  readonly own?: string;
  /** Files that are to say something else than what is on the disk, by their absolute paths. */
  readonly rewritten?: ReadonlyMap<string, string>;
}

/**
 * Where a file of a bundle believes to be: `__dirname`, `__filename` and `import.meta` say the place of its source, not the
 * place of the bundle, so that what lies beside a source is found beside it.
 */
export function sourceLocation({ base, own, rewritten }: SourceLocationOptions): Plugin {
  return {
    name: "source-location",
    setup(setup) {
      setup.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path: file }) => {
        if (isOfStack.test(file) || (own !== undefined && file.startsWith(own))) return undefined;
        const other = rewritten?.get(file);
        const text = other ?? (await readFile(file, "utf8"));
        if (!/\b__dirname\b|\b__filename\b|\bimport\.meta\b/.test(text)) {
          return other === undefined ? undefined : { contents: other, loader: toLoader(file) };
        }
        return { contents: declare(text, toExpression(file, base)), loader: toLoader(file) };
      });
    },
  };
}

/**
 * What takes the place of each name; a file that has one declares it, for the rest they are the bundle's own. The `module` of a
 * file in a bundle has its exports and nothing else.
 */
export const locationDefines: NonNullable<BuildOptions["define"]> = {
  __dirname: "nonsticky$dirname",
  __filename: "nonsticky$filename",
  "import.meta.dirname": "nonsticky$dirname",
  "import.meta.filename": "nonsticky$filename",
  "import.meta.url": "nonsticky$fileUrl",
  "module.require": "require",
};

/** For a bundle of ES modules, and one of CommonJS. Properties of the global object do not clash with what files declare. */
export const locationBanners = {
  esm:
    'import{createRequire as nonsticky$require}from"node:module";' +
    'import{fileURLToPath as nonsticky$toPath,pathToFileURL as nonsticky$toUrl}from"node:url";' +
    "const require=nonsticky$require(import.meta.url);Object.assign(globalThis,{nonsticky$toUrl," +
    "nonsticky$fileUrl:import.meta.url,nonsticky$filename:nonsticky$toPath(import.meta.url)," +
    'nonsticky$dirname:nonsticky$toPath(new URL(".",import.meta.url))});',
  cjs:
    'Object.assign(globalThis,{nonsticky$toUrl:require("node:url").pathToFileURL,' +
    'nonsticky$fileUrl:require("node:url").pathToFileURL(__filename).href,' +
    "nonsticky$filename:__filename,nonsticky$dirname:__dirname});",
} as const;

/** Packages of the stack itself, none of which looks for its own files: they are most of what is read. */
const isOfStack = /[\\/]node_modules[\\/](@aws-sdk|@smithy|@aws-lambda-powertools|@aws-crypto)[\\/]/;

function toExpression(file: string, base: string | undefined): string {
  if (base === undefined) return JSON.stringify(file);
  const inside = path.relative(base, file).replaceAll(path.sep, "/");
  // What lies above the service is not in its archive anyway.
  return `(process.env.LAMBDA_TASK_ROOT||${JSON.stringify(base)})+${JSON.stringify(`/${inside.replace(/^(\.\.\/)+/, "")}`)}`;
}

/** On the first line, so that the others keep their numbers; behind whatever must come first there. */
function declare(text: string, filename: string): string {
  const [start = ""] = /^(\uFEFF)?(#![^\n]*)?/.exec(text) ?? [];
  const isStrict = /^(\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*(["'])use strict\2/.test(text.slice(start.length));
  const declarations =
    `var nonsticky$filename=${filename},nonsticky$dirname=nonsticky$filename.replace(/[\\\\/][^\\\\/]*$/,""),` +
    `nonsticky$fileUrl=nonsticky$toUrl(nonsticky$filename).href;`;
  // A shebang is a comment to nobody but the first line.
  return `${isStrict ? '"use strict";' : ""}${declarations}${start.includes("#!") ? "//" : ""}${text}`;
}

function toLoader(file: string): Loader {
  const [, kind = "js"] = /\.[cm]?([jt]sx?)$/.exec(file) ?? [];
  return kind as Loader;
}
