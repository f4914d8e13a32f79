import type { AwsClient } from "../../../lib/requests/aws-client.ts";
import type { Exchange } from "../../../lib/requests/connections.ts";
import { createTableClient } from "../../../lib/state/dynamo/table-client.ts";
import { localCredentials, localRegion } from "../../support/dynalite.ts";

export interface RepeatingClient {
  readonly client: AwsClient;
  /** The next request is done, its answer lost, `between` run, and the same request sent again. */
  repeatNext(between?: () => Promise<unknown>): void;
  /** How many were. */
  repeated(): number;
}

/** What a client does when an answer is lost, without its waits. */
export function createRepeatingClient(endpoint: string): RepeatingClient {
  let between: (() => Promise<unknown>) | undefined;
  let repeated = 0;
  const intercept =
    (exchange: Exchange): Exchange =>
    async (head, body) => {
      const meanwhile = between;
      between = undefined;
      if (meanwhile === undefined) return exchange(head, body);
      await exchange(head, body);
      repeated++;
      await meanwhile();
      return exchange(head, body);
    };
  return {
    client: createTableClient(
      { AWS_REGION: localRegion, AWS_ENDPOINT_URL_DYNAMODB: endpoint },
      { credentials: localCredentials, intercept },
    ),
    repeatNext: (meanwhile = async () => undefined) => void (between = meanwhile),
    repeated: () => repeated,
  };
}
