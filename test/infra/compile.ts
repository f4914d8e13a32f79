import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** A CloudFormation template as far as these tests look into it: JSON. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
}

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- every resource type has a shape of its own
  readonly Properties: any;
}

const root = path.resolve(import.meta.dirname, "../..");
const framework = path.join(root, "node_modules/.bin/serverless");

/**
 * What the framework makes of serverless.yml, as it would be deployed: packaged for real, in a directory of its own
 * with empty functions, without an account and without the network.
 */
export async function compileTemplate(options: {
  readonly stage: string;
  readonly ordering: string;
  /** Stage parameters besides. */
  readonly params?: Readonly<Record<string, string>>;
}): Promise<Template> {
  const serviceDir = await mkdtemp(path.join(tmpdir(), "nonsticky-infra-"));
  try {
    await cp(path.join(root, "serverless.yml"), path.join(serviceDir, "serverless.yml"));
    await cp(path.join(root, "package.json"), path.join(serviceDir, "package.json"));
    await cp(path.join(root, "infra"), path.join(serviceDir, "infra"), { recursive: true });
    await symlink(path.join(root, "node_modules"), path.join(serviceDir, "node_modules"));
    await mkdir(path.join(serviceDir, "functions"));
    for (const name of ["connect", "poll", "inbox", "heartbeat"]) {
      await writeFile(
        path.join(serviceDir, `functions/${name}.ts`),
        "export const handler = async () => {};",
      );
    }
    const { stage, ordering, params } = options;
    const given = Object.entries({ ordering, ...params }).flatMap(([name, value]) => [
      "--param",
      `${name}=${value}`,
    ]);
    const args = [framework, "package", "--stage", stage, ...given];
    await promisify(execFile)(process.execPath, args, {
      cwd: serviceDir,
      env: { PATH: process.env.PATH, HOME: serviceDir, CI: "true" },
    });
    const compiled = path.join(serviceDir, ".serverless/cloudformation-template-update-stack.json");
    return JSON.parse(await readFile(compiled, "utf8")) as Template;
  } finally {
    await rm(serviceDir, { recursive: true, force: true });
  }
}

export const resourcesOf = (template: Template, type: string): readonly Resource[] =>
  Object.values(template.Resources).filter((resource) => resource.Type === type);

/** The properties of a resource that must be there. */
export function propertiesOf(template: Template, name: string): Resource["Properties"] {
  const resource = template.Resources[name];
  if (resource === undefined)
    throw new Error(`expected a resource ${name}, got ${Object.keys(template.Resources)}`);
  return resource.Properties;
}
