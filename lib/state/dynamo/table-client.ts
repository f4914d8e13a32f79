import type { Environment } from "../../env.ts";
import type { AwsClient } from "../../requests/aws-client.ts";
import { createSettings, type SettingsOverrides } from "../../requests/environment-settings.ts";
import { createSignedClient, type SignedClientOptions } from "../../requests/signed-client.ts";
import { tableProtocol } from "./wire/table-protocol.ts";

/** What tests put in the place of time, chance and network. */
type Surroundings = Pick<SignedClientOptions, "intercept" | "nowMs" | "random" | "sleep"> &
  Partial<Pick<SignedClientOptions, "maxAttempts">>;

/**
 * The client that `createDynamoStore` expects: requests signed by hand, beside which `createSdkTableClient` is the
 * reference. Region, credentials and `AWS_ENDPOINT_URL_DYNAMODB` come from `env`, and what is not there the SDK's usual
 * way. `overrides` are for a process that has neither.
 *
 * Six attempts with jittered back-off outlast the seconds in which DynamoDB splits a hot partition. Every write may be
 * repeated: those that would mistake their own first attempt for somebody else's carry a mark.
 */
export const createTableClient = (
  env: Environment,
  overrides: SettingsOverrides & Surroundings = {},
): AwsClient =>
  createSignedClient({
    settings: createSettings(env, overrides),
    protocol: tableProtocol,
    maxAttempts: 6,
    firstWaitMs: 25,
    maxSockets: 100,
    // A socket that died while the instance was frozen is given up quickly and tried anew.
    connectionTimeoutMs: 1000,
    requestTimeoutMs: 3000,
    ...overrides,
  });
