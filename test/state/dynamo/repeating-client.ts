import type { AwsClient } from "../../../lib/requests/aws-client.ts";
import { createDocumentClient } from "../../../lib/state/dynamo/document-client.ts";
import { createSdkTableClient } from "../../../lib/state/dynamo/sdk-table-client.ts";
import { localCredentials, localRegion } from "../../support/dynalite.ts";

export interface RepeatingClient {
  readonly client: AwsClient;
  /** The next request is done, its answer lost, `between` run, and the same request sent again. */
  repeatNext(between?: () => Promise<unknown>): void;
  /** How many were. */
  repeated(): number;
}

/** What the SDK does when an answer is lost, without its waits. */
export function createRepeatingClient(endpoint: string): RepeatingClient {
  const client = createDocumentClient(
    { AWS_REGION: localRegion, AWS_ENDPOINT_URL_DYNAMODB: endpoint },
    { credentials: localCredentials },
  );
  let between: (() => Promise<unknown>) | undefined;
  let repeated = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const meanwhile = between;
      between = undefined;
      if (meanwhile === undefined) return next(args);
      await next(args).catch(() => undefined);
      repeated++;
      await meanwhile();
      return next(args);
    },
    { step: "finalizeRequest", priority: "low", name: "repeat" },
  );
  return {
    client: createSdkTableClient(client),
    repeatNext: (meanwhile = async () => undefined) => void (between = meanwhile),
    repeated: () => repeated,
  };
}
