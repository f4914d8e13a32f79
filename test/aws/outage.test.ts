import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AwsError } from "../../lib/aws/errors.ts";
import { nameOutages } from "../../lib/aws/outage.ts";
import { createSdkFunctionClient, createSdkQueueClient } from "../../lib/aws/sdk/sdk-clients.ts";
import type { AwsClient } from "../../lib/requests/aws-client.ts";
import { createFunctionClient, InvokeCommand } from "../../lib/requests/function-client.ts";
import {
  createQueueClient,
  DeleteMessageBatchCommand,
  SendMessageCommand,
} from "../../lib/requests/queue-client.ts";
import { BatchWriteCommand, GetCommand } from "../../lib/state/dynamo/commands.ts";
import { createDocumentClient } from "../../lib/state/dynamo/document-client.ts";
import { createSdkTableClient } from "../../lib/state/dynamo/sdk-table-client.ts";
import { createTableClient } from "../../lib/state/dynamo/table-client.ts";

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

let answer: Answer;
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0", ...answer.headers });
  response.end(JSON.stringify(answer.body));
});
let endpoint = "";

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  answer = { status: 200, body: {} };
});

interface Overrides {
  readonly endpoint?: string;
  readonly credentials?: () => Promise<never>;
}

const common = {
  credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  maxAttempts: 1,
};
const environment = (url = endpoint) => ({
  AWS_REGION: "eu-west-1",
  AWS_ENDPOINT_URL_DYNAMODB: url,
  AWS_ENDPOINT_URL_LAMBDA: url,
});

/** Each kind of request, signed by hand and by the SDK. */
const kinds = {
  signed: {
    table: ({ endpoint: url, ...own }: Overrides): AwsClient =>
      createTableClient(environment(url), { ...common, ...own }),
    queue: () => createQueueClient(environment(), common),
    functions: () => createFunctionClient(environment(), common),
  },
  sdk: {
    table: ({ endpoint: url, ...own }: Overrides): AwsClient =>
      createSdkTableClient(createDocumentClient(environment(url), { ...common, ...own })),
    queue: () => createSdkQueueClient({ ...common, region: "eu-west-1" }),
    functions: () => createSdkFunctionClient({ ...common, region: "eu-west-1", endpoint }),
  },
};

const failureOf = async (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => undefined,
    (error: unknown) => error,
  );

const dynamo = (name: string, message: string): Answer => ({
  status: 400,
  body: { __type: `com.amazon.coral.service#${name}`, message },
});

