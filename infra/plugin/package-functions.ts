import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { extensionOf } from "../../lib/bundling/app-format.ts";
import { bundle, copyClient, filesOf, handlersOf, toModule, writeWebEntry, type Bundled } from "../bundle.ts";
import { packageDir } from "../local/installation.ts";
import type { FunctionDefinition, Serverless } from "./framework.ts";
import type { Settings } from "./own-stack.ts";
import { startApp, type StartRequest } from "./start-app.ts";

/** Inside the framework's own directory, which no archive of the service contains. */
export const buildDir = ".serverless/nonsticky";

export type PackageOptions = Pick<Settings, "app" | "replace" | "external" | "include" | "keep"> & {
  /** Absent: the bundles are not started. */
  readonly startWith?: Omit<StartRequest, "files">;
};

interface Packager {
  packageFunction(name: string): Promise<unknown>;
}

/**
 * Bundles some functions and has the framework zip them, before it zips the others in its own way. While it does, the
 * build directory is the service's: handlers keep their names, and nothing of the service is in the archives but what
 * the bundles took from it. Resolves with what is to be said of the app's variables.
 */
export async function packageFunctions(
  serverless: Serverless,
  names: readonly string[],
  { app, replace, external, include, keep, startWith }: PackageOptions,
): Promise<readonly string[]> {
  const { serviceDir, service } = serverless;
  const outdir = path.join(serviceDir, buildDir);
  const definitions = names.map((name) => [name, service.getFunction(name)] as const);
  await rm(outdir, { recursive: true, force: true });
  const { metafile, format, beside, kept } = await bundle({
    serviceDir,
    handlers: definitions.flatMap(([, definition]) => handlersOf(definition)),
    app,
    replace,
    external,
    keep,
    outdir,
    onLambda: true,
    packageDir,
  });
  await writeFile(path.join(outdir, "meta.json"), JSON.stringify(metafile));
  const lines = kept === undefined ? [] : await reportKept(kept, serviceDir, outdir);
  await copyClient(outdir);
  await writeWebEntry(
    definitions.map(([, definition]) => definition),
    outdir,
    extensionOf(format),
  );
  const files = definitions.map(([, { handler }]) =>
    path.join(outdir, toModule(handler) + extensionOf(format)),
  );
  if (startWith !== undefined) await startApp({ ...startWith, files });
  for (const one of include) await copyIncluded(serviceDir, outdir, one);

  const ofService = service.package;
  const packager = findPackager(serverless);
  serverless.serviceDir = outdir;
  service.package = { individually: true, excludeDevDependencies: false };
  try {
    for (const [name, definition] of definitions) {
      definition.package = {
        patterns: [
          ...filesOf(definition, extensionOf(format)),
          ...beside,
          ...include.flatMap((one) => [one, `${one}/**`]),
        ],
      };
      await packager.packageFunction(name);
    }
  } finally {
    serverless.serviceDir = serviceDir;
    service.package = ofService;
  }
  for (const [, definition] of definitions)
    await moveArtifact(definition, path.join(serviceDir, ".serverless"));
  return lines;
}

/** `keep.json`, beside `meta.json`. */
async function reportKept(
  kept: NonNullable<Bundled["kept"]>,
  serviceDir: string,
  outdir: string,
): Promise<readonly string[]> {
  const { toLines, toReport } = await import("../keep/report.ts");
  await writeFile(path.join(outdir, "keep.json"), JSON.stringify(toReport(kept, serviceDir)));
  return toLines(kept, serviceDir);
}

async function copyIncluded(serviceDir: string, outdir: string, file: string): Promise<void> {
  try {
    await cp(path.join(serviceDir, file), path.join(outdir, file), { recursive: true });
  } catch (error) {
    throw new Error(`expected ${file} of custom.nonsticky.include in the service, got none`, {
      cause: error,
    });
  }
}

/** The archives go where the framework would have put them, which is where `deploy --package` looks. */
async function moveArtifact(definition: FunctionDefinition, directory: string): Promise<void> {
  const { artifact = "" } = definition.package ?? {};
  const target = path.join(directory, path.basename(artifact));
  await mkdir(directory, { recursive: true });
  await rename(artifact, target);
  // Without the second, `deploy` looks for one archive of the whole service, and takes it where a service has one.
  definition.package = { ...definition.package, artifact: target, individually: true };
}

function findPackager({ pluginManager }: Serverless): Packager {
  const found = pluginManager.plugins.find((plugin) => "packageFunction" in plugin && "zipFiles" in plugin);
  if (found === undefined) throw new Error("expected osls with its plugin `Package`, got none");
  return found as Packager;
}
