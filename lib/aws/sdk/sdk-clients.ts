import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { InvokeCommand, LambdaClient, type LambdaClientConfig } from "@aws-sdk/client-lambda";
import {
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import type { Transport } from "../../engine/transport.ts";
import type { AwsClient, Command } from "../../requests/aws-client.ts";
import type { PostRules } from "../management-transport.ts";

/*
 * The reference: the same requests by the SDK's clients. What is signed by hand is held to these. Loaded late, and with
 * no module of ours that is loaded early: a bundle would evaluate such a one late too, and read it twice.
 */

export const createSdkQueueClient = (overrides: SQSClientConfig = {}): AwsClient =>
  fromSdkClient(
    new SQSClient({
      requestHandler: {
        connectionTimeout: 1_000,
        requestTimeout: 3_000,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true },
        httpsAgent: { keepAlive: true },
      },
      ...overrides,
    }),
    {
      SendMessage: SendMessageCommand,
      SendMessageBatch: SendMessageBatchCommand,
      DeleteMessageBatch: DeleteMessageBatchCommand,
    },
  );

/** @param limits where they are others than those of letters */
export const createSdkFunctionClient = ({
  requestTimeoutMs = 3_000,
  maxSockets = 50,
  ...overrides
}: FunctionLimits & LambdaClientConfig = {}): AwsClient => {
  const agent = { keepAlive: true, maxSockets };
  return fromSdkClient(
    new LambdaClient({
      requestHandler: {
        connectionTimeout: 1_000,
        requestTimeout: requestTimeoutMs,
        throwOnRequestTimeout: true,
        httpAgent: agent,
        httpsAgent: agent,
      },
      ...overrides,
    }),
    { Invoke: InvokeCommand },
  );
};

interface FunctionLimits {
  readonly requestTimeoutMs?: number;
  readonly maxSockets?: number;
}

interface SdkClient {
  readonly config: { readonly region: () => Promise<string> };
  send(command: never): Promise<object>;
  destroy(): void;
}

type SdkCommands = Readonly<Record<string, new (input: never) => object>>;

/** A client of the SDK, and its commands by the names that the API has for them. */
function fromSdkClient(client: SdkClient, commands: SdkCommands): AwsClient {
  return {
    send: <Input extends object, Output extends object>({ action, input }: Command<Input, Output>) => {
      const Request = commands[action];
      if (Request === undefined) throw new Error(`expected one of its commands, got ${action}`);
      return client.send(new Request(input as never) as never) as Promise<unknown> as Promise<Output>;
    },
    region: () => client.config.region(),
    destroy: () => client.destroy(),
  };
}

/**
 * A client for the `@connections` API of one stage. One attempt: the SDK would repeat a request that timed out, and so
 * double a frame.
 */
export function openSdkTransport(callbackUrl: string, rules: PostRules): Transport {
  const agent = { keepAlive: true, maxSockets: rules.maxSockets };
  const client = new ApiGatewayManagementApiClient({
    // Since 3.930 the SDK joins a path to an endpoint as it is: findings/connections-endpoint-slash.sh.
    endpoint: callbackUrl.replace(/\/$/, ""),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 1_000,
      requestTimeout: rules.timeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  return {
    post: async (connectionId, frame) => {
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: frame }));
        return "sent";
      } catch (error) {
        return rules.toOutcome(statusOf(error), error);
      }
    },
    close: async (connectionId) => {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
        return "closed";
      } catch (error) {
        if (statusOf(error) === 410) return "gone";
        throw await rules.toCloseFailure(error, callbackUrl, () => client.config.region());
      }
    },
  };
}

const statusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
