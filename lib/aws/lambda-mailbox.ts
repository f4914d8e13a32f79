import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { Mailbox } from "../engine/mailbox.ts";
import { encodeLetter } from "./letters.ts";
import { nameOutages } from "./outage.ts";

export const createLambdaClient = (): LambdaClient =>
  nameOutages(
    new LambdaClient({
      requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
    }),
  );

/**
 * The mailbox of direct ordering: no queue, each letter is an asynchronous invocation of the inbox. It keeps no order,
 * which is what that mode says of itself, and nothing can be released early.
 */
export function createLambdaMailbox(client: LambdaClient, functionName: string): Mailbox {
  return {
    send: async (letter) => {
      await client.send(
        new InvokeCommand({
          FunctionName: functionName,
          InvocationType: "Event",
          Payload: encodeLetter(letter),
        }),
      );
    },
    release: () => Promise.resolve(),
  };
}
