import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { tableDefinition } from "./table.ts";

export interface Message {
  /** 1, 2, 3, … without a gap. */
  readonly offset: number;
  readonly text: string;
}

const ROOM = "chat";
const MAX_ATTEMPTS = 20;

/**
 * Messages in the order of their offsets. The SDK finds its way by the environment: on Lambda to AWS, in the local
 * runtime to the DynamoDB that is embedded there.
 */
export class MessageLog {
  readonly #tableName: string;
  readonly #client = new DynamoDBClient({});
  readonly #documents = DynamoDBDocumentClient.from(this.#client);

  constructor(tableName: string) {
    this.#tableName = tableName;
  }

  /**
   * Appends a message, unless one with this client offset is there. Two instances that append at once want the same
   * offset; the condition lets one of them have it, and the other looks again. So whoever was first to append a
   * message is seen by whoever comes second with the same one, and offsets appear in their order, without a gap.
   */
  append(text: string, clientOffset: string): Promise<{ offset: number; isNew: boolean }> {
    return this.#withTable(async () => {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        // The end first: what is appended after this look takes the offset that is wanted below.
        const offset = (await this.#last()) + 1;
        const known = await this.#find(clientOffset);
        if (known !== undefined) return { offset: known, isNew: false };
        if (await this.#put({ offset, text, clientOffset })) return { offset, isNew: true };
      }
      throw new Error(`expected to append a message, got ${MAX_ATTEMPTS} conflicts`);
    });
  }

  /** The messages behind an offset, oldest first. */
  async *after(offset: number): AsyncGenerator<Message> {
    let start: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await this.#withTable(() =>
        this.#documents.send(
          new QueryCommand({
            TableName: this.#tableName,
            KeyConditionExpression: "room = :room AND #offset > :offset",
            ExpressionAttributeNames: { "#offset": "offset" },
            ExpressionAttributeValues: { ":room": ROOM, ":offset": offset },
            ConsistentRead: true,
            ExclusiveStartKey: start,
          }),
        ),
      );
      yield* Items as Message[];
      start = LastEvaluatedKey;
    } while (start !== undefined);
  }

  async #last(): Promise<number> {
    const { Items: [last] = [] } = await this.#documents.send(
      new QueryCommand({
        TableName: this.#tableName,
        KeyConditionExpression: "room = :room",
        ExpressionAttributeValues: { ":room": ROOM },
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: 1,
      }),
    );
    return (last as Message | undefined)?.offset ?? 0;
  }

  async #find(clientOffset: string): Promise<number | undefined> {
    const { Items: [found] = [] } = await this.#documents.send(
      new QueryCommand({
        TableName: this.#tableName,
        IndexName: "byClientOffset",
        KeyConditionExpression: "room = :room AND clientOffset = :clientOffset",
        ExpressionAttributeValues: { ":room": ROOM, ":clientOffset": clientOffset },
        ConsistentRead: true,
      }),
    );
    return (found as Message | undefined)?.offset;
  }

  async #put(message: Message & { readonly clientOffset: string }): Promise<boolean> {
    try {
      await this.#documents.send(
        new PutCommand({
          TableName: this.#tableName,
          Item: { room: ROOM, ...message },
          ConditionExpression: "attribute_not_exists(room)",
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** On a laptop the table is created by whoever misses it; on AWS by the stack, and a role may not do so. */
  async #withTable<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const isLocal = process.env["AWS_ENDPOINT_URL_DYNAMODB"] !== undefined;
      if (!isLocal || !(error instanceof ResourceNotFoundException)) throw error;
      await this.#createTable();
      return action();
    }
  }

  async #createTable(): Promise<void> {
    try {
      await this.#client.send(new CreateTableCommand({ TableName: this.#tableName, ...tableDefinition }));
    } catch (error) {
      // Another instance was faster.
      if (!(error instanceof ResourceInUseException)) throw error;
    }
    await waitUntilTableExists(
      { client: this.#client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.5 },
      { TableName: this.#tableName },
    );
  }
}
