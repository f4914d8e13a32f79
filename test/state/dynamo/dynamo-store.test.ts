import { afterAll, beforeAll } from "vitest";
import type { AwsClient } from "../../../lib/requests/aws-client.ts";
import { createDocumentClient } from "../../../lib/state/dynamo/document-client.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { createSdkTableClient } from "../../../lib/state/dynamo/sdk-table-client.ts";
import { createTableClient } from "../../../lib/state/dynamo/table-client.ts";
import { localCredentials, localRegion, startDynalite, type Dynalite } from "../../support/dynalite.ts";
import { describeStoreContract } from "../contract.ts";

let dynalite: Dynalite;
const clients: AwsClient[] = [];

beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await dynalite.stop();
});

/** The client that is deployed, and the one that it is held to. */
const kinds = {
  "requests signed by hand": () => createTableClient(environment(), { credentials: localCredentials }),
  "the SDK's client": () =>
    createSdkTableClient(createDocumentClient(environment(), { credentials: localCredentials })),
};

const environment = () => ({ AWS_REGION: localRegion, AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint });

for (const [kind, open] of Object.entries(kinds)) {
  let client: AwsClient | undefined;
  describeStoreContract(`the DynamoDB store by ${kind}`, async (options) => {
    if (client === undefined) clients.push((client = open()));
    return createDynamoStore({ client, tableName: await dynalite.createTable(), ...options });
  });
}
