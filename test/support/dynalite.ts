import { createRequire } from "node:module";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CreateTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
  type CreateTableCommandInput,
} from "@aws-sdk/client-dynamodb";
import { withTransactions } from "../../infra/local/dynamodb/transactions.ts";

/** An embedded DynamoDB, of this process alone, in memory. */
export interface Dynalite {
  readonly endpoint: string;
  /** The table that is there from the start. */
  readonly tableName: string;
  /** Creates one more, empty; resolves with its name when it is ready. */
  createTable(name?: string): Promise<string>;
  stop(): Promise<void>;
}

/** What `infra/table.yml` declares, except for what dynalite has no notion of: expiry, encryption, backups. */
export const tableDescription = {
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
} as const satisfies Partial<CreateTableCommandInput>;

/** What a client needs beside the endpoint, for any embedded service. */
export const localCredentials = { accessKeyId: "local", secretAccessKey: "local" };
export const localRegion = "eu-central-1";

type CreateDynalite = (options: { createTableMs: number; deleteTableMs: number }) => Server;

/**
 * Starts dynalite on a free port of the loopback interface, with one table. Where `NONSTICKY_TEST_DYNAMODB` is the
 * endpoint of another DynamoDB, that is used instead: scripts/dynamodb-local.ts.
 */
export async function startDynalite(): Promise<Dynalite> {
  const other = process.env["NONSTICKY_TEST_DYNAMODB"];
  const { endpoint, stop } =
    other === undefined ? await serveDynalite() : { endpoint: other, stop: undefined };
  const client = new DynamoDBClient({ endpoint, region: localRegion, credentials: localCredentials });

  let tables = 0;
  const createTable = async (name = `table-${process.pid}-${++tables}`): Promise<string> => {
    await client.send(new CreateTableCommand({ TableName: name, ...copy(tableDescription) }));
    await waitUntilTableExists(
      { client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.05 },
      { TableName: name },
    );
    return name;
  };

  return {
    endpoint,
    tableName: await createTable(),
    createTable,
    async stop() {
      client.destroy();
      await stop?.();
    },
  };
}

async function serveDynalite(): Promise<Pick<Dynalite, "endpoint" | "stop">> {
  const create = createRequire(import.meta.url)("dynalite") as CreateDynalite;
  const server = createServer(withTransactions(create({ createTableMs: 0, deleteTableMs: 0 })));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve, reject) =>
        server.close((error) => (error === undefined || error === null ? resolve() : reject(error))),
      );
    },
  };
}

const copy = ({ BillingMode, AttributeDefinitions, KeySchema }: typeof tableDescription) => ({
  BillingMode,
  AttributeDefinitions: [...AttributeDefinitions],
  KeySchema: [...KeySchema],
});
