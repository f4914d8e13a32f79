import { LocalError } from "../local-error.ts";
import {
  routeKeys,
  type AuthorizerSpec,
  type EventSourceSpec,
  type FunctionSpec,
  type QueueSpec,
  type RouteKey,
  type RouteSpec,
  type ScheduleSpec,
  type TableSpec,
  type Topology,
} from "../topology.ts";
import type { CompiledService } from "./compile-template.ts";
import { nameOf, resolveValue, type Resources, type StackNames } from "./intrinsics.ts";

type Properties = Readonly<Record<string, unknown>>;

/** Reads a compiled CloudFormation template. Throws a `LocalError` for what the local runtime cannot emulate. */
export function toTopology(compiled: CompiledService): Topology {
  const { Resources: resources } = compiled.template as { Resources: Resources };
  const { stage, region } = compiled;
  const names: StackNames = { stackName: `local-${stage}`, region };
  const reader = new TemplateReader(resources, names);
  const functions = compiled.functions.map(({ key, name }) => reader.readFunction(key, name));
  const keyOf = (arn: unknown) => findFunction(functions, arn);
  const authorizer = reader.readAuthorizer(keyOf);
  const eventSources = reader.readEventSources(keyOf);
  const httpFunctionKey = reader.readHttpFunction(/^[A-Z]+ \//, keyOf);
  const routesFunctionKey = reader.readHttpFunction(/^\$default$/, keyOf);
  return {
    stage,
    region,
    functions,
    ...(authorizer === undefined ? {} : { authorizer }),
    routes: Object.fromEntries(routeKeys.map((key) => [key, reader.readRoute(key, keyOf)])) as Record<
      RouteKey,
      RouteSpec
    >,
    ...(httpFunctionKey === undefined ? {} : { httpFunctionKey }),
    ...(routesFunctionKey === undefined ? {} : { routesFunctionKey }),
    queues: reader.readQueues(),
    eventSources,
    schedules: reader.readSchedules(keyOf),
    table: reader.readTable(),
  };
}

/** By an ARN of it, alone or inside the URI of an integration. */
function findFunction(functions: readonly FunctionSpec[], arn: unknown): string {
  const name = /:function:([^/:]+)/.exec(String(arn))?.[1];
  const found = functions.find((one) => one.name === name || one.name === arn);
  if (found === undefined)
    throw new LocalError(`expected the ARN of a function of the stack, got ${String(arn)}`);
  return found.key;
}

class TemplateReader {
  #resources: Resources;
  #names: StackNames;

  constructor(resources: Resources, names: StackNames) {
    this.#resources = resources;
    this.#names = names;
  }

  readFunction(key: string, name: string): FunctionSpec {
    const found = this.#all("AWS::Lambda::Function").find(
      ({ properties }) => properties["FunctionName"] === name,
    );
    if (found === undefined) throw new LocalError(`expected a function ${name} in the template, got none`);
    const { properties } = found;
    const { Variables = {} } = (properties["Environment"] ?? {}) as { Variables?: Properties };
    const settings = this.#all("AWS::Lambda::EventInvokeConfig").find(
      (one) => one.properties["FunctionName"] === name,
    );
    return {
      key,
      name,
      handler: String(properties["Handler"]),
      timeoutSeconds: Number(properties["Timeout"] ?? 3),
      memoryMegabytes: Number(properties["MemorySize"] ?? 128),
      environment: Object.fromEntries(Object.entries(Variables).map(([one, value]) => [one, String(value)])),
      maximumRetryAttempts: Number(settings?.properties["MaximumRetryAttempts"] ?? 2),
    };
  }

  readAuthorizer(keyOf: (arn: unknown) => string): AuthorizerSpec | undefined {
    const connect = this.#findRoute("$connect");
    const id = connect?.["AuthorizerId"];
    if (id === undefined) return undefined;
    const properties = this.#properties(String(id));
    return {
      functionKey: keyOf(properties["AuthorizerUri"]),
      identitySources: ((properties["IdentitySource"] as unknown[] | undefined) ?? []).map(String),
    };
  }

  readRoute(key: RouteKey, keyOf: (arn: unknown) => string): RouteSpec {
    const route = this.#findRoute(key);
    if (route === undefined) return { kind: "none" };
    const [, integrationId = ""] = String(route["Target"]).split("/");
    const properties = this.#properties(integrationId);
    const uri = String(properties["IntegrationUri"]);
    if (properties["IntegrationType"] === "AWS_PROXY") return { kind: "function", functionKey: keyOf(uri) };
    const [, queueName] = /:sqs:path\/\d+\/(.+)$/.exec(uri) ?? [];
    const templates = (properties["RequestTemplates"] ?? {}) as Readonly<Record<string, string>>;
    const template = templates["$default"];
    if (queueName === undefined || template === undefined) {
      throw new LocalError(
        `expected ${key} to go to a function or, with a $default request template, to a queue, got ${uri}`,
      );
    }
    return { kind: "queue", queueName, template };
  }

  /** Of the HTTP API: all of its routes but the default one go to one function. */
  readHttpFunction(key: RegExp, keyOf: (arn: unknown) => string): string | undefined {
    const routes = this.#all("AWS::ApiGatewayV2::Route").filter(({ logicalId }) => this.#isHttp(logicalId));
    const route = routes.find(({ properties }) => key.test(String(properties["RouteKey"])))?.properties;
    if (route === undefined) return undefined;
    const [, integrationId = ""] = String(route["Target"]).split("/");
    return keyOf(this.#properties(integrationId)["IntegrationUri"]);
  }

  readQueues(): QueueSpec[] {
    return this.#all("AWS::SQS::Queue").map(({ logicalId, properties }) => {
      const { deadLetterTargetArn, maxReceiveCount } = (properties["RedrivePolicy"] ?? {}) as Properties;
      return {
        name: nameOf(logicalId, this.#resources, this.#names),
        ...(properties["FifoQueue"] === true ? {} : { isStandard: true }),
        visibilityTimeoutSeconds: Number(properties["VisibilityTimeout"] ?? 30),
        retentionSeconds: Number(properties["MessageRetentionPeriod"] ?? 345_600),
        ...(maxReceiveCount === undefined ? {} : { maxReceiveCount: Number(maxReceiveCount) }),
        ...(deadLetterTargetArn === undefined ? {} : { deadLetterQueue: lastPart(deadLetterTargetArn) }),
      };
    });
  }

  readEventSources(keyOf: (arn: unknown) => string): EventSourceSpec[] {
    return this.#all("AWS::Lambda::EventSourceMapping").map(({ properties }) => ({
      queueName: lastPart(properties["EventSourceArn"]),
      functionKey: keyOf(properties["FunctionName"]),
      batchSize: Number(properties["BatchSize"] ?? 10),
      reportBatchItemFailures: [properties["FunctionResponseTypes"]]
        .flat()
        .includes("ReportBatchItemFailures"),
    }));
  }

  readSchedules(keyOf: (arn: unknown) => string): ScheduleSpec[] {
    return this.#all("AWS::Events::Rule").flatMap(({ properties }) => {
      const everySeconds = readRate(String(properties["ScheduleExpression"]));
      const targets = (properties["Targets"] ?? []) as readonly Properties[];
      return targets.map(({ Arn }) => ({ functionKey: keyOf(Arn), everySeconds }));
    });
  }

  readTable(): TableSpec {
    const [first, ...others] = this.#all("AWS::DynamoDB::Table");
    if (first === undefined || others.length > 0) {
      throw new LocalError(
        `expected one table in the template, got ${first === undefined ? 0 : others.length + 1}`,
      );
    }
    const { logicalId, properties } = first;
    const keys = properties["KeySchema"] as readonly { AttributeName: string; KeyType: string }[];
    const attributes = properties["AttributeDefinitions"] as readonly {
      AttributeName: string;
      AttributeType: "S" | "N" | "B";
    }[];
    const find = (type: string) => keys.find(({ KeyType }) => KeyType === type)?.AttributeName;
    const sortKey = find("RANGE");
    return {
      name: nameOf(logicalId, this.#resources, this.#names),
      attributes: attributes.map(({ AttributeName, AttributeType }) => ({
        name: AttributeName,
        type: AttributeType,
      })),
      partitionKey: find("HASH") ?? "",
      ...(sortKey === undefined ? {} : { sortKey }),
    };
  }

  #findRoute(key: RouteKey): Properties | undefined {
    return this.#all("AWS::ApiGatewayV2::Route").find(
      ({ logicalId, properties }) => properties["RouteKey"] === key && !this.#isHttp(logicalId),
    )?.properties;
  }

  /** Both APIs have routes of the same type, and a default one. */
  #isHttp(logicalId: string): boolean {
    const { ApiId } = this.#resources[logicalId]?.Properties ?? {};
    return (Object(ApiId) as { Ref?: unknown }).Ref === "HttpApi";
  }

  #all(type: string): { readonly logicalId: string; readonly properties: Properties }[] {
    return Object.entries(this.#resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([logicalId]) => ({ logicalId, properties: this.#properties(logicalId) }));
  }

  #properties(logicalId: string): Properties {
    const { Properties = {} } = this.#resources[logicalId] ?? {};
    return resolveValue(Properties, this.#resources, this.#names) as Properties;
  }
}

const lastPart = (arn: unknown): string => String(arn).slice(String(arn).lastIndexOf(":") + 1);

function readRate(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit === undefined) throw new LocalError(`expected a schedule like rate(1 minute), got ${expression}`);
  const seconds = { minute: 60, hour: 3600, day: 86_400 };
  return Number(count) * seconds[unit as keyof typeof seconds];
}
