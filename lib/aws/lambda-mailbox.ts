import type { Mailbox } from "../engine/mailbox.ts";
import type { AwsClient } from "../requests/aws-client.ts";
import { InvokeCommand } from "../requests/function-client.ts";
import { encodeLetter } from "./letters.ts";

/**
 * The mailbox of direct ordering: no queue, each letter is an asynchronous invocation of the inbox. It keeps no order,
 * which is what that mode says of itself, and nothing can be released early.
 */
export function createLambdaMailbox(client: AwsClient, functionName: string): Mailbox {
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
