import { accountId, apiId } from "../topology.ts";

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

export type Resources = Readonly<Record<string, Resource>>;

export interface StackNames {
  /** Names what the template leaves unnamed. */
  readonly stackName: string;
  readonly region: string;
}

/**
 * A value of the template with its intrinsic functions replaced: `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`. Resources
 * the local stack does not have stand for themselves, by logical id.
 */
export function resolveValue(value: unknown, resources: Resources, names: StackNames): unknown {
  const resolve = (inner: unknown): unknown => resolveValue(inner, resources, names);
  if (Array.isArray(value)) return value.map(resolve);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  const [name, argument] = entries.length === 1 ? (entries[0] as [string, unknown]) : ["", undefined];
  switch (name) {
    case "Ref":
      return resolveRef(String(argument), resources, names);
    case "Fn::GetAtt": {
      const [logicalId = "", ...attribute] = Array.isArray(argument) ? argument : String(argument).split(".");
      return resolveAttribute(String(logicalId), attribute.join("."), resources, names);
    }
    case "Fn::Sub":
      return substitute(argument, resources, names);
    case "Fn::Join": {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => String(resolve(part))).join(separator);
    }
    default:
      return Object.fromEntries(entries.map(([key, inner]) => [key, resolve(inner)]));
  }
}

function resolveRef(name: string, resources: Resources, names: StackNames): string {
  const pseudo = resolvePseudoParameter(name, names);
  if (pseudo !== undefined) return pseudo;
  switch (resources[name]?.Type) {
    case "AWS::SQS::Queue":
      return `https://sqs.${names.region}.amazonaws.com/${accountId}/${nameOf(name, resources, names)}`;
    case "AWS::ApiGatewayV2::Api":
      return apiId;
    case "AWS::Lambda::Function":
    case "AWS::DynamoDB::Table":
      return nameOf(name, resources, names);
    default:
      return name;
  }
}

function resolveAttribute(name: string, attribute: string, resources: Resources, names: StackNames): string {
  const own = nameOf(name, resources, names);
  const type = resources[name]?.Type;
  if (type === "AWS::SQS::Queue" && attribute === "QueueName") return own;
  if (type === "AWS::SQS::Queue" && attribute === "Arn")
    return `arn:aws:sqs:${names.region}:${accountId}:${own}`;
  if (type === "AWS::Lambda::Function" && attribute === "Arn") {
    return `arn:aws:lambda:${names.region}:${accountId}:function:${own}`;
  }
  if (type === "AWS::DynamoDB::Table" && attribute === "Arn") {
    return `arn:aws:dynamodb:${names.region}:${accountId}:table/${own}`;
  }
  return `${name}.${attribute}`;
}

/** The name a resource has, or would be given. */
export function nameOf(logicalId: string, resources: Resources, { stackName }: StackNames): string {
  const { Type, Properties = {} } = resources[logicalId] ?? { Type: "" };
  const given = Properties["FunctionName"] ?? Properties["QueueName"] ?? Properties["TableName"];
  if (typeof given === "string") return given;
  const suffix = Type === "AWS::SQS::Queue" && Properties["FifoQueue"] === true ? ".fifo" : "";
  return `${stackName}-${logicalId}${suffix}`;
}

function substitute(argument: unknown, resources: Resources, names: StackNames): string {
  const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [
    string,
    Record<string, unknown>,
  ];
  return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal !== "") return `\${${name}}`;
    if (Object.hasOwn(variables, name)) return String(resolveValue(variables[name], resources, names));
    const [logicalId = "", ...attribute] = name.split(".");
    if (attribute.length === 0) return resolveRef(name, resources, names);
    return resolveAttribute(logicalId, attribute.join("."), resources, names);
  });
}

function resolvePseudoParameter(name: string, { region, stackName }: StackNames): string | undefined {
  const values: Readonly<Record<string, string>> = {
    "AWS::Region": region,
    "AWS::AccountId": accountId,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stackName,
  };
  return values[name];
}
