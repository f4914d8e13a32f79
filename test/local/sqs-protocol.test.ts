import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  QueueDoesNotExist,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { attachAwsEndpoint } from "../../infra/local/aws-endpoint.ts";
import { FifoQueue, type QueuedMessage } from "../../infra/local/mailbox/fifo-queue.ts";
import { sendForm } from "../../infra/local/mailbox/sqs-protocol.ts";

const createQueue = () =>
  new FifoQueue(
    { name: "mailbox.fifo", visibilityTimeoutSeconds: 30, retentionSeconds: 120 },
    { nowMs: () => 1_750_000_000_000, onReady: () => {} },
  );

function receive(queue: FifoQueue): QueuedMessage[] {
  const batch: QueuedMessage[] = [];
  for (let group = queue.takeGroup(); group !== undefined; group = queue.takeGroup()) {
    queue.receiveFrom(group, 10, batch);
  }
  return batch;
}

describe("the form that API Gateway sends", () => {
  it("becomes a message of its group", () => {
    const queue = createQueue();

    sendForm(
      queue,
      "Action=SendMessage&MessageGroupId=abc.a&MessageDeduplicationId=x%3D&MessageBody=MESSAGE,abc,P%3D,1,Mw%3D%3D",
    );

    expect(receive(queue)).toMatchObject([
      { body: "MESSAGE,abc,P=,1,Mw==", group: { id: "abc.a" }, deduplicationId: "x=" },
    ]);
  });

  it.each([
    ["Action=Other&MessageGroupId=a&MessageDeduplicationId=b&MessageBody=c", "InvalidAction"],
    ["Action=SendMessage&MessageDeduplicationId=b&MessageBody=c", "MissingParameter"],
    ["Action=SendMessage&MessageGroupId=a&MessageBody=c", "MissingParameter"],
    ["Action=SendMessage&MessageGroupId=a&MessageDeduplicationId=b&MessageBody=", "MissingParameter"],
    [
      "Action=SendMessage&MessageGroupId=a%20b&MessageDeduplicationId=b&MessageBody=c",
      "InvalidParameterValue",
    ],
    [
      "Action=SendMessage&MessageGroupId=a&MessageDeduplicationId=b&MessageBody=%00",
      "InvalidMessageContents",
    ],
    [
      "Action=SendMessage&MessageGroupId=a&MessageDeduplicationId=b&MessageBody=%E0%A4%A",
      "InvalidParameterValue",
    ],
  ])("is refused: %s", (form, queryCode) => {
    const queue = createQueue();

    expect(() => sendForm(queue, form)).toThrow(expect.objectContaining({ queryCode }));
    expect(queue.size).toBe(0);
  });
});

describe("the SDK's client", () => {
  let server: Server;
  let client: SQSClient;
  let queue: FifoQueue;
  const queueUrl = () =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/000000000000/mailbox.fifo`;

  beforeAll(async () => {
    server = createServer();
    attachAwsEndpoint(server, {
      queues: { find: (name) => (name === "mailbox.fifo" ? queue : undefined) },
      invoke: () => undefined,
      invokeLater: () => false,
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    client = new SQSClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
  });
  beforeEach(() => {
    queue = createQueue();
  });
  afterAll(() => {
    client.destroy();
    server.close();
  });

  it("sends a message and accepts the checksum of its body", async () => {
    const sent = await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl(),
        MessageBody: '{"kind":"closed","über":"ü"}',
        MessageGroupId: "abc",
        MessageDeduplicationId: "1",
      }),
    );

    const [message] = receive(queue);
    expect(message).toMatchObject({ body: '{"kind":"closed","über":"ü"}', messageId: sent.MessageId });
  });

  it("sends a batch, entry by entry", async () => {
    const sent = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl(),
        Entries: [
          { Id: "a", MessageBody: "1", MessageGroupId: "g", MessageDeduplicationId: "1" },
          { Id: "b", MessageBody: "\u0000", MessageGroupId: "g", MessageDeduplicationId: "2" },
        ],
      }),
    );

    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["a"]);
    expect(sent.Failed).toMatchObject([{ Id: "b", Code: "InvalidMessageContents", SenderFault: true }]);
  });

  it("deletes messages, and takes an unknown receipt as done", async () => {
    for (const body of ["1", "2", "3"]) queue.send({ body, groupId: "g", deduplicationId: body });
    const [first, second, third] = receive(queue).map(({ receiptHandle }) => receiptHandle);

    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl(), ReceiptHandle: first }));
    const batch = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl(),
        Entries: [
          { Id: "b", ReceiptHandle: second },
          { Id: "c", ReceiptHandle: third },
          { Id: "x", ReceiptHandle: "unknown" },
        ],
      }),
    );

    expect(batch.Successful?.map(({ Id }) => Id)).toEqual(["b", "c", "x"]);
    expect(queue.size).toBe(0);
  });

  it("learns that a queue does not exist", async () => {
    const send = client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl().replace("mailbox", "other"),
        MessageBody: "1",
        MessageGroupId: "g",
        MessageDeduplicationId: "1",
      }),
    );

    await expect(send).rejects.toBeInstanceOf(QueueDoesNotExist);
  });
});
