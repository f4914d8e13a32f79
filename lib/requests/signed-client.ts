import type { AwsClient, Command } from "./aws-client.ts";
import type { HttpAnswer } from "./answer-reader.ts";
import { createConnections, type Connections, type Exchange, type StaleError } from "./connections.ts";
import { kindOf, RetryPolicy, type Failure, type FailureKind, type RetriedKind } from "./retry.ts";
import type { ServiceError } from "./service-error.ts";
import type { Settings } from "./settings.ts";
import { createSigner, type Sign, type Signable } from "./signature.ts";

/** How a service wants to be asked, and how it answers. */
export interface Protocol {
  /** As credentials are scoped to it. */
  readonly service: string;
  /** The URL that a request goes to. */
  endpointOf(input: object, settings: Settings): string | Promise<string>;
  toRequest(action: string, input: object): Signable;
  /** Of an answer that is a success. */
  toOutput(answer: HttpAnswer, input: object): object;
  toError(answer: HttpAnswer): ServiceError;
}

export interface SignedClientOptions {
  readonly settings: Settings;
  readonly protocol: Protocol;
  /** As in `RetryOptions`, and so are the next two. */
  readonly maxAttempts: number;
  readonly firstWaitMs: number;
  readonly random?: () => number;
  readonly maxSockets: number;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly nowMs?: () => number;
  readonly sleep?: (durationMs: number) => Promise<void>;
  /** Stands between a client and its connections. */
  readonly intercept?: (exchange: Exchange) => Exchange;
}

/**
 * A client of a service of AWS over connections of its own, its requests signed by hand. Every request is repeated, as
 * the SDK repeats them: after throttling, an answer of 500, 502, 503 or 504, and where there was none.
 */
export function createSignedClient(options: SignedClientOptions): AwsClient {
  const { settings, protocol, nowMs = Date.now, random = Math.random } = options;
  const { sleep = defaultSleep } = options;
  const policy = new RetryPolicy({ ...options, random });
  const clock = new ServiceClock(nowMs);
  const isOnce = options.maxAttempts === 1;
  const hosts = new Map<string, Promise<Host>>();

  const openHost = async (endpoint: string): Promise<Host> => {
    const { origin, host, pathname } = new URL(endpoint);
    const region = await settings.region();
    const connections = createConnections({ ...options, origin });
    const { intercept = (exchange: Exchange) => exchange } = options;
    return {
      connections,
      exchange: intercept(connections.exchange),
      base: pathname.replace(/\/$/, ""),
      sign: createSigner({ service: protocol.service, region, host }),
    };
  };
  const findHost = (endpoint: string): Promise<Host> => {
    let host = hosts.get(endpoint);
    if (host === undefined) {
      hosts.set(endpoint, (host = openHost(endpoint)));
      host.catch(() => hosts.delete(endpoint));
    }
    return host;
  };

  const attempt = async (host: Host, request: Signable): Promise<Attempt> => {
    const head = host.sign(request, await settings.credentials(), clock.nowMs());
    const length = Buffer.byteLength(request.body);
    let answer: HttpAnswer;
    try {
      answer = await exchange(host, `${head}\r\ncontent-length: ${length}`, request.body, isOnce);
    } catch (error) {
      return toFailure(error);
    }
    if (answer.status >= 200 && answer.status < 300) return { answer };
    const error = protocol.toError(answer);
    const kind = clock.isCorrectedBy(answer, error) ? "transient" : kindOf(error);
    return { error, kind, askedWaitMs: toAskedWaitMs(answer) };
  };

  return {
    send: async <Input extends object, Output extends object>({
      action,
      input,
    }: Command<Input, Output>): Promise<Output> => {
      const host = await findHost(await protocol.endpointOf(input, settings));
      const wanted = protocol.toRequest(action, input);
      const request = host.base === "" ? wanted : { ...wanted, path: host.base + wanted.path };
      let lastKind: RetriedKind | undefined;
      for (let attempts = 1; ; attempts++) {
        const { answer, error, kind, askedWaitMs } = await attempt(host, request);
        if (answer !== undefined) {
          policy.recordSuccess(lastKind);
          return protocol.toOutput(answer, input) as Output;
        }
        const waitMs = kind === "final" ? undefined : policy.waitMsAfter(attempts, kind, askedWaitMs);
        if (waitMs === undefined || kind === "final") throw withAttempts(error, attempts);
        lastKind = kind;
        if (waitMs > 0) await sleep(waitMs);
      }
    },
    region: () => settings.region(),
    destroy: () => {
      for (const host of hosts.values())
        host.then(
          ({ connections }) => connections.destroy(),
          () => undefined,
        );
      hosts.clear();
    },
  };
}

interface Host {
  readonly connections: Connections;
  readonly exchange: Exchange;
  readonly sign: Sign;
  /** Of the endpoint's path; mostly empty. */
  readonly base: string;
}

type Attempt =
  | {
      readonly answer: HttpAnswer;
      readonly error?: never;
      readonly kind?: never;
      readonly askedWaitMs?: never;
    }
  | {
      readonly answer?: never;
      readonly error: Error;
      readonly kind: FailureKind;
      readonly askedWaitMs: number;
    };

/**
 * Once more at once, where a connection that was kept turned out to have ended: that says nothing of the service. Not
 * what may be sent only once, for nobody knows how far it got.
 */
async function exchange(host: Host, head: string, body: string, isOnce: boolean): Promise<HttpAnswer> {
  try {
    return await host.exchange(head, body);
  } catch (error) {
    if (isOnce || (error as StaleError).wasStale !== true) throw error;
    return host.exchange(head, body);
  }
}

function toFailure(error: unknown): Attempt {
  if (!(error instanceof Error)) throw error;
  return { error, kind: kindOf(error), askedWaitMs: 0 };
}

/** What the service wants: a header in seconds, or one of AWS's in milliseconds. */
function toAskedWaitMs(answer: HttpAnswer): number {
  const seconds = Number(answer.header("retry-after"));
  const ms = seconds > 0 ? seconds * 1000 : Number(answer.header("x-amz-retry-after"));
  return ms > 0 ? ms : 0;
}

const withAttempts = (error: Error & Failure, attempts: number): Error =>
  Object.assign(error, { $metadata: { ...error.$metadata, attempts } });

/** How far clocks may differ before signatures are refused for it. */
const MAX_SKEW_MS = 240_000;
const OF_WRONG_TIME = new Set([
  "AccessDeniedException",
  "AuthFailure",
  "InvalidSignatureException",
  "RequestExpired",
  "RequestInTheFuture",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
]);

/** The time of signatures: the instance's, until the service refuses one for it and says what time it is. */
class ServiceClock {
  readonly #nowMs: () => number;
  #correctionMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs() + this.#correctionMs;
  }

  /** Whether the refusal was for the time, which is right from now on. */
  isCorrectedBy(answer: HttpAnswer, { name }: ServiceError): boolean {
    if (!OF_WRONG_TIME.has(name)) return false;
    const serviceMs = Date.parse(answer.header("date") ?? "");
    if (!(Math.abs(serviceMs - this.nowMs()) >= MAX_SKEW_MS)) return false;
    this.#correctionMs = serviceMs - this.#nowMs();
    return true;
  }
}

const defaultSleep = (durationMs: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, durationMs));
