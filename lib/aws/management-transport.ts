import type { PostOutcome, Transport } from "../engine/transport.ts";
import type { HttpAnswer } from "../requests/answer-reader.ts";
import type { Settings } from "../requests/settings.ts";
import { createConnectionsApi } from "../requests/signed-post.ts";
import { toServiceError } from "../requests/service-error.ts";
import { AwsError } from "./errors.ts";
import { toOutage, type Call } from "./outage.ts";

const POST_TIMEOUT_MS = 5_000;
const MAX_SOCKETS = 128;
/** Of posts and closes alike. */
const POST_ACTION = "execute-api:ManageConnections";

/**
 * The `@connections` API of one stage, by requests signed by hand (`npm run bench:post` shows why). `callbackUrl` is the
 * execute-api URL, never a custom domain or the host of an event: requests through CloudFront fail their signature. A
 * post that finds nobody to answer it is `unknown` like any that gets no answer; `onOutage` hears why.
 */
export function createTransport(
  settings: Settings,
  callbackUrl: string,
  onOutage: (error: AwsError) => void = () => undefined,
): Transport {
  const api = createConnectionsApi({
    callbackUrl,
    settings: withOutages(settings, callbackUrl),
    connectionTimeoutMs: 1_000,
    timeoutMs: POST_TIMEOUT_MS,
    maxSockets: MAX_SOCKETS,
    nowMs: Date.now,
  });
  const toUnanswered = async (error: unknown): Promise<PostOutcome> => {
    if (error instanceof AwsError || !(error instanceof Error)) throw error;
    if (!isConnectionError(error)) throw error;
    // A kept-alive connection may have died while the instance was frozen: no outage, if only one attempt says so.
    const isReset = "code" in error && ["ECONNRESET", "EPIPE"].includes(String(error.code));
    const outage = isReset ? undefined : toOutage(error, await toCall(settings, callbackUrl));
    if (outage !== undefined) onOutage(outage);
    return "unknown";
  };
  return {
    post: (connectionId, frame) => api.post(connectionId, frame).then(toAnsweredOutcome, toUnanswered),
    close: async (connectionId) => {
      try {
        const answer = await api.remove(connectionId);
        if (isSuccess(answer.status)) return "closed";
        if (answer.status === 410) return "gone";
        throw toServiceError(answer);
      } catch (error) {
        throw await toCloseFailure(error, callbackUrl, settings.region);
      }
    },
  };
}

/** What holds for posts and closes whoever makes them. */
export const postRules = {
  timeoutMs: POST_TIMEOUT_MS,
  maxSockets: MAX_SOCKETS,
  toOutcome: toPostOutcome,
  toCloseFailure,
};

export type PostRules = typeof postRules;

/** A transport that is made for its first post or close, by a module that is loaded then. */
export function deferTransport(open: () => Promise<Transport>): Transport {
  let opening: Promise<Transport> | undefined;
  const transport = (): Promise<Transport> => {
    opening ??= open();
    opening.catch(() => (opening = undefined));
    return opening;
  };
  return {
    post: async (connectionId, frame) => (await transport()).post(connectionId, frame),
    close: async (connectionId) => (await transport()).close(connectionId),
  };
}

const toAnsweredOutcome = ({ status }: HttpAnswer): PostOutcome => toPostOutcome(status);

/** By status: throttling by the account has other names than the one in the service's model. */
function toPostOutcome(status: number | undefined, cause?: unknown): PostOutcome {
  // Any success, as for the SDK. API Gateway answers 200, serverless-offline 204.
  if (status !== undefined && isSuccess(status)) return "sent";
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
      throw new AwsError(
        "aws.post_refused",
        `expected @connections to take a request, got ${status} status: check the callback URL and the permission execute-api:ManageConnections`,
        { cause, evidence: { status } },
      );
    default:
      // A timeout, a reset connection, a 5xx: whether the frame went out is unknown.
      return "unknown";
  }
}

/** Why a connection was not closed, as an operator knows it where it is up to him. */
async function toCloseFailure(
  error: unknown,
  callbackUrl: string,
  region: () => Promise<string>,
): Promise<unknown> {
  const call = { action: POST_ACTION, resource: callbackUrl, region: await region().catch(() => undefined) };
  return toOutage(error, call) ?? error;
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** What the network says has a code; nothing else is a post that may have gone out. */
const isConnectionError = (error: Error): boolean => "code" in error;

const toCall = async (settings: Settings, resource: string): Promise<Call> => ({
  action: POST_ACTION,
  resource,
  region: await settings.region(),
});

/** A post without credentials cannot be made at all: that is thrown, and named. */
function withOutages(settings: Settings, callbackUrl: string): Settings {
  return {
    ...settings,
    credentials: () => {
      const credentials = settings.credentials();
      if (!(credentials instanceof Promise)) return credentials;
      return credentials.catch(async (error: unknown) => {
        throw toOutage(error, await toCall(settings, callbackUrl)) ?? error;
      });
    },
  };
}
