/**
 * One instance of a bundled function, in a process of its own, so that its CPU time is nobody else's. Forked by
 * `bench/function.ts`, with the folder of the bundles as its argument.
 */
import path from "node:path";

/** What the parent asks for: invocations, one after the other. */
export interface Ask {
  readonly id: number;
  readonly name: "connect" | "inbox";
  readonly events: readonly unknown[];
}

/** The last invocation's answer, and the CPU time that all took. */
export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly cpuMicros: number;
}

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const [, , folder = "."] = process.argv;
const context = { awsRequestId: "bench", functionName: "bench", getRemainingTimeInMillis: () => 600_000 };
const handlers: Partial<Record<Ask["name"], Handler>> = {};

async function run({ id, name, events }: Ask): Promise<Answer> {
  const file = path.resolve(folder, `${name}.mjs`);
  const handler = (handlers[name] ??= ((await import(file)) as { handler: Handler }).handler);
  const before = process.cpuUsage();
  let result: unknown;
  for (const event of events) {
    result = await handler(event, context);
    const { batchItemFailures = [] } = (result ?? {}) as { batchItemFailures?: unknown[] };
    if (batchItemFailures.length > 0) throw new Error("expected a letter to be handled, got a failure");
  }
  const { user, system } = process.cpuUsage(before);
  return { id, result, cpuMicros: user + system };
}

process.on("disconnect", () => process.exit(0));
process.on("message", (ask: Ask) => {
  run(ask).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ id: ask.id, error: String(error), cpuMicros: 0 } satisfies Answer),
  );
});
process.send?.("ready");
