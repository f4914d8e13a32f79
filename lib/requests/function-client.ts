import type { InvokeCommandInput, InvokeCommandOutput } from "@aws-sdk/client-lambda";
import { readCount, type Environment } from "../env.ts";
import { Command, type AwsClient } from "./aws-client.ts";
import { toServiceError } from "./service-error.ts";
import { createSettings, type SettingsOverrides } from "./environment-settings.ts";
import { createSignedClient, type Protocol, type SignedClientOptions } from "./signed-client.ts";

interface InvokeInput extends Pick<InvokeCommandInput, "FunctionName" | "InvocationType"> {
  readonly FunctionName: string;
  /** JSON. */
  readonly Payload: string;
}

export class InvokeCommand extends Command<
  InvokeInput,
  Pick<InvokeCommandOutput, "FunctionError" | "Payload" | "StatusCode">
> {
  readonly service = "lambda";
  readonly action = "Invoke";
}

type Overrides = SettingsOverrides &
  Partial<Pick<SignedClientOptions, "intercept" | "maxAttempts" | "maxSockets" | "requestTimeoutMs">>;

/** A client that invokes functions, its requests signed by hand. */
export const createFunctionClient = (env: Environment, overrides: Overrides = {}): AwsClient =>
  createSignedClient({
    settings: createSettings(env, overrides),
    protocol: functionProtocol,
    maxAttempts: readCount(env, "AWS_MAX_ATTEMPTS") ?? 3,
    firstWaitMs: 50,
    maxSockets: 50,
    connectionTimeoutMs: 1000,
    requestTimeoutMs: 3000,
    ...overrides,
  });

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const functionProtocol: Protocol = {
  service: "lambda",
  endpointOf: (_, settings) => settings.endpoint("lambda"),
  toRequest(_, input) {
    const { FunctionName, InvocationType, Payload } = input as InvokeInput;
    return {
      method: "POST",
      path: `/2015-03-31/functions/${encodeURIComponent(FunctionName)}/invocations`,
      headers:
        InvocationType === undefined
          ? [["content-type", "application/octet-stream"]]
          : [
              ["content-type", "application/octet-stream"],
              ["x-amz-invocation-type", InvocationType],
            ],
      body: Payload,
    };
  },
  toOutput(answer) {
    const error = answer.header("x-amz-function-error");
    return {
      StatusCode: answer.status,
      Payload: answer.body,
      ...(error === undefined ? {} : { FunctionError: error }),
    };
  },
  toError: toServiceError,
};
