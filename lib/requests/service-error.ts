import type { HttpAnswer } from "./answer-reader.ts";

/** As in the SDK's errors. */
export interface ErrorMetadata {
  readonly httpStatusCode: number;
  readonly requestId?: string;
  /** How many requests were made, when it is thrown for good. */
  attempts?: number;
}

/**
 * What a service refused a request with. Its name is the SDK's name of it, and the members that the service has sent are
 * its members, `CancellationReasons` and `ThrottlingReasons` among them.
 */
export class ServiceError extends Error {
  readonly $fault: "client" | "server";
  readonly $metadata: ErrorMetadata;

  constructor(name: string, answer: HttpAnswer, members: object) {
    const { message, Message } = members as { message?: unknown; Message?: unknown };
    super(String(message ?? Message ?? "UnknownError"));
    this.name = name;
    this.$fault = answer.status < 500 ? "client" : "server";
    const requestId = answer.header("x-amzn-requestid") ?? answer.header("x-amz-request-id");
    this.$metadata = { httpStatusCode: answer.status, ...(requestId === undefined ? {} : { requestId }) };
    for (const [member, value] of Object.entries(members)) if (!own.has(member)) define(this, member, value);
  }
}

/** Of an answer in JSON that is no success; the name is that of the body, or of a header. */
export function toServiceError(answer: HttpAnswer): ServiceError {
  const members = parseMembers(answer);
  const { __type: type, code } = members as { __type?: unknown; code?: unknown };
  const name = sanitize(type) ?? sanitize(code) ?? sanitize(answer.header("x-amzn-errortype"));
  return new ServiceError(name ?? "Unknown", answer, members);
}

/** `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`, `X:http://internal…` → the name alone */
export const sanitize = (name: unknown): string | undefined =>
  typeof name === "string" ? /^(?:[^#:,]*#)?([^:,#]+)/.exec(name)?.[1] : undefined;

/** Nothing where it is no object of JSON: proxies and load balancers answer in HTML. */
function parseMembers({ body }: HttpAnswer): object {
  try {
    const value = JSON.parse(body.toString()) as unknown;
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** What an error is made of by itself. */
const own = new Set(["__type", "message", "Message", "name", "stack", "cause", "$fault", "$metadata"]);

/** Its own property, whatever its name. */
const define = (target: object, name: string, value: unknown): void =>
  void Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
