/**
 * Runs the framework's own `package` command in a process of its own, without its artifacts, and tells the parent the
 * CloudFormation template it would have deployed. Arguments are the command's: `--param ordering=fifo`.
 *
 * The command line is the framework's only door behind which variables, events, `resources` and `extensions` are all
 * resolved; so its `run` is left as it is, and only the hooks that bundle, zip and write files are taken out.
 */
import { createRequire } from "node:module";

interface Framework {
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate: unknown };
    getAllFunctions(): string[];
    getFunction(name: string): { name: string; handler: string; package?: Record<string, unknown> };
  };
  readonly pluginManager: { readonly hooks: Record<string, { hook: () => unknown }[]> };
  readonly getProvider: (name: string) => { getStage(): string; getRegion(): string };
}

/** What the parent gets: the template, and what CloudFormation does not say. */
export interface CompiledService {
  readonly stage: string;
  readonly region: string;
  readonly functions: readonly { readonly key: string; readonly name: string; readonly handler: string }[];
  readonly template: unknown;
}

const unwanted = /(^|:)package:(cleanup|createDeploymentArtifacts)$|:saveServiceState$/;
const require = createRequire(import.meta.url);
const FrameworkClass = require("serverless/lib/serverless.js") as {
  prototype: { run: (this: Framework) => Promise<void> };
};
const run = FrameworkClass.prototype.run;

FrameworkClass.prototype.run = async function (this: Framework) {
  const { hooks } = this.pluginManager;
  for (const name of Object.keys(hooks)) if (unwanted.test(name)) delete hooks[name];
  const functions = this.service.getAllFunctions().map((key) => {
    const definition = this.service.getFunction(key);
    // Its content is hashed into a version nobody deploys; any file will do.
    definition.package = { ...definition.package, artifact: require.resolve("serverless/package.json") };
    return { key, handler: definition.handler, read: () => definition.name };
  });
  await run.call(this);
  const compiled: CompiledService = {
    stage: this.getProvider("aws").getStage(),
    region: this.getProvider("aws").getRegion(),
    functions: functions.map(({ key, handler, read }) => ({ key, handler, name: read() })),
    template: this.service.provider.compiledCloudFormationTemplate,
  };
  process.send?.(compiled);
};

process.argv = [process.execPath, "serverless", "package", ...process.argv.slice(2)];
require("serverless/scripts/serverless.js");
