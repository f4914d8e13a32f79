import { readOptional, type Environment } from "../env.ts";
import { ConfigError } from "../errors.ts";
import type { AwsClient } from "../requests/aws-client.ts";
import { deferClient } from "../requests/deferred-client.ts";
import { createFunctionClient } from "../requests/function-client.ts";
import { createQueueClient } from "../requests/queue-client.ts";
import { createSettings } from "../requests/environment-settings.ts";
import { createTableClient } from "../state/dynamo/table-client.ts";
import type { Transport } from "../engine/transport.ts";
import { fanOutLimits } from "./lambda-fan-out.ts";
import { createTransport, deferTransport, postRules } from "./management-transport.ts";
import { nameOutages } from "./outage.ts";
import type { AwsError } from "./errors.ts";

/** The ways of a process to AWS, each made when it is asked for. */
export interface AwsClients {
  table(): AwsClient;
  queue(): AwsClient;
  functions(): AwsClient;
  /** Invokes the fan-out function, once each; the errors are those of AWS. */
  readonly fanOut: () => AwsClient;
  /** @param onOutage hears why posts get no answer */
  transport(callbackUrl: string, onOutage: (error: AwsError) => void): Transport;
}

/**
 * Requests signed by hand, or, where `NONSTICKY_AWS_CLIENT` is `sdk`, those of the SDK's clients, which are loaded with
 * the first request. Failures that an operator has to put right have the codes `aws.*` in both.
 */
export function createAwsClients(env: Environment): AwsClients {
  const chosen = readOptional(env, "NONSTICKY_AWS_CLIENT") ?? "signed";
  if (chosen === "signed") return signedClients(env);
  if (chosen === "sdk") return sdkClients(env);
  throw new ConfigError(
    "config.bad_environment",
    `expected NONSTICKY_AWS_CLIENT to be signed or sdk, got ${JSON.stringify(chosen)}`,
    { evidence: { name: "NONSTICKY_AWS_CLIENT" } },
  );
}

const signedClients = (env: Environment): AwsClients => ({
  table: () => nameOutages(createTableClient(env)),
  queue: () => nameOutages(createQueueClient(env)),
  functions: () => nameOutages(createFunctionClient(env)),
  fanOut: () => createFunctionClient(env, fanOutLimits),
  transport: (callbackUrl, onOutage) => createTransport(createSettings(env), callbackUrl, onOutage),
});

function sdkClients(env: Environment): AwsClients {
  const clients = () => import("./sdk/sdk-clients.ts");
  const table = () => import("../state/dynamo/sdk-table-client.ts");
  return {
    table: () => nameOutages(deferClient(async () => (await table()).openSdkTableClient(env))),
    queue: () => nameOutages(deferClient(async () => (await clients()).createSdkQueueClient())),
    functions: () => nameOutages(deferClient(async () => (await clients()).createSdkFunctionClient())),
    fanOut: () => deferClient(async () => (await clients()).createSdkFunctionClient(fanOutLimits)),
    transport: (callbackUrl) =>
      deferTransport(async () => (await clients()).openSdkTransport(callbackUrl, postRules)),
  };
}
