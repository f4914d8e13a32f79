import { ProtocolError } from "../../lib/protocol/errors.ts";

/** The ProtocolError that `run` throws. Anything else that it throws, or that it returns, fails the test. */
export function failure(run: () => unknown): ProtocolError {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error(`expected a ProtocolError, got the result ${JSON.stringify(result)}`);
}
