/**
 * Holds what the functions, and programs that emit from elsewhere, were seen to call against what they may. The calls
 * are those of whole runs on the local runtime, which notes them: `NONSTICKY_CALLS=<directory> npm test`, then
 * `npm run check:privileges -- <directory>`.
 */
import { compileEmitPolicy } from "../test/infra/compile.ts";
import { allowedIn, callers, readCalls, type Caller } from "../test/infra/noted-calls.ts";

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
    "the sweep of an interval that a deploy has changed, a day later: test/engine/heartbeat/heartbeat.test.ts",
  "heartbeat dynamodb:GetItem":
    "an outbox that refuses a ping, for it has moved or gone: test/state/contract/outboxes.ts",
  "heartbeat dynamodb:BatchGetItem":
    "alarms that a heartbeat finds unheard, several at once: test/state/dynamo/read-batch.test.ts",
  "fanout dynamodb:DeleteItem":
    "the row of a client of a part who turns out to be gone: test/socketio/rooms/fan-out.test.ts",
  "fanout execute-api:ManageConnections DELETE":
    "the close of a client that a part has given up on: test/socketio/rooms/fan-out.test.ts",
  "fanout lambda:InvokeFunction":
    "in direct ordering, the letter of a client who turns out to be gone: test/aws/letters.test.ts",
  "fanout sqs:SendMessage": "with a queue, the same letter: test/aws/letters.test.ts",
  "fanout dynamodb:GetItem": "an outbox that refuses a packet: test/state/contract/outboxes.ts",
};

/** What says what each may do. */
const grants: Readonly<Record<Caller, string>> = {
  connect: "ConnectRole",
  poll: "PollRole",
  inbox: "InboxRole",
  heartbeat: "HeartbeatRole",
  fanout: "FanoutRole",
  http: "HttpRole",
  emitter: "NonstickyEmitPolicy",
};

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("expected a directory of noted calls: npm run check:privileges -- <directory>");
  process.exit(2);
}

const seen = await readCalls(directory);
const templates = await Promise.all(["fifo", "direct"].map(compileEmitPolicy));
let failures = 0;
for (const name of callers) {
  // A run notes no ordering: a call must be allowed in one of them, and a permission of either be used.
  const allowed = new Set(templates.flatMap((template) => allowedIn(template, grants[name])));
  const called = [...(seen.get(name) ?? [])].sort();
  const forbidden = called.filter((call) => !allowed.has(call));
  // A route emits by the same code, and may do the same.
  const alike = name === "http" ? [...called, ...(seen.get("emitter") ?? [])] : called;
  const unused = [...allowed]
    .filter((action) => !alike.includes(action) && !(action in byServices) && !(`${name} ${action}` in rare))
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
