import { createHash } from "node:crypto";
import type {
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchCommandOutput,
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
  SendMessageCommandInput,
  SendMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { readCount, type Environment } from "../env.ts";
import { Command, type AwsClient } from "./aws-client.ts";
import type { HttpAnswer } from "./answer-reader.ts";
import { sanitize, toServiceError, type ServiceError } from "./service-error.ts";
import { createSettings, type SettingsOverrides } from "./environment-settings.ts";
import { createSignedClient, type Protocol, type SignedClientOptions } from "./signed-client.ts";

abstract class QueueCommand<Input extends object, Output extends object> extends Command<
  Input,
  Omit<Output, "$metadata">
> {
  readonly service = "sqs";
}

export class SendMessageCommand extends QueueCommand<SendMessageCommandInput, SendMessageCommandOutput> {
  readonly action = "SendMessage";
}

export class SendMessageBatchCommand extends QueueCommand<
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput
> {
  readonly action = "SendMessageBatch";
}

export class DeleteMessageBatchCommand extends QueueCommand<
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchCommandOutput
> {
  readonly action = "DeleteMessageBatch";
}

type Overrides = SettingsOverrides & Partial<Pick<SignedClientOptions, "intercept" | "maxAttempts">>;

/** A client of SQS, its requests signed by hand. They go where the queue's URL says, as the SDK's do. */
export const createQueueClient = (env: Environment, overrides: Overrides = {}): AwsClient =>
  createSignedClient({
    settings: createSettings(env, overrides),
    protocol: queueProtocol,
    maxAttempts: readCount(env, "AWS_MAX_ATTEMPTS") ?? 3,
    firstWaitMs: 50,
    maxSockets: 50,
    connectionTimeoutMs: 1000,
    requestTimeoutMs: 3000,
    ...overrides,
  });

/**
 * AWS JSON 1.0, in the mode in which errors have the names of the older protocol beside their own.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html
 */
const queueProtocol: Protocol = {
  service: "sqs",
  endpointOf: (input) => new URL((input as { QueueUrl: string }).QueueUrl).origin,
  toRequest: (action, input) => ({
    method: "POST",
    path: "/",
    headers: [
      ["content-type", "application/x-amz-json-1.0"],
      ["x-amz-target", `AmazonSQS.${action}`],
      ["x-amzn-query-mode", "true"],
    ],
    body: JSON.stringify(input),
  }),
  toOutput(answer, input) {
    const output = JSON.parse(answer.body.toString() || "{}") as Sent & {
      readonly Successful?: readonly Sent[];
    };
    const { MessageBody, Entries } = input as Partial<Message> & { readonly Entries?: readonly Message[] };
    if (MessageBody !== undefined) requireSame(output, MessageBody);
    const bodies = new Map(Entries?.map((entry) => [entry.Id, entry.MessageBody]));
    for (const sent of output.Successful ?? []) {
      const body = bodies.get(sent.Id);
      if (body !== undefined) requireSame(sent, body);
    }
    return output;
  },
  toError: toQueueError,
};

interface Message {
  readonly Id?: string;
  readonly MessageBody?: string;
}

interface Sent {
  readonly Id?: string;
  readonly MD5OfMessageBody?: string;
}

function requireSame({ MD5OfMessageBody }: Sent, body: string): void {
  if (MD5OfMessageBody !== createHash("md5").update(body).digest("hex"))
    throw new Error("expected the queue to have a message as it was sent, got another checksum");
}

/** The errors of these actions that have a name of their own in the SDK; others have that of the older protocol. */
const named =
  /^(QueueDoesNotExist|RequestThrottled|InvalidMessageContents|UnsupportedOperation|InvalidAddress|InvalidSecurity|Kms\w+|BatchEntryIdsNotDistinct|EmptyBatchRequest|InvalidBatchEntryId|TooManyEntriesInBatchRequest)$/;

function toQueueError(answer: HttpAnswer): ServiceError {
  const error = toServiceError(answer);
  const older = sanitize(answer.header("x-amzn-query-error")?.split(";")[0]);
  if (older !== undefined && !named.test(error.name)) error.name = older;
  return error;
}
