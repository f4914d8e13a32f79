import path from "node:path";
import { build } from "esbuild";

const root = path.resolve(import.meta.dirname, "../..");
const outdir = path.join(root, ".cache/bench-peers");

/**
 * Compiles a file of this folder with the library as the package's build does it, and nothing more. Under the loader of
 * TypeScript every closure is given its name when it is made, which costs a third of an echo; published code has no such thing.
 */
export async function compilePeer(file: string): Promise<string> {
  await build({
    entryPoints: [path.join(import.meta.dirname, file)],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    alias: {
      nonsticky: path.join(root, "lib/index.ts"),
      "nonsticky/testing": path.join(root, "lib/testing.ts"),
    },
    logLevel: "error",
  });
  return path.join(outdir, file.replace(/\.ts$/, ".mjs"));
}
