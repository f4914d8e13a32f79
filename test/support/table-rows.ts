import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, paginateScan } from "@aws-sdk/lib-dynamodb";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { parseKey, type Identity } from "../../lib/state/dynamo/parse-key.ts";

export interface Row {
  readonly identity: Identity;
  readonly item: Readonly<Record<string, unknown>>;
}

/** Every row of a local table. A scan is for tests: the product has none. */
export async function readRows({ dynamodbEndpoint, tableName }: LocalRuntime): Promise<readonly Row[]> {
  const client = new DynamoDBClient({
    endpoint: dynamodbEndpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  try {
    const rows: Row[] = [];
    const documents = DynamoDBDocumentClient.from(client);
    for await (const { Items = [] } of paginateScan({ client: documents }, { TableName: tableName })) {
      for (const item of Items) {
        rows.push({ identity: parseKey({ pk: item["pk"] as string, sk: item["sk"] as string }), item });
      }
    }
    return rows;
  } finally {
    client.destroy();
  }
}

/** What says that a client is here: nothing of it may outlive a close. The other rows of a session only expire. */
export function isLive({ identity: { kind } }: Row): boolean {
  switch (kind) {
    case "room-member":
    case "namespace-member":
    case "beat":
    case "outbox":
    case "room-count":
      return true;
    case "session":
    case "pending":
    case "handshake":
    case "socket":
    case "auth":
    case "joined":
    case "sweep":
    case "ack":
    case "pid":
    case "log":
    case "log-end":
    case "lease":
    case "shared":
    case "owned":
    case "room-note":
    case "room-shards":
    case "child":
    case "live":
    case "strokes":
    case "deployment":
    case "pollers":
    case "pace":
      return false;
    default:
      return kind satisfies never;
  }
}

export const sidOf = ({ identity }: Row): string | undefined =>
  "sid" in identity ? identity.sid : undefined;
