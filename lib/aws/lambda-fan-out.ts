import type { FanOut } from "../engine/fan-out.ts";
import type { Tally } from "../engine/turn.ts";
import type { AwsClient } from "../requests/aws-client.ts";
import { InvokeCommand } from "../requests/function-client.ts";
import { AwsError } from "./errors.ts";

/** A synchronous invocation takes 6 MB. */
const MAX_PAYLOAD_BYTES = 6_000_000;
/** Longer than the function may take. */
const ANSWER_WITHIN_MS = 125_000;
/** As many as a broadcast has parts, and some of another one. */
const MAX_SOCKETS = 64;

/** One attempt: a client would invoke once more where no answer came, and so send twice. */
export const fanOutLimits = {
  maxAttempts: 1,
  requestTimeoutMs: ANSWER_WITHIN_MS,
  maxSockets: MAX_SOCKETS,
};

/** Sends parts of broadcasts by synchronous invocations of the fan-out function. `onRefused` hears why one was not begun. */
export function createLambdaFanOut(
  createClient: () => AwsClient,
  functionName: string,
  onRefused: (error: unknown) => void = () => undefined,
): FanOut {
  let client: AwsClient | undefined;
  return {
    async send(part) {
      const payload = JSON.stringify(part);
      if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) return undefined;
      client ??= createClient();
      const command = new InvokeCommand({ FunctionName: functionName, Payload: payload });
      try {
        const { FunctionError, Payload } = await client.send(command);
        const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString() || "null");
        if (FunctionError === undefined && isTally(answer)) return answer;
        throw new AwsError(
          "aws.fan_out_failed",
          `expected the fan-out function to tell what became of its part, got ${describe(answer)}`,
          { evidence: { functionError: FunctionError } },
        );
      } catch (error) {
        if (!isRefusal(error)) throw error;
        onRefused(error);
        return undefined;
      }
    },
  };
}

/** Throttled, forbidden, not there: Lambda says so before it runs anything. */
const isRefusal = (error: unknown): boolean => {
  const { $fault, $metadata } = error as Partial<Refusal>;
  return $fault === "client" && ($metadata?.httpStatusCode ?? 500) < 500;
};

interface Refusal {
  readonly $fault: "client" | "server";
  readonly $metadata: { readonly httpStatusCode?: number };
}

const isTally = (value: unknown): value is Tally =>
  ["delivered", "gone", "dropped", "unknown"].every(
    (name) => typeof (Object(value) as Record<string, unknown>)[name] === "number",
  );

const describe = (answer: unknown): string => {
  const { errorType, errorMessage } = Object(answer) as Record<string, unknown>;
  return typeof errorMessage === "string" ? `${String(errorType)}: ${errorMessage}` : "another answer";
};
