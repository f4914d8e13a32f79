import type { CancellationReason } from "@aws-sdk/client-dynamodb";
import type { TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Clock } from "../../clock.ts";
import { isRefusedAs, type AwsClient } from "../../requests/aws-client.ts";
import { TransactWriteCommand } from "./commands.ts";

/** One row to write, IF its condition holds. */
export type TransactWrite = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

export interface TransactContext {
  readonly client: AwsClient;
  readonly clock: Clock;
  /** In [0, 1), for the jitter. */
  readonly random: () => number;
}

const MAX_ATTEMPTS = 16;
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 500;

/**
 * Does all writes at once, or none of them. Resolves with undefined when they are done, else with whether the condition
 * of each held.
 *
 * Where another transaction is at one of the rows, DynamoDB cancels this one, which the SDK does not repeat: it is sent
 * again after a random wait, up to sixteen times. A request whose answer was lost is known by its token, for ten minutes.
 */
export async function transact(
  { client, clock, random }: TransactContext,
  writes: readonly TransactWrite[],
  token: string,
): Promise<readonly boolean[] | undefined> {
  const command = new TransactWriteCommand({ TransactItems: [...writes], ClientRequestToken: token });
  return retryConflicts({ clock, random }, async () => {
    try {
      await client.send(command);
      return undefined;
    } catch (error) {
      const codes = reasonsOf(error);
      if (!codes.includes("ConditionalCheckFailed")) throw error;
      return codes.map((code) => code !== "ConditionalCheckFailed");
    }
  });
}

/** Does a write again that met a transaction at its row, or at one of its rows. */
export async function retryConflicts<T>(
  { clock, random }: Pick<TransactContext, "clock" | "random">,
  write: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isConflict(error)) throw error;
      const longestMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
      await clock.sleep(Math.ceil(random() * longestMs));
    }
  }
}

const reasonsOf = (error: unknown): string[] =>
  isRefusedAs(error, "TransactionCanceledException")
    ? ((error as Canceled).CancellationReasons ?? []).map(({ Code }) => Code ?? "None")
    : [];

interface Canceled extends Error {
  readonly CancellationReasons?: readonly CancellationReason[];
}

/** Or throttled, of which a transaction says no more than its reasons do. */
const AGAIN = new Set(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]);

const isConflict = (error: unknown): boolean =>
  isRefusedAs(error, "TransactionConflictException") ||
  isRefusedAs(error, "TransactionInProgressException") ||
  reasonsOf(error).some((code) => AGAIN.has(code));
