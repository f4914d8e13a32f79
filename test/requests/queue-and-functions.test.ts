import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createSdkFunctionClient, createSdkQueueClient } from "../../lib/aws/sdk/sdk-clients.ts";
import type { AwsClient, Command } from "../../lib/requests/aws-client.ts";
import { createFunctionClient, InvokeCommand } from "../../lib/requests/function-client.ts";
import {
  createQueueClient,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "../../lib/requests/queue-client.ts";
import { localCredentials } from "../support/dynalite.ts";
import {
  startRecordingService,
  type RecordingService,
  type ServiceAnswer,
} from "../support/recording-service.ts";

/** Requests signed by hand, beside the SDK's. */
let service: RecordingService;
let queues: readonly [AwsClient, AwsClient];
let functions: readonly [AwsClient, AwsClient];
let QueueUrl: string;

beforeAll(async () => {
  // The SDK says of every queue that is not at AWS that it is not.
  vi.spyOn(console, "warn").mockReturnValue();
  service = await startRecordingService();
  QueueUrl = `${service.endpoint}/123456789012/mailbox.fifo`;
  const env = { AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL_LAMBDA: service.endpoint };
  const config = { credentials: localCredentials, maxAttempts: 1 };
  queues = [createQueueClient(env, config), createSdkQueueClient({ ...config, region: "eu-west-1" })];
  functions = [
    createFunctionClient(env, config),
    createSdkFunctionClient({ ...config, region: "eu-west-1", endpoint: service.endpoint }),
  ];
});
afterAll(async () => {
  vi.restoreAllMocks();
  for (const client of [...queues, ...functions]) client.destroy();
  await service.stop();
});

/** What came of it by each, without what only one of them tells. */
async function both(clients: readonly AwsClient[], command: Command<object, object>, answer: ServiceAnswer) {
  service.answerBy(() => answer);
  return Promise.all(
    clients.map(async (client) => {
      try {
        const { $metadata: _, ...output } = (await client.send(command)) as { $metadata?: unknown };
        return { output };
      } catch (error) {
        const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
        return { name, message, status: $metadata?.httpStatusCode };
      }
    }),
  );
}

const seen = (headers: readonly string[]) =>
  service.seen.map((request) => ({
    method: request.method,
    url: request.url,
    body: request.body.startsWith("{") ? (JSON.parse(request.body) as unknown) : request.body,
    headers: Object.fromEntries(headers.map((name) => [name, request.headers[name]])),
    scope: /Credential=[^,]+/.exec(request.headers.authorization ?? "")?.[0].replace(/\d{8}/, "day"),
  }));

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

describe("a message", () => {
  const headers = ["content-type", "content-length", "x-amz-target", "x-amzn-query-mode"];
  const send = (body: string) =>
    new SendMessageCommand({
      QueueUrl,
      MessageBody: body,
      MessageGroupId: "group",
      MessageDeduplicationId: "once",
    });

  it.each(["CONNECT,a,b,1,", "hé 🦄 \u2028", ""])(
    "of %j goes to the queue as the SDK sends it",
    async (body) => {
      const answer = { body: { MessageId: "m", MD5OfMessageBody: md5(body) } };

      const [own, reference] = await both(queues, send(body), answer);

      expect(own).toEqual(reference);
      expect(own).toMatchObject({ output: { MessageId: "m" } });
      expect(seen(headers)[0]).toEqual(seen(headers)[1]);
    },
  );

  it("is no success to either where the queue has got another one", async () => {
    const answer = { body: { MessageId: "m", MD5OfMessageBody: md5("other") } };

    const outcomes = await both(queues, send("body"), answer);

    expect(outcomes.map((outcome) => "output" in outcome)).toEqual([false, false]);
  });

  it.each([
    ["as they were sent", "second", true],
    ["not as they were sent", "another", false],
  ])("comes with others in one request, and the queue has them %s", async (_, got, isSuccess) => {
    const Entries = ["first", "second", "third"].map((MessageBody, index) => ({
      Id: `${index}`,
      MessageBody,
    }));
    const answer = {
      body: {
        Successful: [
          { Id: "0", MessageId: "m", MD5OfMessageBody: md5("first") },
          { Id: "1", MessageId: "n", MD5OfMessageBody: md5(got) },
        ],
        Failed: [{ Id: "2", Code: "InternalError", SenderFault: false }],
      },
    };

    const outcomes = await both(queues, new SendMessageBatchCommand({ QueueUrl, Entries }), answer);

    expect(outcomes.map((outcome) => "output" in outcome)).toEqual([isSuccess, isSuccess]);
    if (isSuccess) expect(outcomes[0]).toEqual(outcomes[1]);
    expect(seen(headers)[0]).toEqual(seen(headers)[1]);
  });

  it("is delayed, and deleted in batches, as by the SDK", async () => {
    const alarm = new SendMessageCommand({ QueueUrl, MessageBody: "a", DelaySeconds: 900 });
    await both(queues, alarm, { body: { MD5OfMessageBody: md5("a") } });
    expect(seen(headers)[0]).toEqual(seen(headers)[1]);

    const batch = new DeleteMessageBatchCommand({ QueueUrl, Entries: [{ Id: "0", ReceiptHandle: "r==" }] });
    const failed = { Id: "0", Code: "ReceiptHandleIsInvalid", SenderFault: true };
    const [own, reference] = await both(queues, batch, { body: { Successful: [], Failed: [failed] } });
    expect(own).toEqual(reference);
    expect(seen(headers)[0]).toEqual(seen(headers)[1]);
  });

  it.each<[string, string, string | undefined]>([
    ["no queue", "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender"],
    ["throttling", "com.amazonaws.sqs#RequestThrottled", "RequestThrottled;Sender"],
    ["no permission", "com.amazon.coral.service#AccessDeniedException", "AccessDenied;Sender"],
    ["a wrong parameter", "com.amazonaws.sqs#InvalidParameterValueException", "InvalidParameterValue;Sender"],
    ["a wrong key", "com.amazon.coral.service#UnrecognizedClientException", undefined],
  ])("is refused for %s under the SDK's name of it", async (_, type, older) => {
    const answer = {
      status: 400,
      body: { __type: type, message: "no" },
      ...(older === undefined ? {} : { headers: { "x-amzn-query-error": older } }),
    };

    const [own, reference] = await both(queues, send("a"), answer);

    expect(own).toEqual(reference);
  });
});

describe("an invocation", () => {
  const headers = ["content-type", "content-length", "x-amz-invocation-type"];

  it.each(["inbox", "arn:aws:lambda:eu-west-1:123456789012:function:app-dev-inbox:live"])(
    "of %s is the SDK's",
    async (FunctionName) => {
      const event = new InvokeCommand({ FunctionName, InvocationType: "Event", Payload: '{"é":1}' });

      const [own] = await both(functions, event, { status: 202, body: "" });

      expect(own).toMatchObject({ output: { StatusCode: 202 } });
      expect(seen(headers)[0]).toEqual(seen(headers)[1]);
    },
  );

  it("has the function's answer, and whether it failed", async () => {
    const command = new InvokeCommand({ FunctionName: "inbox", Payload: "{}" });
    const answer = {
      headers: { "x-amz-function-error": "Unhandled", "x-amz-executed-version": "$LATEST" },
      body: { errorMessage: "no" },
    };

    const outcomes = await both(functions, command, answer);

    const told = outcomes.map((outcome) => {
      const { StatusCode, FunctionError, Payload } = (outcome as { output: InvokeCommand["output"] }).output;
      return { StatusCode, FunctionError, payload: Buffer.from(Payload ?? []).toString() };
    });
    expect(told[0]).toEqual({
      StatusCode: 200,
      FunctionError: "Unhandled",
      payload: '{"errorMessage":"no"}',
    });
    expect(told[1]).toEqual(told[0]);
    expect(seen(headers)[0]).toEqual(seen(headers)[1]);
  });

  it.each([
    [404, "ResourceNotFoundException", { Type: "User", Message: "Function not found" }],
    [
      429,
      "TooManyRequestsException",
      { Reason: "ReservedFunctionConcurrentInvocationLimitExceeded", message: "Rate Exceeded." },
    ],
    [403, "AccessDeniedException", { Message: "not authorized" }],
    [413, "RequestTooLargeException", { message: "too large" }],
  ])("is refused with %i under the SDK's name of it: %s", async (status, name, body) => {
    const command = new InvokeCommand({ FunctionName: "inbox", Payload: "{}" });

    const [own, reference] = await both(functions, command, {
      status,
      headers: { "x-amzn-errortype": name },
      body,
    });

    expect(own).toMatchObject({ name, status });
    expect(own).toEqual(reference);
  });
});
