import {
  ApiGatewayManagementApiClient,
  ApiGatewayManagementApiServiceException,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import type { PostOutcome, Transport } from "../engine/transport.ts";
import { AwsError } from "./errors.ts";
import { toOutage } from "./outage.ts";
import { createSignedPost, type SignedPost } from "./signed-post.ts";

const POST_TIMEOUT_MS = 5_000;
const MAX_SOCKETS = 128;
/** Of posts and closes alike. */
const POST_ACTION = "execute-api:ManageConnections";

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
      requestTimeout: POST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  });

/** The reference: every call through the SDK. `createTransport` posts by hand. */
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
    close: createClose(client, "@connections"),
  };
}

/**
 * Posts with hand-signed requests (`npm run bench:post` shows why); closes, which are rare, through the SDK. A post that
 * finds nobody to answer it is `unknown` like any that gets no answer; `onOutage` hears why.
 */
export function createTransport(
  client: ApiGatewayManagementApiClient,
  callbackUrl: string,
  onOutage: (error: AwsError) => void = () => undefined,
): Transport {
  let signedPost: Promise<SignedPost> | undefined;
  const createPost = async () => {
    const region = await client.config.region();
    const call = { action: POST_ACTION, resource: callbackUrl, region };
    return createSignedPost({
      callbackUrl,
      region,
      credentials: async () => {
        try {
          return await client.config.credentials();
        } catch (error) {
          throw toOutage(error, call) ?? error;
        }
      },
      onError: (error) => {
        // A kept-alive connection may have died while the instance was frozen: no outage, if only one attempt says so.
        const isReset = "code" in error && ["ECONNRESET", "EPIPE"].includes(String(error.code));
        const outage = isReset ? undefined : toOutage(error, call);
        if (outage !== undefined) onOutage(outage);
      },
      timeoutMs: POST_TIMEOUT_MS,
      maxSockets: MAX_SOCKETS,
      nowMs: Date.now,
    });
  };
  return {
    post: async (connectionId, frame) => {
      signedPost ??= createPost();
      const send = await signedPost.catch((error: unknown) => {
        signedPost = undefined;
        throw error;
      });
      const status = await send(connectionId, frame);
      return toPostOutcome(status);
    },
    close: createClose(client, callbackUrl),
  };
}

function toPostOutcome(status: number | undefined, cause?: unknown): PostOutcome {
  // Any success, as for the SDK. API Gateway answers 200, serverless-offline 204.
  if (status !== undefined && status >= 200 && status < 300) return "sent";
  switch (status) {
    case 410:
      return "gone";
    case 429:
      return "busy";
    case 413:
      return "too-large";
    case 400:
    case 403:
      // An id that is none, a missing permission: neither gets better by trying.
      throw refused(status, cause);
    default:
      // A timeout, a reset connection, a 5xx: whether the frame went out is unknown.
      return "unknown";
  }
}

const createClose =
  (client: ApiGatewayManagementApiClient, resource: string): Transport["close"] =>
  async (connectionId) => {
    try {
      await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
      return "closed";
    } catch (error) {
      if (toOutcome(error) === "gone") return "gone";
      const region = await client.config.region();
      throw toOutage(error, { action: POST_ACTION, resource, region }) ?? error;
    }
  };

/** By status, as with requests made by hand: throttling by the account has other names than the one in the SDK's model. */
function toOutcome(error: unknown): PostOutcome {
  if (!(error instanceof ApiGatewayManagementApiServiceException)) return "unknown";
  return toPostOutcome(error.$metadata.httpStatusCode, error);
}

const refused = (status: number | undefined, cause?: unknown): AwsError =>
  new AwsError(
    "aws.post_refused",
    `expected @connections to take a request, got ${status ?? "no"} status: check the callback URL and the permission execute-api:ManageConnections`,
    { cause, evidence: { status } },
  );
