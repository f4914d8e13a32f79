import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Plugin } from "esbuild";
import { withoutOwnNames, type BundleMap } from "./own-names.ts";

/** For a build that is not minified, with `keepNames` and maps: writes its files, without names of own functions. */
export const plainOwnNames = (isOwn: (file: string) => boolean): Plugin => ({
  name: "plain-own-names",
  setup(setup) {
    setup.initialOptions.write = false;
    setup.onEnd(async ({ outputFiles = [] }) => {
      const texts = new Map(outputFiles.map((file) => [file.path, file]));
      await Promise.all(
        outputFiles.map(async (file) => {
          const map = texts.get(`${file.path}.map`);
          const toFile = (source: string) => path.resolve(path.dirname(file.path), source);
          const contents =
            map === undefined
              ? file.contents
              : withoutOwnNames(file.text, JSON.parse(map.text) as BundleMap, (source) =>
                  isOwn(toFile(source)),
                ).text;
          await mkdir(path.dirname(file.path), { recursive: true });
          await writeFile(file.path, contents);
        }),
      );
    });
  },
});