describe.each(Object.entries(kinds))("by requests of kind %s", (_kind, clients) => {
  const getItem = (overrides: Overrides = {}) =>
    failureOf(
      nameOutages(clients.table(overrides)).send(
        new GetCommand({ TableName: "chat-dev", Key: { pk: "payload" } }),
      ),
    );

  describe("an answer of DynamoDB", () => {
    it.each<[code: string, name: string, message: string]>([
      ["aws.table_missing", "ResourceNotFoundException", "Requested resource not found"],
      [
        "aws.access_denied",
        "AccessDeniedException",
        "User: arn:… is not authorized to perform: dynamodb:GetItem",
      ],
      [
        "aws.bad_credentials",
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
      ],
      ["aws.bad_credentials", "InvalidSignatureException", "Credential should be scoped to a valid region."],
      [
        "aws.bad_credentials",
        "ExpiredTokenException",
        "The security token included in the request is expired",
      ],
      [
        "aws.bad_credentials",
        "MissingAuthenticationTokenException",
        "Request is missing Authentication Token",
      ],
      ["aws.bad_credentials", "IncompleteSignatureException", "Authorization header requires 'Signature'"],
    ])("is %s when it is %s", async (code, name, message) => {
      answer = dynamo(name, message);

      const error = await getItem();

      expect(error).toBeInstanceOf(AwsError);
      expect(error).toMatchObject({
        code,
        evidence: { action: "dynamodb:GetItem", resource: "table chat-dev", region: "eu-west-1" },
        cause: { name },
      });
      expect((error as Error).message).toContain(
        `expected table chat-dev (eu-west-1) to take dynamodb:GetItem, got ${name}: ${message}; `,
      );
    });

    it.each([
      ["aws.hot_key", "ThrottlingException", "TableWriteKeyRangeThroughputExceeded"],
      ["aws.hot_key", "ProvisionedThroughputExceededException", "TableReadKeyRangeThroughputExceeded"],
      ["aws.account_limit", "ThrottlingException", "TableReadAccountLimitExceeded"],
      ["aws.account_limit", "RequestLimitExceeded", "TableWriteAccountLimitExceeded"],
      ["aws.table_limit", "ThrottlingException", "TableWriteMaxOnDemandThroughputExceeded"],
      ["aws.table_limit", "ProvisionedThroughputExceededException", "TableReadProvisionedThroughputExceeded"],
    ])("is %s when it is %s for %s", async (code, name, reason) => {
      const { status, body } = dynamo(name, "Throughput exceeds the current capacity of your table");
      const resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/chat-dev";
      const field = name === "ThrottlingException" ? "throttlingReasons" : "ThrottlingReasons";
      answer = { status, body: { ...(body as object), [field]: [{ reason, resource }] } };

      const error = await getItem();

      expect(error).toMatchObject({ code, cause: { name }, evidence: { reasons: [reason] } });
    });

    it("stays what it is when it is about the request, not the table", async () => {
      answer = dynamo("ConditionalCheckFailedException", "The conditional request failed");

      expect(await getItem()).toMatchObject({ name: "ConditionalCheckFailedException" });
    });

    it.each(["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"])(
      "stays what it is when it passes by itself: %s",
      async (name) => {
        answer = dynamo(name, "later");

        expect(await getItem()).toMatchObject({ name });
      },
    );

    it("names the table of a command, and of a batch", async () => {
      answer = dynamo("ResourceNotFoundException", "Requested resource not found");
      const client = nameOutages(clients.table({}));

      const errors = [
        await failureOf(client.send(new GetCommand({ TableName: "one", Key: { pk: "payload" } }))),
        await failureOf(
          client.send(
            new BatchWriteCommand({ RequestItems: { two: [{ DeleteRequest: { Key: { pk: "payload" } } }] } }),
          ),
        ),
      ];

      expect(errors).toMatchObject([
        { code: "aws.table_missing", evidence: { resource: "table one", action: "dynamodb:GetItem" } },
        { code: "aws.table_missing", evidence: { resource: "table two", action: "dynamodb:BatchWriteItem" } },
      ]);
    });

    it("is told without the token that AWS repeats when a signature is wrong", async () => {
      answer = dynamo(
        "InvalidSignatureException",
        "The request signature we calculated does not match.\n\nThe Canonical String should have been\nx-amz-security-token:SECRET",
      );

      const error = (await getItem()) as AwsError;

      expect(error.message).toContain("does not match.; does the region");
      expect(`${error.message} ${error.stack} ${JSON.stringify(error.evidence)}`).not.toContain("SECRET");
    });
  });

  describe("no answer", () => {
    it("is aws.unreachable where nobody listens", async () => {
      expect(await getItem({ endpoint: "http://127.0.0.1:1" })).toMatchObject({ code: "aws.unreachable" });
    });

    it("is aws.unreachable where there is no such host", async () => {
      expect(await getItem({ endpoint: "http://table.invalid" })).toMatchObject({ code: "aws.unreachable" });
    });

    it("is aws.bad_credentials without credentials", async () => {
      const credentials = () =>
        Promise.reject(
          Object.assign(new Error("Could not load credentials"), { name: "CredentialsProviderError" }),
        );

      expect(await getItem({ credentials })).toMatchObject({ code: "aws.bad_credentials" });
    });
  });

  describe("an answer of SQS", () => {
    let QueueUrl = "";
    beforeAll(() => void (QueueUrl = `${endpoint}/1/chat-dev.fifo`));
    const client = () => nameOutages(clients.queue());
    const missing: Answer = {
      status: 400,
      body: { __type: "com.amazonaws.sqs#QueueDoesNotExist", message: "The specified queue does not exist." },
      headers: { "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender" },
    };

    it("is aws.queue_missing when there is no such queue", async () => {
      answer = missing;

      const error = await failureOf(
        client().send(new SendMessageCommand({ QueueUrl, MessageBody: "payload" })),
      );

      expect(error).toMatchObject({
        code: "aws.queue_missing",
        evidence: { action: "sqs:SendMessage", resource: `queue ${QueueUrl}` },
      });
      expect((error as Error).message).not.toContain("payload");
    });

    it("names the permission that a batch needs", async () => {
      answer = {
        status: 403,
        body: { __type: "com.amazon.coral.service#AccessDeniedException", message: "no" },
      };

      const error = await failureOf(client().send(new DeleteMessageBatchCommand({ QueueUrl, Entries: [] })));

      expect(error).toMatchObject({ code: "aws.access_denied", evidence: { action: "sqs:DeleteMessage" } });
    });
  });

  describe("an answer of Lambda", () => {
    it("is aws.function_missing when there is no such function", async () => {
      answer = {
        status: 404,
        body: { Type: "User", Message: "Function not found: chat-dev-inbox" },
        headers: { "x-amzn-errortype": "ResourceNotFoundException" },
      };
      const client = nameOutages(clients.functions());

      const error = await failureOf(
        client.send(new InvokeCommand({ FunctionName: "chat-dev-inbox", Payload: "{}" })),
      );

      expect(error).toMatchObject({
        code: "aws.function_missing",
        evidence: { action: "lambda:InvokeFunction", resource: "function chat-dev-inbox" },
      });
    });
  });
});
