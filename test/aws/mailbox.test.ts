import { describe, expect, it } from "vitest";
import { createLambdaMailbox } from "../../lib/aws/lambda-mailbox.ts";
import { parseLetter } from "../../lib/aws/letters.ts";
import { createSqsMailbox } from "../../lib/aws/sqs-mailbox.ts";
import type { Letter } from "../../lib/engine/letter.ts";
import { toConnectionId, toSid } from "../../lib/ids.ts";
import type { AwsClient } from "../../lib/requests/aws-client.ts";
import { InvokeCommand } from "../../lib/requests/function-client.ts";
import {
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "../../lib/requests/queue-client.ts";
import { sid } from "./events.ts";

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/123456789012/nonsticky-dev.fifo";
const connectionId = toConnectionId("PJqB0fHsqRcCHlw=");
const closed: Letter = { kind: "closed", sid: toSid(sid), atMs: 1, reason: "ping timeout" };
const reap: Letter = { kind: "reap", sid: toSid(sid), atMs: 1, pingIntervalMs: 2, lastPongAtMs: 3 };

/** A client that keeps the inputs of its commands and sends none. */
function recording() {
  const commands: { readonly kind: unknown; readonly input: Record<string, unknown> }[] = [];
  const client = {
    send: (command: { input: Record<string, unknown> }) => {
      commands.push({ kind: command.constructor, input: command.input });
      return Promise.resolve({});
    },
  };
  return { client: client as unknown as AwsClient, commands };
}

describe("the FIFO mailbox", () => {
  it.each([
    ["the session's own group", closed, sid],
    ["the group of signs of life", reap, `${sid}.a`],
  ])("sends a letter into %s", async (_, letter, group) => {
    const { client, commands } = recording();

    await createSqsMailbox(client, queueUrl).send(letter);

    expect(commands).toMatchObject([
      { kind: SendMessageCommand, input: { QueueUrl: queueUrl, MessageGroupId: group } },
    ]);
    expect(parseLetter(String(commands[0]!.input["MessageBody"]))).toEqual(letter);
  });

  it("sends two equal letters as two: never deduplicated by content", async () => {
    const { client, commands } = recording();
    const mailbox = createSqsMailbox(client, queueUrl);

    await mailbox.send(closed);
    await mailbox.send(closed);

    const [first, second] = commands.map(({ input }) => input["MessageDeduplicationId"]);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).not.toBe(first);
  });

  it("sends in one request what is sent at one moment, ten at most", async () => {
    const { client, commands } = recording();
    const mailbox = createSqsMailbox(client, queueUrl);
    const letters = Array.from({ length: 21 }, (_, atMs): Letter => ({ ...closed, atMs }));

    await Promise.all(letters.map((letter) => mailbox.send(letter)));

    expect(commands.map(({ kind }) => kind)).toEqual([
      SendMessageBatchCommand,
      SendMessageBatchCommand,
      SendMessageCommand,
    ]);
    const bodies = commands.flatMap(({ input: { Entries, MessageBody } }) =>
      Entries === undefined
        ? [MessageBody]
        : (Entries as { MessageBody: string }[]).map((entry) => entry.MessageBody),
    );
    expect(bodies.map((body) => parseLetter(String(body)))).toEqual(letters);
  });

  it("sends by itself what a request had no place for, or that was refused in one", async () => {
    const { client, commands } = recording();
    const mailbox = createSqsMailbox(client, queueUrl);
    const { send } = client as unknown as { send: (command: object) => Promise<object> };
    const large = "x".repeat(200_000);
    Object.assign(client, {
      send: async (command: object) => {
        await send(command);
        if (command instanceof SendMessageBatchCommand) return { Failed: [{ Id: "1" }] };
        if (String((command as SendMessageCommand).input.MessageBody).includes(large)) return {};
        throw new Error("away");
      },
    });

    const outcomes = await Promise.allSettled(
      [large, large, "b", "c"].map((text) =>
        mailbox.send({ kind: "frame", sid: toSid(sid), connectionId, atMs: 1, text }),
      ),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    const sizes = commands.map(({ input }) => (input["Entries"] as unknown[] | undefined)?.length ?? 1);
    expect(sizes).toEqual([1, 3, 1]);
    const ids = commands.flatMap(({ input: { Entries, MessageDeduplicationId } }) =>
      Entries === undefined
        ? [MessageDeduplicationId]
        : (Entries as { MessageDeduplicationId: string }[]).map((entry) => entry.MessageDeduplicationId),
    );
    // The same letter still, to a queue that may have got it after all.
    expect(ids[4]).toBe(ids[2]);
  });

  it("releases ten at a time", async () => {
    const { client, commands } = recording();
    const receipts = Array.from({ length: 12 }, (_, index) => `receipt ${index}`);

    await createSqsMailbox(client, queueUrl).release(receipts);

    expect(commands.map(({ kind }) => kind)).toEqual([DeleteMessageBatchCommand, DeleteMessageBatchCommand]);
    expect(commands.map(({ input }) => input["Entries"])).toEqual([
      receipts.slice(0, 10).map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle })),
      receipts.slice(10).map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle })),
    ]);
  });

  it("makes no request to release nothing", async () => {
    const { client, commands } = recording();

    await createSqsMailbox(client, queueUrl).release([]);

    expect(commands).toEqual([]);
  });
});

describe("the mailbox of direct ordering", () => {
  it("invokes the inbox asynchronously, with the letter as payload", async () => {
    const { client, commands } = recording();

    await createLambdaMailbox(client, "nonsticky-dev-inbox").send(closed);

    expect(commands).toEqual([
      {
        kind: InvokeCommand,
        input: {
          FunctionName: "nonsticky-dev-inbox",
          InvocationType: "Event",
          Payload: `{"kind":"closed","sid":"${sid}","atMs":1,"reason":"ping timeout"}`,
        },
      },
    ]);
  });
});
