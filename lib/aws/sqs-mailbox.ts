import { randomUUID } from "node:crypto";
import { DeleteMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { laneOf, toGroup } from "../engine/letter.ts";
import type { Mailbox } from "../engine/mailbox.ts";
import { encodeLetter } from "./letters.ts";
import { nameOutages } from "./outage.ts";
import { createSqsSender } from "./sqs-sender.ts";

const MAX_BATCH = 10;

export const createSqsClient = (): SQSClient =>
  nameOutages(
    new SQSClient({
      requestHandler: {
        connectionTimeout: 1_000,
        requestTimeout: 3_000,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true },
        httpsAgent: { keepAlive: true },
      },
    }),
  );

/** The FIFO queue. A message group is a session's lane, or one ack; a retry by the SDK repeats the deduplication id. */
export function createSqsMailbox(client: SQSClient, queueUrl: string): Mailbox {
  const send = createSqsSender(client, queueUrl);
  return {
    send: async (letter) => {
      const unique = randomUUID();
      await send({
        MessageBody: encodeLetter(letter),
        MessageGroupId: toGroup(letter, laneOf(letter), unique),
        MessageDeduplicationId: unique,
      });
    },
    release: async (receipts) => {
      for (let start = 0; start < receipts.length; start += MAX_BATCH) {
        const entries = receipts
          .slice(start, start + MAX_BATCH)
          .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
        // Entries that fail are released by the end of the batch, or expire: early release is only a matter of speed.
        await client.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
      }
    },
  };
}
