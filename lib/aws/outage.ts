import type { AwsClient, Command } from "../requests/aws-client.ts";
import { AwsError } from "./errors.ts";

/** A request to AWS, as an operator knows it. */
export interface Call {
  /** As IAM calls it: `dynamodb:GetItem`. */
  readonly action: string;
  /** `table chat-dev`, `queue chat-dev.fifo`, `function chat-dev-inbox`, or a URL. */
  readonly resource: string;
  readonly region: string | undefined;
}

interface Cause {
  readonly code: string;
  readonly isCauseOf: (error: SdkError, call: Call) => boolean;
  readonly remedy: string;
}

interface SdkError extends Error {
  readonly code?: unknown;
  /** Of DynamoDB, where it says why. A `ThrottlingException` writes it with a small letter, the others do not. */
  readonly ThrottlingReasons?: readonly ThrottlingReason[];
  readonly throttlingReasons?: readonly ThrottlingReason[];
}

interface ThrottlingReason {
  /** `TableWriteKeyRangeThroughputExceeded`, say. */
  readonly reason?: string;
}

const reasonsOf = ({ ThrottlingReasons, throttlingReasons }: SdkError): readonly string[] =>
  (ThrottlingReasons ?? throttlingReasons ?? []).flatMap(({ reason }) => reason ?? []);

const isThrottledBy = (error: SdkError, limit: string): boolean =>
  reasonsOf(error).some((reason) => reason.endsWith(limit));

const isOf = (service: string, { action }: Call): boolean => action.startsWith(`${service}:`);

const WRONG_SIGNATURE =
  /^(UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|ExpiredToken|InvalidClientTokenId|MissingAuthenticationToken|CredentialsProvider)/;
const NO_CONNECTION =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

const causes: readonly Cause[] = [
  {
    code: "aws.table_missing",
    isCauseOf: ({ name }, call) => name === "ResourceNotFoundException" && isOf("dynamodb", call),
    remedy: "was it deleted, or do NONSTICKY_TABLE or the region name another stack?",
  },
  {
    code: "aws.queue_missing",
    isCauseOf: ({ name }) => name === "QueueDoesNotExist" || name.endsWith("NonExistentQueue"),
    remedy: "was it deleted, or does NONSTICKY_MAILBOX_URL name another stack's or region's?",
  },
  {
    code: "aws.function_missing",
    isCauseOf: ({ name }, call) => name === "ResourceNotFoundException" && isOf("lambda", call),
    remedy: "was it deleted, or does NONSTICKY_INBOX_FUNCTION name another stack's?",
  },
  {
    code: "aws.access_denied",
    isCauseOf: ({ name }) => name.includes("AccessDenied"),
    remedy: "do the caller's policies allow it on this resource, and does no policy deny it?",
  },
  {
    code: "aws.bad_credentials",
    isCauseOf: ({ name }) => WRONG_SIGNATURE.test(name),
    remedy: "does the region of the request fit that of the resource, and are its credentials current?",
  },
  {
    code: "aws.hot_key",
    isCauseOf: (error) => isThrottledBy(error, "KeyRangeThroughputExceeded"),
    remedy: "which room, map or session do so many read or write at once?",
  },
  {
    code: "aws.account_limit",
    isCauseOf: (error) => isThrottledBy(error, "AccountLimitExceeded"),
    remedy: "is the account's quota for a table's throughput in this region as high as the traffic?",
  },
  {
    code: "aws.table_limit",
    isCauseOf: (error) => isThrottledBy(error, "ThroughputExceeded"),
    remedy: "does somebody limit this table's throughput, or is its capacity provisioned?",
  },
  {
    code: "aws.unreachable",
    isCauseOf: ({ name, code }) =>
      name === "TimeoutError" || (typeof code === "string" && NO_CONNECTION.test(code)),
    remedy: "are region and endpoint right, and is there a way there (VPC, DNS)?",
  },
];

/** AWS explains a wrong signature on further lines, with the session's token in them. */
const MAX_ANSWER_LENGTH = 300;

/**
 * What an operator has to put right, where that is why a call failed: the resource is not there, not allowed, out of
 * reach, or throttled for a reason that DynamoDB gives. Undefined for anything else, refused conditions among it.
 */
export function toOutage(error: unknown, call: Call): AwsError | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = causes.find(({ isCauseOf }) => isCauseOf(error, call));
  if (cause === undefined) return undefined;
  const { action, resource, region = "no region" } = call;
  const reasons = reasonsOf(error);
  const [answer = ""] = error.message.split("\n", 1);
  return new AwsError(
    cause.code,
    `expected ${resource} (${region}) to take ${action}, got ${error.name}: ` +
      `${answer.slice(0, MAX_ANSWER_LENGTH)}; ${cause.remedy}`,
    { cause: error, evidence: { ...call, ...(reasons.length === 0 ? {} : { reasons }) } },
  );
}

/**
 * Lets a client reject with `aws.*` where an outage is why a request has failed for good. The errors of AWS tell neither
 * the resource nor the call.
 */
export function nameOutages(client: AwsClient): AwsClient {
  return {
    ...client,
    send: async (command) => {
      try {
        return await client.send(command);
      } catch (error) {
        const region = await client.region().catch(() => undefined);
        throw (
          toOutage(error, { action: toAction(command), resource: toResource(command.input), region }) ?? error
        );
      }
    },
  };
}

/** As IAM calls it, which is not always what the API does. */
function toAction({ service, action }: Pick<Command<object, object>, "service" | "action">): string {
  if (service === "lambda" && action === "Invoke") return "lambda:InvokeFunction";
  return `${service}:${service === "sqs" ? action.replace(/Batch$/, "") : action}`;
}

function toResource(input: object): string {
  const { TableName, RequestItems, QueueUrl, FunctionName } = input as {
    TableName?: string;
    RequestItems?: Readonly<Record<string, unknown>>;
    QueueUrl?: string;
    FunctionName?: string;
  };
  if (QueueUrl !== undefined) return `queue ${QueueUrl}`;
  if (FunctionName !== undefined) return `function ${FunctionName}`;
  return `table ${TableName ?? Object.keys(RequestItems ?? {}).join(", ")}`;
}
