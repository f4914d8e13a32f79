/**
 * Runs the framework's own `package` command in a process of its own, without its artifacts, and tells the parent the
 * CloudFormation template it would have deployed. Arguments: the framework's folder, then the command's, such as
 * `--param ordering=fifo`.
 *
 * The command line is the framework's only door behind which variables, events, `resources` and `extensions` are all
 * resolved; so its `run` is left as it is, and only the hooks that bundle, zip and write files are taken out.
 */
import { createRequire } from "node:module";
import { removeForeign, type StackTemplate } from "./foreign.ts";

interface Framework {
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate: StackTemplate };
    getAllFunctions(): string[];
    getFunction(name: string): { name: string; handler: string; package?: Record<string, unknown> };
  };
  readonly pluginManager: {
    readonly hooks: Record<string, { hook: () => unknown }[]>;
    readonly plugins: readonly { readonly nonsticky?: AddedStack }[];
  };
  readonly getProvider: (name: string) => { getStage(): string; getRegion(): string };
}

/** What the plugin has added to somebody's own service; absent in this package's. */
interface AddedStack {
  readonly app: string;
  readonly replace: readonly string[];
  readonly external: readonly string[];
  readonly keep: boolean;
  readonly functions: readonly string[];
  /** Logical ids in `resources` that were there before. */
  readonly foreignResources: readonly string[];
}

/** What the parent gets: the template, and what CloudFormation does not say. */
export interface CompiledService {
  readonly stage: string;
  readonly region: string;
  readonly functions: readonly { readonly key: string; readonly name: string; readonly handler: string }[];
  readonly template: unknown;
  /** `custom.nonsticky.app` of a service that uses the plugin, its `replace`, `external` and `keep`. */
  readonly app?: string;
  readonly replace?: readonly string[];
  readonly external?: readonly string[];
  readonly keep?: boolean;
}

const unwanted = /(^|:)package:(cleanup|createDeploymentArtifacts)$|:saveServiceState$/;
const [frameworkDir = "", ...args] = process.argv.slice(2);
const require = createRequire(`${frameworkDir}/`);
const FrameworkClass = require("./lib/serverless.js") as {
  prototype: { run: (this: Framework) => Promise<void> };
};
const run = FrameworkClass.prototype.run;

FrameworkClass.prototype.run = async function (this: Framework) {
  const { hooks, plugins } = this.pluginManager;
  for (const name of Object.keys(hooks)) if (unwanted.test(name)) delete hooks[name];
  const { service } = this;
  hooks["package:createDeploymentArtifacts"] = [{ hook: () => pretendPackaged(service) }];
  await run.call(this);
  const added = plugins.find(({ nonsticky }) => nonsticky)?.nonsticky;
  const functions = service.getAllFunctions().map((key) => ({ key, ...service.getFunction(key) }));
  const own = functions.filter(({ key }) => added?.functions.includes(key) ?? true);
  const foreign = functions.filter((one) => !own.includes(one));
  const template = service.provider.compiledCloudFormationTemplate;
  const compiled: CompiledService = {
    stage: this.getProvider("aws").getStage(),
    region: this.getProvider("aws").getRegion(),
    functions: own.map(({ key, handler, name }) => ({ key, handler, name })),
    template: added
      ? removeForeign(template, {
          functionNames: foreign.map(({ name }) => name),
          resources: added.foreignResources,
        })
      : template,
    ...(added === undefined
      ? {}
      : { app: added.app, replace: added.replace, external: added.external, keep: added.keep }),
  };
  process.send?.(compiled);
};

/** The content of an archive is hashed into a version nobody deploys; any file will do. */
function pretendPackaged(service: Framework["service"]): void {
  for (const key of service.getAllFunctions()) {
    const definition = service.getFunction(key);
    definition.package = { ...definition.package, artifact: require.resolve("./package.json") };
  }
}

process.argv = [process.execPath, "serverless", "package", ...args];
require("./scripts/serverless.js");
