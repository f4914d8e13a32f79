/**
 * The framework's own command line, for a stand-in for AWS: whatever it is told to do, the template that it writes has
 * none of the resource types named in STAND_IN_IGNORES, a JSON list. serverless.yml is as it is for everybody.
 */
import { createRequire } from "node:module";
import { adaptTemplate, type StandInTemplate } from "./stand-in-template.ts";

interface Framework {
  readonly service: {
    readonly provider: {
      readonly compiledCloudFormationTemplate: StandInTemplate;
      deploymentMethod?: string;
    };
  };
  readonly pluginManager: { readonly hooks: Record<string, { hook: () => unknown }[]> };
}

const types = new Set(JSON.parse(process.env["STAND_IN_IGNORES"] ?? "[]") as readonly string[]);
const require = createRequire(import.meta.url);
const FrameworkClass = require("serverless/lib/serverless.js") as {
  prototype: { run: (this: Framework) => Promise<void> };
};
const run = FrameworkClass.prototype.run;

FrameworkClass.prototype.run = function (this: Framework) {
  const event = "before:aws:package:finalize:saveServiceState";
  (this.pluginManager.hooks[event] ??= []).push({
    hook: () => adaptTemplate(this.service.provider.compiledCloudFormationTemplate, types),
  });
  // moto carries out change sets without their outputs.
  this.service.provider.deploymentMethod = "direct";
  return run.call(this);
};

process.argv = [process.execPath, "serverless", ...process.argv.slice(2)];
require("serverless/scripts/serverless.js");
