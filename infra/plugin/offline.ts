import { rm } from "node:fs/promises";
import path from "node:path";
import { bundle, copyClient } from "../bundle.ts";
import { startDynamo } from "../local/dynamodb/start.ts";
import { codeDir, extension, packageDir } from "../local/installation.ts";
import { nameOf, resolveValue, type Resources, type StackNames } from "../local/service/intrinsics.ts";
import type { TableSpec } from "../local/topology.ts";
import type { FunctionDefinition, Json, Serverless } from "./framework.ts";
import { isObject, mergeDeep } from "./json.ts";
import { announceWhenServing, readAddresses, type Addresses } from "./offline-addresses.ts";

export interface OfflineRequest {
  /** The functions of this stack; the service may have others. They are those of direct ordering. */
  readonly names: readonly string[];
  /** The module that exports `io`, relative to the service; empty for what package.json says `#app` is. */
  readonly app: string;
  /** Packages whose imports are this package's. */
  readonly replace: readonly string[];
  readonly external?: readonly string[];
  /** What packets change in the app's variables is kept. */
  readonly keep?: boolean;
  /** Where the bundles go, relative to the service. */
  readonly outdir: string;
}

/**
 * Before `serverless offline` starts: bundles the functions, gives them a table, and in their environment what the stack
 * would have given them. Says how clients connect as soon as both ports answer.
 */
export async function prepareOffline(
  serverless: Serverless,
  { names, app, replace, external = [], keep = false, outdir }: OfflineRequest,
): Promise<void> {
  const { serviceDir, service } = serverless;
  const definitions = names.map((name) => service.getFunction(name));
  await rm(path.join(serviceDir, outdir), { recursive: true, force: true });
  // With the developer's own credentials, wherever the SDK finds them.
  await bundle({
    serviceDir,
    handlers: definitions.map(({ handler }) => handler),
    app,
    replace,
    external,
    keep,
    outdir,
    packageDir,
  });
  await copyClient(path.join(serviceDir, outdir));

  const addresses = readAddresses(serverless);
  const resources = readResources(service.resources);
  const region = String(service.provider.region);
  const stack: StackNames = { stackName: `${service.service}-${service.provider.stage}`, region };
  const table = readTable(resources, stack);
  const endpoint = process.env["AWS_ENDPOINT_URL_DYNAMODB"] || process.env["AWS_ENDPOINT_URL"] || undefined;
  const dynamo = await startDynamo(serverFile, table, region, endpoint);
  serveFromHere({ region, dynamodb: dynamo.endpoint, addresses });

  const resolve = (environment: Environment | undefined) => resolveEnvironment(environment, resources, stack);
  service.provider.environment = resolve(service.provider.environment);
  for (const name of service.getAllFunctions()) {
    const definition = service.getFunction(name);
    definition.environment = resolve(definition.environment);
    const isOurs = names.includes(name);
    // Somebody's own function that emits needs the same two.
    if (isOurs || definition.environment["NONSTICKY_TABLE"] !== undefined) {
      definition.environment["NONSTICKY_TABLE"] = table.name;
      definition.environment["NONSTICKY_CALLBACK_URL"] = addresses.websocket;
    }
    if (isOurs) setUp(definition, outdir);
  }
  announceWhenServing(addresses);
}

const serverFile = path.join(codeDir, `infra/local/dynamodb/server${extension}`);

type Environment = NonNullable<FunctionDefinition["environment"]>;

function setUp(definition: FunctionDefinition, outdir: string): void {
  definition.handler = `${outdir}/${definition.handler}`;
  // Lines that CloudWatch alone reads.
  definition.environment = { ...definition.environment, NONSTICKY_METRICS: "false" };
}

/** What every function finds, for serverless-offline hands on each variable of this process that begins with `AWS_`. */
function serveFromHere({
  region,
  dynamodb,
  addresses,
}: {
  readonly region: string;
  readonly dynamodb: string;
  readonly addresses: Addresses;
}): void {
  const { env } = process;
  env["AWS_REGION"] = region;
  env["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb;
  // OPEN and letters between sessions are asynchronous invocations in direct ordering.
  env["AWS_ENDPOINT_URL_LAMBDA"] = addresses.lambda;
  env["AWS_EC2_METADATA_DISABLED"] ??= "true";
  env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  // Whoever has credentials uses them: the app may call services that are not here.
  if (env["AWS_ACCESS_KEY_ID"] !== undefined || env["AWS_PROFILE"] !== undefined) return;
  env["AWS_ACCESS_KEY_ID"] = "local";
  env["AWS_SECRET_ACCESS_KEY"] = "local";
}

/** The entries of `resources`, a list or one, as one. */
function readResources(given: Json | undefined): Resources {
  const parts = (Array.isArray(given) ? given : [given]).filter(isObject);
  return (parts.reduce(mergeDeep, {})["Resources"] ?? {}) as unknown as Resources;
}

function readTable(resources: Resources, names: StackNames): TableSpec {
  const { Properties = {} } = resources["Table"] ?? {};
  const keys = Properties["KeySchema"] as readonly { AttributeName: string; KeyType: string }[];
  const attributes = Properties["AttributeDefinitions"] as readonly {
    AttributeName: string;
    AttributeType: "S";
  }[];
  const find = (type: string) => keys.find(({ KeyType }) => KeyType === type)?.AttributeName ?? "";
  return {
    name: process.env["NONSTICKY_TABLE"] || nameOf("Table", resources, names),
    attributes: attributes.map(({ AttributeName, AttributeType }) => ({
      name: AttributeName,
      type: AttributeType,
    })),
    partitionKey: find("HASH"),
    sortKey: find("RANGE"),
  };
}

/** Without a stack a reference is to a name that the resource would have; the shell's environment says better. */
function resolveEnvironment(
  environment: Environment = {},
  resources: Resources,
  names: StackNames,
): Environment {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      isObject(value) ? (process.env[name] ?? String(resolveValue(value, resources, names))) : value,
    ]),
  );
}
