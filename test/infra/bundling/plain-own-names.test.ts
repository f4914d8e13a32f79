import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { isOwnOf } from "../../../infra/bundling/own-names.ts";
import { plainOwnNames } from "../../../infra/bundling/plain-own-names.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "nonsticky-own-names-"));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true, force: true });
});

const closures = (name: string) => `
  export class ${name} { static readonly nested = () => {}; }
  export const closureOf${name} = () => { const inner = () => 1; return inner; };`;

const files = {
  "package/lib/index.ts": closures("Own"),
  "app/app.ts": closures("Theirs"),
  // As a bundle of somebody's own, made with names kept, has it.
  "app/other.ts": `const __name = (value: unknown): unknown => value; export const told = __name("told");`,
  ...Object.fromEntries(
    ["first", "second"].map((entry) => [
      `app/${entry}.ts`,
      `export * from "../package/lib/index.ts"; export * from "./app.ts"; export * from "./other.ts";`,
    ]),
  ),
};

interface Names {
  readonly Own: { readonly name: string };
  readonly Theirs: { readonly name: string };
  readonly told: string;
  closureOfOwn(): object;
  closureOfTheirs(): object;
}

it.each([true, false])(
  "defines names of the app's functions only, where code is split: %s",
  async (splitting) => {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true });
      await writeFile(path.join(root, file), text);
    }

    await build({
      entryPoints: ["first", "second"].map((entry) => path.join(root, `app/${entry}.ts`)),
      outdir: path.join(root, "out"),
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting,
      format: "esm",
      keepNames: true,
      sourcemap: true,
      plugins: [plainOwnNames(isOwnOf(path.join(root, "package")))],
    });

    const define = vi.spyOn(Object, "defineProperty");
    const { Own, Theirs, told, closureOfOwn, closureOfTheirs } = (await import(
      path.join(root, "out/first.mjs")
    )) as Names;
    expect([Own.name, Theirs.name, told]).toEqual(["Own", "Theirs", "told"]);
    define.mockClear();
    closureOfOwn();
    expect(define).not.toHaveBeenCalled();
    closureOfTheirs();
    expect(define).toHaveBeenCalledWith(
      expect.any(Function),
      "name",
      expect.objectContaining({ value: "inner" }),
    );
  },
);
