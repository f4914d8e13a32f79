import { fork } from "node:child_process";
import type { TableSpec } from "../topology.ts";
import type { TableReport } from "./report-request.ts";

export interface LocalDynamo {
  readonly endpoint: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts the embedded DynamoDB, or uses the one at `endpoint`, and creates the table in it. `onReport` hears of the marked
 * requests to the embedded one.
 */
export async function startDynamo(
  serverFile: string,
  table: TableSpec,
  region: string,
  endpoint: string | undefined,
  onReport: (report: TableReport) => void = () => undefined,
): Promise<LocalDynamo> {
  if (endpoint !== undefined) {
    await createTable(endpoint, table, region);
    return { endpoint, pid: undefined, stop: async () => {} };
  }
  const child = fork(serverFile, [], {
    env: { NONSTICKY_CALLS: process.env["NONSTICKY_CALLS"] },
    // Node reads no TypeScript: a source of the repository is run by its loader.
    execArgv: serverFile.endsWith(".ts") ? ["--import", import.meta.resolve("tsx")] : [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve(message as number));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the embedded DynamoDB exited with code ${code}`)));
  });
  child.on("message", (reports) => {
    for (const report of reports as readonly TableReport[]) onReport(report);
  });
  const embedded: LocalDynamo = {
    endpoint: `http://127.0.0.1:${port}`,
    pid: child.pid,
    stop: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
  try {
    await createTable(embedded.endpoint, table, region);
  } catch (error) {
    await embedded.stop();
    throw error;
  }
  return embedded;
}

async function createTable(endpoint: string, table: TableSpec, region: string): Promise<void> {
  const { name, attributes, partitionKey, sortKey } = table;
  const call = async (action: string, input: unknown): Promise<{ __type?: string; message?: string }> => {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${action}`,
        "x-amz-date": "20250101T000000Z",
        authorization: `AWS4-HMAC-SHA256 Credential=local/20250101/${region}/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0`,
      },
      body: JSON.stringify(input),
    });
    const answer = (await response.json()) as { __type?: string; message?: string };
    return response.ok ? {} : answer;
  };
  const { __type, message } = await call("CreateTable", {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: attributes.map((one) => ({ AttributeName: one.name, AttributeType: one.type })),
    KeySchema: [
      { AttributeName: partitionKey, KeyType: "HASH" },
      ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: "RANGE" }]),
    ],
  });
  if (__type === undefined || __type.endsWith("ResourceInUseException")) return;
  throw new Error(`expected ${endpoint} to create the table ${name}, got ${__type}: ${message ?? ""}`);
}
