import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
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
  readonly DependsOn?: string | readonly string[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- every resource type has a shape of its own
  readonly Properties: any;
}

const root = path.resolve(import.meta.dirname, "../..");
const framework = path.join(root, "node_modules/.bin/serverless");

/** For hooks that compile: the framework takes seconds, more where the machine is busy. */
export const COMPILE_TIMEOUT_MS = 180_000;

export interface CompileOptions {
  readonly stage: string;
  readonly ordering: string;
  /** Stage parameters besides. */
  readonly params?: Readonly<Record<string, string>>;
  /** What is different from the repository: files, each with a text in it and what stands there instead. */
  readonly edits?: Readonly<Record<string, readonly [from: string, to: string]>>;
}

/**
 * What the framework makes of serverless.yml, as it would be deployed: packaged for real, in a directory of its own
 * with empty functions, without an account and without the network. Kept by the content of all it is made of.
 */
export async function compileTemplate(options: CompileOptions): Promise<Template> {
  const kept = path.join(root, ".cache/infra", `${await hashSources(options)}.json`);
  const before = await readFile(kept, "utf8").catch(() => undefined);
  if (before !== undefined) return JSON.parse(before) as Template;
  const template = await packageService(options);
  await mkdir(path.dirname(kept), { recursive: true });
  await writeFile(`${kept}.${process.pid}`, template);
  await rename(`${kept}.${process.pid}`, kept);
  return JSON.parse(template) as Template;
}

/** The stack as somebody's service gets it, with the policy for functions that emit. */
export const compileEmitPolicy = (ordering: string): Promise<Template> => {
  const outputs = "  - ${file(infra/outputs.yml)}";
  const policy = "  - ${file(infra/plugin/emit-policy.yml)}";
  return compileTemplate({
    stage: "dev",
    ordering,
    params: { http: "true" },
    edits: { "serverless.yml": [outputs, `${outputs}\n${policy}`] },
  });
};

async function packageService({ stage, ordering, params, edits = {} }: CompileOptions): Promise<string> {
  const serviceDir = await mkdtemp(path.join(tmpdir(), "nonsticky-infra-"));
  try {
    await cp(path.join(root, "serverless.yml"), path.join(serviceDir, "serverless.yml"));
    await cp(path.join(root, "package.json"), path.join(serviceDir, "package.json"));
    await cp(path.join(root, "infra"), path.join(serviceDir, "infra"), { recursive: true, filter: isSource });
    for (const source of bundlers) {
      await cp(path.join(root, source), path.join(serviceDir, source), { recursive: true });
    }
    await symlink(path.join(root, "node_modules"), path.join(serviceDir, "node_modules"));
    await mkdir(path.join(serviceDir, "functions"));
    for (const name of ["connect", "poll", "poll-server", "inbox", "heartbeat", "fanout", "http"]) {
      await writeFile(
        path.join(serviceDir, `functions/${name}.ts`),
        "export const handler = async () => {};",
      );
    }
    for (const [name, [from, to]] of Object.entries(edits)) {
      const text = await readFile(path.join(serviceDir, name), "utf8");
      if (!text.includes(from)) throw new Error(`expected ${name} to contain ${from}, got none`);
      await writeFile(path.join(serviceDir, name), text.replace(from, to));
    }
    const given = Object.entries({ ordering, ...params }).flatMap(([name, value]) => [
      "--param",
      `${name}=${value}`,
    ]);
    await promisify(execFile)(process.execPath, [framework, "package", "--stage", stage, ...given], {
      cwd: serviceDir,
      env: { PATH: process.env.PATH, HOME: serviceDir, CI: "true" },
    });
    const compiled = path.join(serviceDir, ".serverless/cloudformation-template-update-stack.json");
    return await readFile(compiled, "utf8");
  } finally {
    await rm(serviceDir, { recursive: true, force: true });
  }
}

/** What the repository's own plugin bundles with, in TypeScript. */
const bundlers = ["infra/bundle.ts", "infra/bundling", "infra/lambda-bundle.ts", "lib/bundling"];

/** All of infra/ that a deployment knows: not the local runtime, and nothing in TypeScript, which the framework cannot load. */
const isSource = (file: string): boolean =>
  !file.startsWith(path.join(root, "infra/local")) && !file.endsWith(".ts");

async function hashSources(options: CompileOptions): Promise<string> {
  const inside = await readdir(path.join(root, "infra"), { recursive: true, withFileTypes: true });
  const files = inside
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter(isSource)
    .sort();
  const others = ["serverless.yml", "package.json", "package-lock.json", "test/infra/compile.ts"];
  const hash = createHash("sha256").update(JSON.stringify(options));
  for (const file of [...files, ...others.map((name) => path.join(root, name))]) {
    hash.update(file).update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 20);
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
