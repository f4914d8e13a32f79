import * as sdk from "@aws-sdk/lib-dynamodb";
import type { Environment } from "../../env.ts";
import type { AwsClient, Command } from "../../requests/aws-client.ts";
import { createDocumentClient } from "./document-client.ts";

/** The reference: every request through the SDK. Region and endpoint as in `createDocumentClient`. */
export const openSdkTableClient = (env: Environment): AwsClient =>
  createSdkTableClient(createDocumentClient(env));

/** @param documents of `createDocumentClient` */
export function createSdkTableClient(documents: sdk.DynamoDBDocumentClient): AwsClient {
  return {
    send: <Input extends object, Output extends object>({ action, input }: Command<Input, Output>) =>
      documents.send(toSdkCommand(action, input)) as Promise<unknown> as Promise<Output>,
    region: () => documents.config.region(),
    destroy: () => documents.destroy(),
  };
}

function toSdkCommand(action: string, input: object): sdk.GetCommand {
  const Request = commands[action];
  if (Request === undefined) throw new Error(`expected an action of the store, got ${action}`);
  return new Request(input as sdk.GetCommandInput);
}

/** One type for all: `send` of the SDK has one for each, and which it is nobody knows here. */
const commands = {
  GetItem: sdk.GetCommand,
  BatchGetItem: sdk.BatchGetCommand,
  Query: sdk.QueryCommand,
  PutItem: sdk.PutCommand,
  UpdateItem: sdk.UpdateCommand,
  DeleteItem: sdk.DeleteCommand,
  BatchWriteItem: sdk.BatchWriteCommand,
  TransactWriteItems: sdk.TransactWriteCommand,
} as unknown as Readonly<Record<string, typeof sdk.GetCommand>>;
