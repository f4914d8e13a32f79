import { apiId, type FunctionSpec, type Topology } from "./topology.ts";

export interface Endpoints {
  /** The gateway: `http://127.0.0.1:PORT` */
  readonly gateway: string;
  /** SQS and Lambda. */
  readonly aws: string;
  readonly dynamodb: string;
}

/**
 * The whole environment of a function's instances: what Lambda sets, what the stack defines with AWS hosts replaced by
 * local ones, and the SDK's own variables that lead it here. Nothing of the runtime's own environment but PATH.
 */
export function createEnvironment(
  spec: FunctionSpec,
  topology: Topology,
  endpoints: Endpoints,
  overrides: Readonly<Record<string, string>>,
): Record<string, string> {
  const { region } = topology;
  const local = Object.entries(spec.environment).map(([name, value]) => [
    name,
    value
      .replace(`https://${apiId}.execute-api.${region}.amazonaws.com`, endpoints.gateway)
      .replace(`https://sqs.${region}.amazonaws.com`, endpoints.aws),
  ]);
  return {
    PATH: process.env["PATH"] ?? "",
    TZ: "UTC",
    LANG: "en_US.UTF-8",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SQS: endpoints.aws,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.aws,
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMegabytes),
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    _HANDLER: spec.handler,
    ...(Object.fromEntries(local) as Record<string, string>),
    // One port serves both transports, as the edge does in the cloud.
    NONSTICKY_UPGRADES: "websocket",
    ...overrides,
  };
}
