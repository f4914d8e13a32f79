import { setImmediate } from "node:timers";
import type { SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { gather, type Done } from "../gather.ts";
import type { AwsClient } from "../requests/aws-client.ts";
import { SendMessageBatchCommand, SendMessageCommand } from "../requests/queue-client.ts";

/** "The maximum is 10 messages": SendMessageBatch, SQS API. */
const MAX_BATCH = 10;
/** SQS takes 1 MiB a request; what is larger than a part of it gains nothing by company. */
const MAX_BATCH_BYTES = 256 * 1024;

type Message = Omit<SendMessageBatchRequestEntry, "Id">;

/**
 * Sends to a queue, in one request what is sent at one moment: the letters of timers that are due together, the alarms
 * that a turn sets. Resolves when the message is durable.
 */
export function createSqsSender(client: AwsClient, queueUrl: string): (message: Message) => Promise<void> {
  const sendOne = async (message: Message): Promise<void> => {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, ...message }));
  };
  const sendAll = async (messages: readonly Message[]): Promise<readonly Done<void>[]> => {
    const [first] = messages;
    if (messages.length === 1 && first !== undefined) return Promise.allSettled([sendOne(first)]);
    const Entries = messages.map((message, index) => ({ Id: String(index), ...message }));
    const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    const failed = new Set(Failed?.map(({ Id }) => Id));
    // Of these no client tries any again. By itself each is, and rejects with an error of its own.
    return Promise.allSettled(
      messages.map(async (message, index) => {
        if (failed.has(String(index))) await sendOne(message);
      }),
    );
  };
  return gather(
    {
      most: MAX_BATCH,
      mostWeight: MAX_BATCH_BYTES,
      weigh: ({ MessageBody = "" }) => Buffer.byteLength(MessageBody),
      soon: (flush) => void setImmediate(flush),
    },
    sendAll,
  );
}
