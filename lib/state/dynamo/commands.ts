import type {
  BatchGetCommandInput,
  BatchGetCommandOutput,
  BatchWriteCommandInput,
  BatchWriteCommandOutput,
  DeleteCommandInput,
  DeleteCommandOutput,
  GetCommandInput,
  GetCommandOutput,
  PutCommandInput,
  PutCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  TransactWriteCommandInput,
  TransactWriteCommandOutput,
  UpdateCommandInput,
  UpdateCommandOutput,
} from "@aws-sdk/lib-dynamodb";
import { Command } from "../../requests/aws-client.ts";

/*
 * What the store asks of DynamoDB. Parameters, answers and names are those of `@aws-sdk/lib-dynamodb`, of which nothing
 * is loaded: items are plain values.
 */

type Answer<Output> = Omit<Output, "$metadata">;

abstract class TableCommand<Input extends object, Output extends object> extends Command<
  Input,
  Answer<Output>
> {
  readonly service = "dynamodb";
}

export class GetCommand extends TableCommand<GetCommandInput, GetCommandOutput> {
  readonly action = "GetItem";
}

export class BatchGetCommand extends TableCommand<BatchGetCommandInput, BatchGetCommandOutput> {
  readonly action = "BatchGetItem";
}

export class QueryCommand extends TableCommand<QueryCommandInput, QueryCommandOutput> {
  readonly action = "Query";
}

export class PutCommand extends TableCommand<PutCommandInput, PutCommandOutput> {
  readonly action = "PutItem";
}

export class UpdateCommand extends TableCommand<UpdateCommandInput, UpdateCommandOutput> {
  readonly action = "UpdateItem";
}

export class DeleteCommand extends TableCommand<DeleteCommandInput, DeleteCommandOutput> {
  readonly action = "DeleteItem";
}

export class BatchWriteCommand extends TableCommand<BatchWriteCommandInput, BatchWriteCommandOutput> {
  readonly action = "BatchWriteItem";
}

export class TransactWriteCommand extends TableCommand<
  TransactWriteCommandInput,
  TransactWriteCommandOutput
> {
  readonly action = "TransactWriteItems";
}
