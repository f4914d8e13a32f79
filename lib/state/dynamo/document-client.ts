import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Environment } from "../../env.ts";

/**
 * The document client that `createDynamoStore` expects. Reads AWS_REGION and AWS_ENDPOINT_URL_DYNAMODB from `env`;
 * credentials come the SDK's usual way. `overrides` are for a process that has neither.
 *
 * Six attempts with the SDK's jittered back-off outlast the seconds in which DynamoDB splits a hot partition. Every
 * write may be repeated: those that would mistake their own first attempt for somebody else's carry a mark.
 */
export function createDocumentClient(
  env: Environment,
  overrides: DynamoDBClientConfig = {},
): DynamoDBDocumentClient {
  const region = env["AWS_REGION"] || undefined;
  const endpoint = env["AWS_ENDPOINT_URL_DYNAMODB"] || undefined;
  const client = new DynamoDBClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    retryMode: "standard",
    maxAttempts: 6,
    // A socket that died while the instance was frozen is given up quickly and tried anew.
    requestHandler: {
      connectionTimeout: 1000,
      requestTimeout: 3000,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 100 },
      httpsAgent: { keepAlive: true, maxSockets: 100 },
    },
    ...overrides,
  });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
