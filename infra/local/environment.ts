import { toCallerToken } from "./call-log.ts";
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
  return {
    PATH: process.env["PATH"] ?? "",
    TZ: "UTC",
    LANG: "en_US.UTF-8",
    ...sdkEnvironment(topology, endpoints),
    AWS_SESSION_TOKEN: toCallerToken(spec.name),
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMegabytes),
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    _HANDLER: spec.handler,
    ...localise(spec, topology, endpoints),
    // One port serves both transports, as the edge does in the cloud.
    NONSTICKY_UPGRADES: "websocket",
    // Lines that CloudWatch alone reads.
    NONSTICKY_METRICS: "false",
    ...overrides,
  };
}

/** How programs outside of the stack are named where calls are noted. */
const OUTSIDE_PROGRAM = "outside-emitter";

/** What a program outside of the stack needs to act on its clients: which table, which way back, and the way here. */
export function createOutsideEnvironment(topology: Topology, endpoints: Endpoints): Record<string, string> {
  const needed = ["NONSTICKY_TABLE", "NONSTICKY_CALLBACK_URL"];
  const values = topology.functions.flatMap((spec) => Object.entries(localise(spec, topology, endpoints)));
  return {
    ...sdkEnvironment(topology, endpoints),
    AWS_SESSION_TOKEN: toCallerToken(OUTSIDE_PROGRAM),
    ...Object.fromEntries(values.filter(([name]) => needed.includes(name))),
  };
}

const sdkEnvironment = ({ region }: Topology, { aws, dynamodb }: Endpoints): Record<string, string> => ({
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
  AWS_ENDPOINT_URL_SQS: aws,
  AWS_ENDPOINT_URL_LAMBDA: aws,
});

/** What the stack defines for a function, with AWS hosts replaced. */
function localise(
  spec: FunctionSpec,
  { region }: Topology,
  endpoints: Endpoints,
): Readonly<Record<string, string>> {
  const local = Object.entries(spec.environment).map(([name, value]): [string, string] => [
    name,
    value
      .replace(`https://${apiId}.execute-api.${region}.amazonaws.com`, endpoints.gateway)
      .replace(`https://sqs.${region}.amazonaws.com`, endpoints.aws),
  ]);
  return Object.fromEntries(local);
}
