import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { isPackageName } from "../../lib/bundling/app-plugin.ts";
import { packageDir } from "../local/installation.ts";
import { isObject, mergeDeep } from "./json.ts";
import type { Framework, Json, JsonObject } from "./framework.ts";

/** What somebody writes as `custom.nonsticky`. */
export interface Settings {
  /** The module that exports `io`, relative to the service. */
  readonly app: string;
  /** Packages that stay outside of the bundles, besides those with native code. */
  readonly external: readonly string[];
  /** Files and folders of the service that travel with the functions. */
  readonly include: readonly string[];
  /** Whether the bundles are started once before they are deployed. Default true. */
  readonly start: boolean;
  /** What packets change in the app's variables is kept. Default false. */
  readonly keep: boolean;
  /** Packages whose imports are this package's: `socket.io`. */
  readonly replace: readonly string[];
  /** What the app itself may do: statements for the roles of all functions that run it. */
  readonly statements: readonly JsonObject[];
  /** As in infra/stages.yml. */
  readonly params: JsonObject;
}

/** The stack of this package's serverless.yml, for somebody's service, its variables resolved. */
export interface OwnStack {
  readonly functions: Readonly<Record<string, JsonObject>>;
  readonly provider: JsonObject;
  /** The entries of `resources` as one: `Resources`, `Outputs`, `extensions`. */
  readonly resources: JsonObject;
}

export interface Target {
  readonly service: string;
  readonly stage: string;
  readonly region: Json | undefined;
  readonly cliParams: readonly string[];
}

/** Reads `custom.nonsticky`. Throws an error that says what was expected. */
export async function readSettings(given: Json | undefined): Promise<Settings> {
  if (!isObject(given) || typeof given["app"] !== "string" || given["app"] === "") {
    // Of the settings only this one: others are secrets.
    const got = isObject(given) ? given["app"] : given;
    throw new Error(
      `expected custom.nonsticky.app to name the module that exports \`io\`, like src/app.ts, got ${JSON.stringify(got) ?? "nothing"}`,
    );
  }
  const {
    app,
    replace,
    external,
    include = [],
    start = true,
    keep = false,
    statements = [],
    ...params
  } = given;
  if (!isList(include) || include.some(isOutside)) {
    throw new Error(
      `expected custom.nonsticky.include to be a list of files and folders of the service, like [public], got ${JSON.stringify(include)}`,
    );
  }
  if (typeof start !== "boolean") {
    throw new Error(`expected custom.nonsticky.start to be true or false, got ${JSON.stringify(start)}`);
  }
  if (typeof keep !== "boolean") {
    throw new Error(`expected custom.nonsticky.keep to be true or false, got ${JSON.stringify(keep)}`);
  }
  if (!Array.isArray(statements) || !statements.every(isObject)) {
    throw new Error(
      `expected custom.nonsticky.statements to be a list of IAM statements, got ${JSON.stringify(statements)}`,
    );
  }
  const known = await listParams();
  for (const name of Object.keys(params)) {
    if (known.includes(name)) continue;
    throw new Error(
      `expected custom.nonsticky to have app, replace, external, include, start, keep, statements, ${known.join(", ")}; got ${name}`,
    );
  }
  const lists = { replace: readNames("replace", replace), external: readNames("external", external) };
  return { app, ...lists, include, start, keep, statements, params };
}

const isList = (value: Json): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

const isOutside = (file: string): boolean =>
  path.isAbsolute(file) || path.normalize(file).split(path.sep).includes("..");

function readNames(setting: string, value: Json = []): readonly string[] {
  if (isList(value) && value.every(isPackageName)) return value;
  throw new Error(
    `expected custom.nonsticky.${setting} to be a list of packages, like [socket.io], got ${JSON.stringify(value)}`,
  );
}

export async function resolveOwnStack(
  framework: Framework,
  { params, statements }: Settings,
  { service, stage, region, cliParams }: Target,
): Promise<OwnStack> {
  const own = await framework.readYaml(path.join(packageDir, "serverless.yml"));
  const stages = await framework.readYaml(path.join(packageDir, "infra/stages.yml"));
  const known = await listParams();
  const configuration = {
    ...own,
    service,
    params: {
      default: { ...(stages["default"] as JsonObject), ...(stages[stage] as JsonObject), ...params },
    },
    provider: {
      ...(own["provider"] as JsonObject),
      stage,
      ...(region === undefined ? {} : { region }),
    },
    resources: [...(own["resources"] as readonly Json[]), "${file(infra/plugin/emit-policy.yml)}"],
  };
  const unresolved = await framework.resolve({
    serviceDir: packageDir,
    configuration,
    options: { stage },
    params: cliParams.filter((one) => known.includes(one.split("=")[0] ?? "")),
  });
  if (unresolved.length > 0) {
    throw new Error(
      `expected the parameters in custom.nonsticky to make a stack, got\n${unresolved.join("\n")}`,
    );
  }
  const resolved = configuration as unknown as {
    readonly functions: readonly Readonly<Record<string, JsonObject>>[];
    readonly provider: JsonObject;
    readonly resources: readonly (JsonObject | null)[];
  };
  const resources = resolved.resources.reduce<JsonObject>((all, one) => mergeDeep(all, one ?? {}), {});
  const functions = Object.assign({}, ...resolved.functions) as Readonly<Record<string, JsonObject>>;
  const roles = Object.values(functions).map(({ role }) => String(role));
  return {
    functions,
    provider: resolved.provider,
    resources: statements.length === 0 ? resources : allow(resources, roles, statements),
  };
}

/** Every parameter that a file of the stack reads: some have no default, and are in no list. */
async function listParams(): Promise<string[]> {
  const inside = await readdir(path.join(packageDir, "infra"), { recursive: true });
  const files = [
    "serverless.yml",
    ...inside.filter((file) => file.endsWith(".yml")).map((file) => `infra/${file}`),
  ];
  const texts = await Promise.all(files.map((file) => readFile(path.join(packageDir, file), "utf8")));
  const names = texts.flatMap((text) => [...text.matchAll(/\$\{param:(\w+)/g)].map(([, name = ""]) => name));
  return [...new Set(names)].filter((name) => name !== "app").sort();
}

function allow(
  resources: JsonObject,
  roles: readonly string[],
  statements: readonly JsonObject[],
): JsonObject {
  const policy = {
    PolicyName: "app",
    PolicyDocument: { Version: "2012-10-17", Statement: statements },
  };
  const all = resources["Resources"] as Readonly<Record<string, JsonObject>>;
  const allowed = Object.entries(all).map(([id, resource]) => {
    if (!roles.includes(id)) return [id, resource] as const;
    const properties = resource["Properties"] as JsonObject;
    const policies = (properties["Policies"] ?? []) as readonly Json[];
    return [id, { ...resource, Properties: { ...properties, Policies: [...policies, policy] } }] as const;
  });
  return { ...resources, Resources: Object.fromEntries(allowed) };
}
