import { QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { createDocumentClient } from "../../lib/state/dynamo/document-client.ts";
import { roomPartition } from "../../lib/state/dynamo/keys.ts";
import { localCredentials } from "./dynalite.ts";

/** A row ends at 400 KB, a page of a query at 1 MB. */
const PADDING_BYTES = 380_000;

/** Makes the rows of a room's members so long that a page holds three of them, with what nobody reads. */
export async function padMembers(runtime: LocalRuntime, room: string, nsp = "/"): Promise<void> {
  const environment = {
    AWS_REGION: runtime.outsideEnvironment["AWS_REGION"],
    AWS_ENDPOINT_URL_DYNAMODB: runtime.dynamodbEndpoint,
  };
  const client = createDocumentClient(environment, { credentials: localCredentials });
  const TableName = runtime.tableName;
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": roomPartition(nsp, room) },
    }),
  );
  for (const { pk, sk } of Items)
    await client.send(
      new UpdateCommand({
        TableName,
        Key: { pk, sk },
        UpdateExpression: "SET padding = :padding",
        ExpressionAttributeValues: { ":padding": "x".repeat(PADDING_BYTES) },
      }),
    );
  client.destroy();
}
