import { createInterface } from "node:readline/promises";
import { createAwsClients } from "../../lib/aws/aws-clients.ts";
import { createDeployedMailbox } from "../../lib/aws/deployed-mailbox.ts";
import { createLambdaMailbox } from "../../lib/aws/lambda-mailbox.ts";
import { createSqsMailbox } from "../../lib/aws/sqs-mailbox.ts";
import { systemClock } from "../../lib/clock.ts";
import { NonstickyError } from "../../lib/errors.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { endSessions } from "./end-sessions.ts";
import { findSessions, type FoundSession } from "./find-sessions.ts";
import { OperatorsError } from "./operators-error.ts";
import { parseSessionsOptions, usage, type SessionsOptions } from "./sessions-options.ts";
import { toDetails, toJsonLine, toTable } from "./sessions-report.ts";

/** Lists and ends sessions of a deployed stack. Sets the exit code: 1 where some have not ended, 2 where it could not look. */
export async function runSessions(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) return console.log(usage);
  try {
    const options = parseSessionsOptions(args, process.env);
    // Where the SDK looks, for every service alike.
    Object.assign(process.env, options.environment);
    await listAndEnd(options);
  } catch (error) {
    const reason = toReason(error);
    if (reason === undefined) throw error;
    console.error(reason);
    process.exitCode = 2;
  }
}

async function listAndEnd(options: SessionsOptions): Promise<void> {
  const clients = createAwsClients(process.env);
  const store = createDynamoStore({
    client: clients.table(),
    tableName: options.table,
    clock: systemClock,
  });
  const nowMs = systemClock.nowMs();
  const progress = new Progress();
  const found: FoundSession[] = [];
  let isMore = false;
  const onRead = (count: number) => progress.show(`${count} sessions read, ${found.length} found`);
  for await (const session of findSessions(store, options.filter, nowMs, onRead)) {
    if (found.length === options.limit) {
      isMore = true;
      break;
    }
    found.push(session);
  }
  progress.clear();
  print(found, nowMs, options);
  if (isMore) console.error(`there are more than ${options.limit}: --limit N, or --limit all`);
  if (!options.ends || found.length === 0) return;
  if (!options.isConfirmed && !(await confirm(`end ${toCount(found.length)} of ${options.table}?`))) {
    console.error("nothing is ended");
    return;
  }
  const mailbox = createDeployedMailbox(store, {
    queue: (url) => createSqsMailbox(clients.queue(), url),
    inbox: (name) => createLambdaMailbox(clients.functions(), name),
  });
  const left = await endSessions({ store, mailbox, clock: systemClock }, found, (count) =>
    progress.show(`${count} of ${found.length} ended`),
  );
  progress.clear();
  console.error(`${toCount(found.length - left.length)} ended`);
  if (left.length === 0) return;
  console.error(
    `${toCount(left.length)} not yet, behind what they have to do: ${left.map(({ id }) => id).join(", ")}`,
  );
  process.exitCode = 1;
}

function print(found: readonly FoundSession[], nowMs: number, { isJson, isShown }: SessionsOptions): void {
  if (isJson) {
    for (const session of found) console.log(toJsonLine(session));
    return;
  }
  if (found.length > 0) console.log(isShown ? toDetails(found, nowMs) : toTable(found, nowMs));
  console.error(toCount(found.length));
}

/** Throws where there is nobody to ask. */
async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new OperatorsError(`expected --yes where there is no terminal to ask at: ${question}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${question} [y/N] `)).trim().toLowerCase() === "y";
  } finally {
    terminal.close();
  }
}

/** A line of a terminal that is written over; nothing where there is none. */
class Progress {
  readonly #isTerminal = process.stderr.isTTY;

  show(line: string): void {
    if (this.#isTerminal) process.stderr.write(`\r\u001b[K${line}`);
  }

  clear(): void {
    if (this.#isTerminal) process.stderr.write("\r\u001b[K");
  }
}

/** What an operator can put right; undefined: a bug. */
function toReason(error: unknown): string | undefined {
  if (error instanceof OperatorsError) return error.message;
  if (error instanceof NonstickyError) return `${error.code}: ${error.message}`;
  if (error instanceof Error && /^Region (is missing|not accepted)/.test(error.message))
    return "expected --region, AWS_REGION or a profile with a region, got none";
  return undefined;
}

const toCount = (count: number): string => (count === 1 ? "1 session" : `${count} sessions`);
