import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { buildDir, bundle, toModule } from "./bundle.js";

/**
 * Bundles the functions whenever the framework packages or runs them.
 *
 * The framework zips what lies in the service directory. While it does, that directory is the build directory:
 * handlers keep their names, and `node_modules` is never walked.
 */
export default class BundlePlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      "before:package:createDeploymentArtifacts": async () => {
        await this.bundleFunctions();
        this.enterBuildDir();
      },
      "after:package:createDeploymentArtifacts": () => this.leaveBuildDir(),
      "before:offline:start": () => this.prepareOffline(),
      "before:offline:start:init": () => this.prepareOffline(),
    };
  }

  async bundleFunctions() {
    const { serviceDir, service } = this.serverless;
    await rm(path.join(serviceDir, buildDir), { recursive: true, force: true });
    const metafile = await bundle({
      serviceDir,
      handlers: service.getAllFunctions().map((name) => service.getFunction(name).handler),
      app: service.custom.app,
    });
    await writeFile(path.join(serviceDir, buildDir, "meta.json"), JSON.stringify(metafile));
    await this.copyClient();
  }

  /** The stock client, which the poll function serves as files. Maps stay out: they are most of its weight. */
  async copyClient() {
    const { serviceDir } = this.serverless;
    const source = path.dirname(createRequire(import.meta.url).resolve("socket.io-client/package.json"));
    const target = path.join(serviceDir, buildDir, "node_modules/socket.io-client");
    await cp(source, target, {
      recursive: true,
      filter: (file) => {
        const relative = path.relative(source, file);
        return ["", "package.json", "dist"].includes(relative) || /^dist\/[^/]+\.js$/.test(relative);
      },
    });
  }

  /** Offline there is no stack to refer to: what would come from it comes from the shell's environment, or is absent. */
  async prepareOffline() {
    const { service } = this.serverless;
    const definitions = service.getAllFunctions().map((name) => service.getFunction(name));
    for (const { environment } of [service.provider, ...definitions]) {
      for (const [name, value] of Object.entries(environment ?? {})) {
        if (typeof value !== "object") continue;
        delete environment[name];
        if (process.env[name] !== undefined) environment[name] = process.env[name];
      }
    }
    await this.bundleFunctions();
  }

  enterBuildDir() {
    const { service } = this.serverless;
    for (const name of service.getAllFunctions()) {
      const definition = service.getFunction(name);
      const file = `${toModule(definition.handler)}.mjs`;
      definition.package = {
        ...definition.package,
        patterns: ["!**", file, `${file}.map`, ...(definition.package?.patterns ?? [])],
      };
    }
    this.serviceDir = this.serverless.serviceDir;
    this.serverless.serviceDir = path.join(this.serviceDir, buildDir);
  }

  /** The archives go where the framework would have put them, which is where `deploy --package` looks. */
  async leaveBuildDir() {
    const { service } = this.serverless;
    this.serverless.serviceDir = this.serviceDir;
    const packageDir = path.join(this.serviceDir, ".serverless");
    await mkdir(packageDir, { recursive: true });
    for (const name of service.getAllFunctions()) {
      const definition = service.getFunction(name);
      const artifact = path.join(packageDir, path.basename(definition.package.artifact));
      await rename(definition.package.artifact, artifact);
      definition.package.artifact = artifact;
    }
  }
}
