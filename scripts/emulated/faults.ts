import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readOutputs, type Aws } from "./aws.ts";
import { app, listRefusals, playRound } from "./deployment.ts";
import type { Emulator } from "./emulator.ts";
import { runFramework } from "./framework.ts";
import { deployStarter } from "./starter.ts";
import { createStarterProject } from "../starter-project.ts";

export interface Fault {
  readonly what: string;
  /** Made in a package that `serverless package` has left, before `serverless deploy --package` takes it. */
  readonly inject?: (folder: string) => void;
  /** Made in the package that the starter has installed, whose plugin then packages with it. */
  readonly breakPackage?: (folder: string) => void;
}

/** Mistakes that a deployment could have: each must turn the clients' round red. */
export const faults: Readonly<Record<string, Fault>> = {
  none: { what: "no mistake, so nothing may be noticed" },
  role: {
    what: "the inbox may not query the table",
    inject: (folder) =>
      editTemplate(folder, ({ InboxRole }) => {
        const statements = (InboxRole?.Properties["Policies"] as Policy[])[0]?.PolicyDocument.Statement ?? [];
        const before = JSON.stringify(statements);
        for (const one of statements)
          one.Action = [one.Action].flat().filter((action) => action !== "dynamodb:Query");
        assertChanged(before, JSON.stringify(statements));
      }),
  },
  route: {
    what: "the WebSocket API has no $default route",
    inject: (folder) =>
      editTemplate(folder, (resources) => {
        const name = "SdefaultWebsocketsRoute";
        assertChanged(undefined, resources[name]);
        delete resources[name];
        for (const one of Object.values(resources)) {
          if (one.DependsOn !== undefined)
            one.DependsOn = [one.DependsOn].flat().filter((other) => other !== name);
        }
      }),
  },
  template: {
    what: "the mapping template asks for $context.authorizer.Sid",
    inject: (folder) =>
      editTemplate(folder, ({ InIntegration }) => {
        const templates = InIntegration?.Properties["RequestTemplates"] as Record<string, string>;
        const before = templates["$default"] ?? "";
        templates["$default"] = before.replaceAll("$context.authorizer.sid", "$context.authorizer.Sid");
        assertChanged(before, templates["$default"]);
      }),
  },
  artifact: {
    what: "the plugin packages the bundle of the heartbeat as the inbox",
    breakPackage: (folder) =>
      editFile(path.join(folder, "dist/infra/bundle.js"), (code) =>
        code.replace(
          "=> toModule(handler) + extension);",
          '=> toModule(handler).replace("inbox", "heartbeat") + extension);',
        ),
      ),
  },
};

export interface FaultOptions {
  readonly emulator: Emulator;
  readonly aws: Aws;
  readonly root: string;
  readonly stage: string;
}

/** Makes the mistake and deploys: whether that is refused, or clients or the emulator complain. */
export const isNoticed = ({ inject, breakPackage }: Fault, options: FaultOptions): Promise<boolean> =>
  breakPackage === undefined
    ? isNoticedInStack(inject ?? (() => undefined), options)
    : isNoticedInStarter(breakPackage, options);

async function isNoticedInStack(
  inject: (folder: string) => void,
  { emulator, aws, root, stage }: FaultOptions,
): Promise<boolean> {
  const given = ["--stage", stage, "--param", `app=${app}`];
  if (!(await runFramework(emulator, root, "package", ...given))) throw new Error("expected a package");
  const folder = path.join(root, ".serverless");
  inject(folder);
  const refusedBefore = listRefusals(emulator).length;
  const isDeployed = await runFramework(emulator, root, "deploy", "--package", folder, ...given);
  if (!isDeployed) return true;
  const outputs = await readOutputs(aws, `nonsticky-${stage}`);
  const isGood = await playRound(emulator, root, outputs, {}, true);
  const refused = listRefusals(emulator).slice(refusedBefore);
  for (const one of refused) console.log(`  ${one}`);
  await runFramework(emulator, root, "remove", "--stage", stage);
  return !isGood || refused.length > 0;
}

/** The same starter that is served where its package is whole. */
async function isNoticedInStarter(
  breakPackage: (folder: string) => void,
  { emulator, aws }: FaultOptions,
): Promise<boolean> {
  const starter = await createStarterProject();
  try {
    await starter.install();
    breakPackage(path.join(starter.project, "node_modules/nonsticky"));
    const problems: string[] = [];
    await deployStarter(emulator, aws, starter.project, problems);
    for (const one of problems) console.log(`  ${one}`);
    return problems.length > 0;
  } finally {
    starter.remove();
  }
}

interface Policy {
  readonly PolicyDocument: { readonly Statement: { Action: string | string[] }[] };
}

type Resources = Record<
  string,
  { readonly Properties: Record<string, unknown>; DependsOn?: string | string[] }
>;

/** The template is in the state of the package, which is what is deployed. */
function editTemplate(folder: string, edit: (resources: Resources) => void): void {
  const file = path.join(folder, "serverless-state.json");
  const state = JSON.parse(readFileSync(file, "utf8")) as {
    readonly service: {
      readonly provider: { readonly compiledCloudFormationTemplate: { Resources: Resources } };
    };
  };
  edit(state.service.provider.compiledCloudFormationTemplate.Resources);
  writeFileSync(file, JSON.stringify(state));
}

function editFile(file: string, edit: (text: string) => string): void {
  const before = readFileSync(file, "utf8");
  const after = edit(before);
  assertChanged(before, after);
  writeFileSync(file, after);
}

function assertChanged(before: unknown, after: unknown): void {
  if (before === after)
    throw new Error("expected the package to have what the fault takes away, got none of it");
}
