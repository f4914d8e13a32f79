/**
 * Holds what the functions were seen to call against what their roles allow. The calls are those of whole runs on the
 * local runtime, which notes them: `NONSTICKY_CALLS=<directory> npm test`, then `npm run check:privileges -- <directory>`.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { compileTemplate, type Template } from "../test/infra/compile.ts";

/** What a service does in a function's name, and no code of ours. */
const byServices: Readonly<Record<string, string>> = {
  "logs:CreateLogStream": "Lambda itself writes the logs",
  "logs:PutLogEvents": "Lambda itself writes the logs",
  "sqs:ReceiveMessage": "the event source takes messages out of the mailbox",
  "sqs:GetQueueAttributes": "the event source looks at the mailbox",
  "xray:PutTraceSegments": "Lambda's own tracing",
  "xray:PutTelemetryRecords": "Lambda's own tracing",
};

/** What no run on the local runtime comes to, and which test does. */
const rare: Readonly<Record<string, string>> = {
  "heartbeat dynamodb:DeleteItem":
    "the sweep of an interval that a deploy has changed, a day later: test/engine/heartbeat.test.ts",
};

const functions = ["connect", "poll", "inbox", "heartbeat"] as const;

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("expected a directory of noted calls: npm run check:privileges -- <directory>");
  process.exit(2);
}

const seen = await readCalls(directory);
const templates = await Promise.all(
  ["fifo", "direct"].map((ordering) => compileTemplate({ stage: "dev", ordering })),
);
let failures = 0;
for (const name of functions) {
  // A run notes no ordering: a call must be allowed in one of them, and a permission of either be used.
  const allowed = new Set(templates.flatMap((template) => actionsOf(template, name)));
  const called = [...(seen.get(name) ?? [])].sort();
  const forbidden = called.filter((call) => !allowed.has(call));
  const unused = [...allowed]
    .filter((action) => !called.includes(action) && !(action in byServices) && !(`${name} ${action}` in rare))
    .sort();
  failures += forbidden.length + unused.length;
  console.log(`${name}: ${called.length} kinds of calls, ${allowed.size} actions allowed`);
  for (const call of forbidden) console.log(`  called and not allowed: ${call}`);
  for (const action of unused) console.log(`  allowed and never called: ${action}`);
  for (const action of [...allowed].filter((one) => one in byServices).sort())
    console.log(`  ${action}: ${byServices[action]}`);
  for (const [call, reason] of Object.entries(rare))
    if (call.startsWith(`${name} `)) console.log(`  ${call}: ${reason}`);
}
console.log(failures === 0 ? "every call is allowed, every permission is used" : `${failures} differences`);
process.exitCode = failures === 0 ? 0 : 1;

async function readCalls(from: string): Promise<Map<string, Set<string>>> {
  const calls = new Map<string, Set<string>>();
  for (const file of await readdir(from)) {
    const text = await readFile(path.join(from, file), "utf8");
    for (const line of text.split("\n").filter(Boolean)) {
      const [deployed = "", ...action] = line.split(" ");
      const name = functions.find((one) => deployed.endsWith(`-${one}`));
      if (name === undefined) continue;
      const known = calls.get(name) ?? new Set<string>();
      calls.set(name, known.add(action.join(" ")));
    }
  }
  if (calls.size === 0) throw new Error(`expected noted calls in ${from}, got none`);
  return calls;
}

/** As the calls are noted: permissions on connections by method, which their resource names. */
function actionsOf({ Resources }: Template, name: string): string[] {
  const role = Resources[`${name[0]?.toUpperCase()}${name.slice(1)}Role`];
  const policies = (role?.Properties.Policies ?? []) as {
    readonly PolicyDocument: { readonly Statement: readonly Statement[] };
  }[];
  return policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          action === "execute-api:ManageConnections"
            ? methodsOf(Resource).map((method) => `${action} ${method}`)
            : [action],
        ),
    ),
  );
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function methodsOf(resource: unknown): string[] {
  const text = JSON.stringify(resource);
  return ["POST", "DELETE", "GET"].filter((method) => text.includes(`/${method}/@connections`));
}
