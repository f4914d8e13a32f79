import type { AwsClient } from "../../../lib/requests/aws-client.ts";

export interface RecordedRequest {
  readonly operation: string;
  readonly input: unknown;
}

/**
 * A client that keeps what it is asked to send. Its answers are given beforehand, in order, an error as a throw;
 * beyond them it answers like an empty table that accepts everything.
 */
export function createRecordingClient(answers: readonly unknown[] = []) {
  const requests: RecordedRequest[] = [];
  const client = {
    send: async (command: { readonly input: unknown }) => {
      const answer = answers[requests.length] ?? {};
      requests.push({ operation: command.constructor.name, input: structuredClone(command.input) });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { client: client as unknown as AwsClient, requests };
}
