import type { FifoQueue, SendResult } from "./fifo-queue.ts";
import { StandardQueue } from "./standard-queue.ts";

export interface QueueDirectory {
  /** By the last segment of its URL; undefined when there is no such queue. */
  find(queueName: string): FifoQueue | undefined;
}

/** An error as SQS answers it: the SDK makes the exception's name from `code`. */
export class SqsError extends Error {
  readonly code: string;
  readonly queryCode: string;

  constructor(code: string, queryCode: string, message: string) {
    super(message);
    this.code = code;
    this.queryCode = queryCode;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const MAX_BODY_BYTES = 1024 * 1024;
/** "can include only #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF": SendMessage, SQS API. */
const ALLOWED_BODY = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u;
const ALLOWED_ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;

/** The form body that API Gateway's integration renders: `Action=SendMessage&MessageGroupId=…&MessageBody=…`. */
export function sendForm(queue: FifoQueue, form: string): SendResult {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of form.trim().split("&")) {
    const at = pair.indexOf("=");
    if (at > 0) fields[decodeFormPart(pair.slice(0, at))] = decodeFormPart(pair.slice(at + 1));
  }
  if (fields["Action"] !== "SendMessage") {
    throw new SqsError(
      "InvalidAction",
      "InvalidAction",
      `expected Action=SendMessage, got ${fields["Action"]}`,
    );
  }
  return sendMessage(queue, fields);
}

/** The SDK's AWS JSON 1.0 protocol; `action` is what follows `AmazonSQS.` in `X-Amz-Target`. */
export function answerSqs(directory: QueueDirectory, action: string, input: Fields): unknown {
  const queue = findQueue(directory, input);
  switch (action) {
    case "SendMessage": {
      const { md5OfBody, messageId, sequenceNumber } = sendMessage(queue, input);
      return { MD5OfMessageBody: md5OfBody, MessageId: messageId, SequenceNumber: sequenceNumber };
    }
    case "SendMessageBatch":
      return answerBatch(input, (entry, Id) => {
        const { md5OfBody, messageId, sequenceNumber } = sendMessage(queue, entry);
        return { Id, MD5OfMessageBody: md5OfBody, MessageId: messageId, SequenceNumber: sequenceNumber };
      });
    case "DeleteMessage":
      queue.delete(readText(input, "ReceiptHandle"));
      return {};
    case "DeleteMessageBatch":
      return answerBatch(input, (entry, Id) => {
        queue.delete(readText(entry, "ReceiptHandle"));
        return { Id };
      });
    case "GetQueueAttributes":
      return {
        Attributes: {
          ApproximateNumberOfMessages: String(queue.size - queue.inFlight),
          ApproximateNumberOfMessagesNotVisible: String(queue.inFlight),
          ...(queue instanceof StandardQueue ? {} : { FifoQueue: "true" }),
        },
      };
    default:
      throw new SqsError(
        "com.amazonaws.sqs#UnsupportedOperation",
        "AWS.SimpleQueueService.UnsupportedOperation",
        `expected an action that the local mailbox knows, got ${action}`,
      );
  }
}

function sendMessage(queue: FifoQueue, fields: Fields): SendResult {
  const body = readText(fields, "MessageBody");
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
    throw invalid(
      `One or more parameters are invalid. Reason: Message must be shorter than ${MAX_BODY_BYTES} bytes.`,
    );
  }
  if (!ALLOWED_BODY.test(body)) {
    throw new SqsError(
      "com.amazonaws.sqs#InvalidMessageContents",
      "InvalidMessageContents",
      "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    );
  }
  if (queue instanceof StandardQueue) return queue.sendDelayed(body, readDelay(fields));
  if (fields["DelaySeconds"] !== undefined) {
    throw invalid(
      `Value ${String(fields["DelaySeconds"])} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.`,
    );
  }
  return queue.send({
    body,
    groupId: readId(fields, "MessageGroupId"),
    deduplicationId: readId(fields, "MessageDeduplicationId"),
  });
}

function answerBatch(input: Fields, act: (entry: Fields, id: string) => unknown): unknown {
  const entries = input["Entries"];
  if (!Array.isArray(entries) || entries.length === 0) {
    throw new SqsError(
      "com.amazonaws.sqs#EmptyBatchRequest",
      "AWS.SimpleQueueService.EmptyBatchRequest",
      "There should be at least one entry in the request.",
    );
  }
  if (entries.length > 10) {
    throw new SqsError(
      "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
      "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  const Successful: unknown[] = [];
  const Failed: unknown[] = [];
  for (const entry of entries as Fields[]) {
    const Id = String(entry["Id"]);
    try {
      Successful.push(act(entry, Id));
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      Failed.push({ Id, Code: error.queryCode, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, Failed };
}

function findQueue(directory: QueueDirectory, input: Fields): FifoQueue {
  const url = typeof input["QueueUrl"] === "string" ? input["QueueUrl"] : "";
  const queue = directory.find(url.slice(url.lastIndexOf("/") + 1));
  if (queue !== undefined) return queue;
  throw new SqsError(
    "com.amazonaws.sqs#QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "The specified queue does not exist.",
  );
}

function readText(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value !== "") return value;
  throw new SqsError(
    "com.amazonaws.sqs#MissingParameter",
    "MissingParameter",
    `The request must contain the parameter ${name}.`,
  );
}

function readDelay({ DelaySeconds = 0 }: Fields): number {
  if (Number.isInteger(DelaySeconds) && Number(DelaySeconds) >= 0 && Number(DelaySeconds) <= 900)
    return Number(DelaySeconds);
  throw invalid(
    `Value ${String(DelaySeconds)} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`,
  );
}

function readId(fields: Fields, name: string): string {
  const value = readText(fields, name);
  if (ALLOWED_ID.test(value)) return value;
  throw invalid(
    `Value ${value} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

const invalid = (message: string): SqsError =>
  new SqsError("com.amazonaws.sqs#InvalidParameterValue", "InvalidParameterValue", message);

const decodeFormPart = (part: string): string => {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    throw invalid(`expected a form-encoded body, got ${JSON.stringify(part.slice(0, 40))}`);
  }
};
