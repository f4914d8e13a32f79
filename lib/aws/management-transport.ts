import {
  ApiGatewayManagementApiClient,
  ApiGatewayManagementApiServiceException,
  DeleteConnectionCommand,
  ForbiddenException,
  GoneException,
  LimitExceededException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import type { PostOutcome, Transport } from "../core/transport.ts";
import { AwsError } from "./errors.ts";

/**
 * A client for the `@connections` API of one stage. `callbackUrl` is the execute-api URL, never a custom domain or the
 * host of an event: requests through CloudFront fail their signature.
 *
 * One attempt: the SDK would repeat a request that timed out, and so double a frame.
 */
export const createManagementClient = (callbackUrl: string): ApiGatewayManagementApiClient =>
  new ApiGatewayManagementApiClient({
    endpoint: callbackUrl,
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: 1_000,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 128 },
      httpsAgent: { keepAlive: true, maxSockets: 128 },
    },
  });

export function createManagementTransport(client: ApiGatewayManagementApiClient): Transport {
  return {
    post: async (connectionId, frame) => {
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: frame }));
        return "sent";
      } catch (error) {
        return toOutcome(error);
      }
    },
    close: async (connectionId) => {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
      } catch (error) {
        if (toOutcome(error) === "busy") throw error;
      }
    },
  };
}

function toOutcome(error: unknown): PostOutcome {
  if (error instanceof GoneException) return "gone";
  if (error instanceof LimitExceededException) return "busy";
  if (error instanceof PayloadTooLargeException) return "too-large";
  if (isRefusal(error)) {
    throw new AwsError("aws.post_refused", "expected @connections to take a post, got a refusal", {
      cause: error,
      evidence: { status: error.$metadata.httpStatusCode },
    });
  }
  // A timeout, a reset connection, a 5xx: whether the frame went out is unknown.
  return "unknown";
}

/** 400 for an id that is none, 403 for a missing permission: neither gets better by trying. */
const isRefusal = (error: unknown): error is ApiGatewayManagementApiServiceException =>
  error instanceof ForbiddenException ||
  (error instanceof ApiGatewayManagementApiServiceException && error.$metadata.httpStatusCode === 400);
