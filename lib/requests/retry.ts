/** What a request failed with. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  /** Of Node, where there was no answer. */
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number | undefined };
}

export type RetriedKind = "throttling" | "transient";

export type FailureKind = RetriedKind | "final";

const THROTTLING = new Set([
  "BandwidthLimitExceeded",
  "EC2ThrottledException",
  "LimitExceededException",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "TransactionInProgressException",
]);
const TRANSIENT = new Set(["TimeoutError", "RequestTimeout", "RequestTimeoutException"]);
const TRANSIENT_STATUS = new Set([500, 502, 503, 504]);
const NO_CONNECTION =
  /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** Whether to try again, as the SDK sees it: `test/requests/retry.test.ts` asks it. */
export function kindOf(failure: Failure): FailureKind {
  const status = failure.$metadata?.httpStatusCode;
  if (status === 429 || THROTTLING.has(failure.name)) return "throttling";
  const isTransient =
    TRANSIENT.has(failure.name) ||
    (typeof failure.code === "string" && NO_CONNECTION.test(failure.code)) ||
    (status !== undefined && TRANSIENT_STATUS.has(status)) ||
    isOfWrongTime(failure);
  return isTransient ? "transient" : "final";
}

/** What a signature of a wrong time is refused with. */
const isOfWrongTime = ({ name, message }: Failure): boolean =>
  name === "InvalidSignatureException" && message.includes("Signature expired");

const CAPACITY = 500;
const LONGEST_WAIT_MS = 20_000;
const COST = { throttling: 5, transient: 14 };
const FIRST_THROTTLED_WAIT_MS = 1000;

export interface RetryOptions {
  /** The first one counts. */
  readonly maxAttempts: number;
  /** The longest wait after the first attempt, where nobody is throttled. */
  readonly firstWaitMs: number;
  /** In [0, 1), for the jitter. */
  readonly random: () => number;
}

/**
 * How often and when requests are repeated, as by the SDK's standard mode: full jitter under a wait that doubles, longer
 * where somebody is throttled, and an allowance for all requests of a client, so that an outage is not multiplied.
 */
export class RetryPolicy {
  readonly #options: RetryOptions;
  #capacity = CAPACITY;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** How long to wait before the next attempt; undefined: it was the last. */
  waitMsAfter(attempts: number, kind: RetriedKind, askedWaitMs: number): number | undefined {
    const { maxAttempts, firstWaitMs, random } = this.#options;
    if (attempts >= maxAttempts || this.#capacity < COST[kind]) return undefined;
    this.#capacity -= COST[kind];
    const longestMs = Math.min(
      LONGEST_WAIT_MS,
      (kind === "throttling" ? FIRST_THROTTLED_WAIT_MS : firstWaitMs) * 2 ** (attempts - 1),
    );
    const waitMs = Math.floor(random() * longestMs);
    return Math.max(waitMs, Math.min(askedWaitMs, waitMs + 5000));
  }

  /** @param lastKind why the attempt before the one that succeeded had failed */
  recordSuccess(lastKind: RetriedKind | undefined): void {
    this.#capacity = Math.min(CAPACITY, this.#capacity + (lastKind === undefined ? 1 : COST[lastKind]));
  }
}
