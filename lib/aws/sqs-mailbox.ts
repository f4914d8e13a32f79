import { randomUUID } from "node:crypto";
import { laneOf, toGroup } from "../engine/letter.ts";
import type { Mailbox } from "../engine/mailbox.ts";
import type { AwsClient } from "../requests/aws-client.ts";
import { DeleteMessageBatchCommand } from "../requests/queue-client.ts";
import { encodeLetter } from "./letters.ts";
import { createSqsSender } from "./sqs-sender.ts";

const MAX_BATCH = 10;

/** The FIFO queue. A message group is a session's lane, or one ack; a repeated request has the deduplication id. */
export function createSqsMailbox(client: AwsClient, queueUrl: string): Mailbox {
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
