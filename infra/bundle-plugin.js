import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { warnOfConcurrency } from "./concurrency-warning.js";

/** Sources of this repository, which Node does not read by itself. */
async function load(source) {
  const { register } = await import("tsx/esm/api");
  const unregister = register();
  const module = await import(source);
  await unregister();
  return module;
}

/**
 * Bundles the functions whenever the framework packages or runs them.
 *
 * The framework zips what lies in the service directory. While it does, that directory is the build directory:
 * handlers keep their names, and `node_modules` is never walked.
 */
export default class BundlePlugin {
  constructor(serverless, options, { log }) {
    this.serverless = serverless;
    this.hooks = {
      "before:package:createDeploymentArtifacts": async () => {
        await this.bundleFunctions({ onLambda: true });
        this.enterBuildDir(serverless.service.getAllFunctions());
      },
      "after:package:createDeploymentArtifacts": () =>
        this.leaveBuildDir(serverless.service.getAllFunctions()),
      // `serverless deploy function`
      "before:package:function:package": async () => {
        await this.bundleFunctions({ onLambda: true });
        this.enterBuildDir([options.function]);
      },
      "after:package:function:package": () => this.leaveBuildDir([options.function]),
      "before:deploy:function:deploy": () => {
        // It wants to name the role again, and refuses one that CloudFormation has named: the one that it has.
        const { service } = serverless;
        service.getFunction(options.function).role = service.provider.remoteFunctionData.Configuration.Role;
      },
      "before:deploy:deploy": () => warnOfConcurrency(serverless, log),
      "before:offline:start": () => this.prepareOffline(),
      "before:offline:start:init": () => this.prepareOffline(),
    };
  }

  async bundleFunctions({ onLambda }) {
    const { serviceDir, service } = this.serverless;
    const { buildDir, bundle, copyClient, filesOf, handlersOf, writeWebEntry } = await load("./bundle.ts");
    const { extensionOf } = await load("../lib/bundling/app-format.ts");
    await rm(path.join(serviceDir, buildDir), { recursive: true, force: true });
    const definitions = service.getAllFunctions().map((name) => service.getFunction(name));
    const { metafile, format } = await bundle({
      serviceDir,
      handlers: definitions.flatMap(handlersOf),
      app: service.custom.app,
      onLambda,
    });
    const extension = extensionOf(format);
    Object.assign(this, { buildDir, filesOf, extension });
    await writeWebEntry(definitions, path.join(serviceDir, buildDir), extension);
    await writeFile(path.join(serviceDir, buildDir, "meta.json"), JSON.stringify(metafile));
    await copyClient(path.join(serviceDir, buildDir));
  }

  /** This repository's `nonsticky/serverless`. */
  async prepareOffline() {
    const { buildDir } = await load("./bundle.ts");
    const { prepareOwnOffline } = await load("./plugin/offline-own.ts");
    await prepareOwnOffline(this.serverless, buildDir);
  }

  enterBuildDir(names) {
    const { service } = this.serverless;
    for (const name of names) {
      const definition = service.getFunction(name);
      definition.package = { ...definition.package, patterns: this.filesOf(definition, this.extension) };
    }
    this.serviceDir = this.serverless.serviceDir;
    this.serverless.serviceDir = path.join(this.serviceDir, this.buildDir);
  }

  /** The archives go where the framework would have put them, which is where `deploy --package` looks. */
  async leaveBuildDir(names) {
    const { service } = this.serverless;
    this.serverless.serviceDir = this.serviceDir;
    const packageDir = path.join(this.serviceDir, ".serverless");
    await mkdir(packageDir, { recursive: true });
    for (const name of names) {
      const definition = service.getFunction(name);
      const artifact = path.join(packageDir, path.basename(definition.package.artifact));
      await rename(definition.package.artifact, artifact);
      definition.package.artifact = artifact;
    }
  }
}
