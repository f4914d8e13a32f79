import type { AwsClient } from "./aws-client.ts";

/** A client that is made for its first request, by a module that is loaded then. */
export function deferClient(open: () => Promise<AwsClient>): AwsClient {
  let opening: Promise<AwsClient> | undefined;
  const client = (): Promise<AwsClient> => {
    opening ??= open();
    opening.catch(() => (opening = undefined));
    return opening;
  };
  return {
    send: async (command) => (await client()).send(command),
    region: async () => (await client()).region(),
    destroy: () => void opening?.then((opened) => opened.destroy()),
  };
}
