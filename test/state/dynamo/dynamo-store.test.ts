import { afterAll, beforeAll } from "vitest";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createDocumentClient } from "../../../lib/state/dynamo/document-client.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { createSdkTableClient } from "../../../lib/state/dynamo/sdk-table-client.ts";
import { localCredentials, localRegion, startDynalite, type Dynalite } from "../../support/dynalite.ts";
import { describeStoreContract } from "../contract.ts";

let dynalite: Dynalite;
let client: DynamoDBDocumentClient;

beforeAll(async () => {
  dynalite = await startDynalite();
  client = createDocumentClient(
    { AWS_REGION: localRegion, AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint },
    { credentials: localCredentials },
  );
});
afterAll(async () => {
  client.destroy();
  await dynalite.stop();
});

describeStoreContract("the DynamoDB store", async (options) =>
  createDynamoStore({
    client: createSdkTableClient(client),
    tableName: await dynalite.createTable(),
    ...options,
  }),
);
