import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, transform, type BuildOptions, type Metafile } from "esbuild";
import { slimMap } from "./slim-map.ts";
import { withoutOwnNames, type BundleMap } from "./own-names.ts";

/** Of esbuild, but for what is said here. */
export interface MinifiedOptions extends Omit<
  BuildOptions,
  "banner" | "footer" | "keepNames" | "minify" | "sourcemap" | "write"
> {
  readonly absWorkingDir: string;
  readonly target: string;
  readonly outdir: string;
  readonly format: "esm" | "cjs";
  /** JavaScript that each bundle begins with. */
  readonly banner: string;
  /** Whether a source, by its absolute path, is this package's own. */
  readonly isOwn: (file: string) => boolean;
}

/**
 * Bundles first and minifies then, for in between names are still those of the sources: an app keeps them, own functions do
 * not. Writes each bundle with its map beside it. Throws what esbuild throws.
 */
export async function buildMinified({
  isOwn,
  banner,
  ...options
}: MinifiedOptions): Promise<{ metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    ...options,
    platform: "node",
    minifySyntax: true,
    keepNames: true,
    sourcemap: "external",
    sourcesContent: false,
    metafile: true,
    write: false,
  });
  const maps = new Map(
    outputFiles.flatMap((file) =>
      file.path.endsWith(".map") ? [[file.path.slice(0, -".map".length), file.text] as const] : [],
    ),
  );
  const write = async (file: string, contents: string | Uint8Array): Promise<void> => {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, contents);
    const output = metafile.outputs[path.relative(options.absWorkingDir, file).replaceAll(path.sep, "/")];
    if (output !== undefined) output.bytes = Buffer.byteLength(contents);
  };
  await Promise.all(
    outputFiles.map(async ({ path: file, text, contents }) => {
      const map = maps.get(file);
      // An app's styles have maps as well.
      if (map !== undefined && /\.[cm]?js$/.test(file)) {
        const minified = await minify(file, text, JSON.parse(map) as BundleMap);
        await Promise.all([write(file, minified.code), write(`${file}.map`, minified.map)]);
      } else if (!file.endsWith(".map")) await write(file, contents);
    }),
  );
  return { metafile };

  async function minify(file: string, text: string, map: BundleMap) {
    const locate = (source: string): string => path.resolve(path.dirname(file), source);
    const unnamed = withoutOwnNames(text, map, (source) => isOwn(locate(source)));
    const { target, format } = options;
    const [annotation] = EXPORTS.exec(text) ?? [];
    const plain = format === "cjs" ? withoutStrictness(unnamed.text) : unnamed.text;
    const { code, map: whole } = await transform(`${plain}${toComment(map)}`, {
      target,
      format,
      platform: "node",
      logLevel: "silent",
      legalComments: "none",
      minify: true,
      sourcemap: "external",
      sourcesContent: false,
      sourcefile: path.basename(file),
      banner,
      ...(annotation === undefined ? {} : { footer: annotation }),
    });
    const slim = slimMap(JSON.parse(whole) as BundleMap, {
      code,
      names: unnamed.names,
      hasColumns: (source) => !isOwn(locate(source)) && !/[\\/]node_modules[\\/]/.test(locate(source)),
    });
    return {
      code: `${code}//# sourceMappingURL=${path.basename(file)}.map\n`,
      map: JSON.stringify(slim),
    };
  }
}

/** What esbuild writes for Node to read the names of a CommonJS bundle's exports: to whoever minifies it, nothing at all. */
const EXPORTS = /^0 && \(module\.exports = \{[^}]*\}\);$/m;

/**
 * esbuild begins a CommonJS bundle of modules with a directive. Behind the banner it is none, and packages that are not strict
 * run as they are; before it, whoever minifies the bundle refuses what they say.
 */
const withoutStrictness = (text: string): string =>
  text.replace(/^"use strict";/, (directive) => " ".repeat(directive.length));

const toComment = (map: BundleMap): string =>
  `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}\n`;
